/// A Lua value as a person would write it into a job.
public indirect enum LuaValue: Sendable, Equatable {
  case string(String)
  case number(Int)
  case bool(Bool)
  case table(LuaTable)
  /// An expression, as it stands.
  case code(String)

  /// A list of strings; one alone stands without braces, as `schedule` allows everywhere.
  public static func oneOrMore(_ texts: [String]) -> LuaValue {
    texts.count == 1 ? .string(texts[0]) : .table(LuaTable(texts.map { .init(.string($0)) }))
  }
}

/// A Lua table whose fields stay in the order in which they are written.
public struct LuaTable: Sendable, Equatable {
  public struct Field: Sendable, Equatable {
    /// Nil for an item of a list.
    public var key: String?
    public var value: LuaValue
    /// What stands behind the field as a comment.
    public var comment: String?

    public init(_ key: String, _ value: LuaValue, comment: String? = nil) {
      self.key = key
      self.value = value
      self.comment = comment
    }

    public init(_ item: LuaValue) {
      value = item
    }
  }

  public var fields: [Field]

  public init(_ fields: [Field] = []) { self.fields = fields }

  public var isEmpty: Bool { fields.isEmpty }

  /// What stands under a key. Setting a key that is there replaces its value in place; another one is added at the
  /// end; nil takes it away.
  public subscript(key: String) -> LuaValue? {
    get { fields.first { $0.key == key }?.value }
    set {
      let place = fields.firstIndex { $0.key == key }
      switch (place, newValue) {
      case (let place?, let value?): fields[place].value = value
      case (let place?, nil): fields.remove(at: place)
      case (nil, let value?): fields.append(Field(key, value))
      case (nil, nil): break
      }
    }
  }

  /// Adds a field with a comment behind it.
  public mutating func add(_ key: String, _ value: LuaValue, comment: String? = nil) {
    fields.append(Field(key, value, comment: comment))
  }
}

extension LuaValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .number(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: LuaValue...) { self = .table(LuaTable(elements.map { .init($0) })) }
  public init(dictionaryLiteral elements: (String, LuaValue)...) {
    self = .table(LuaTable(elements.map { .init($0.0, $0.1) }))
  }
}

extension LuaTable: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
  public init(arrayLiteral elements: LuaValue...) { self.init(elements.map { Field($0) }) }
  public init(dictionaryLiteral elements: (String, LuaValue)...) {
    self.init(elements.map { Field($0.0, $0.1) })
  }
}
