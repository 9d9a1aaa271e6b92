/// A value that crosses a border: between a job's Lua state and Swift, and between a host process and
/// the daemon.
///
/// It is what Lua data is made of. A Lua string is bytes; it is ``string(_:)`` where it is valid
/// UTF-8 and ``bytes(_:)`` where it is not. What has no form as data (a function, a userdata) is
/// ``opaque(_:)`` with its Lua type's name, so that an error can say what was found.
public enum DataValue: Sendable, Equatable {
  /// Lua's `nil`, or `json.null` inside a table.
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case table(DataTable)
  /// A value that is not data; the text is the name of its Lua type.
  case opaque(String)
}

/// A Lua table as data: the items 1...n, and what stands under other keys.
public struct DataTable: Sendable, Equatable {
  public var items: [DataValue]
  /// Values by key. An integer key outside 1...n is here in its decimal form.
  public var fields: [String: DataValue]
  /// True for a table that was made as a list (`json.array`, a JSON array), so that an empty one is
  /// written `[]` and not `{}`.
  public var isList: Bool

  public init(items: [DataValue] = [], fields: [String: DataValue] = [:], isList: Bool = false) {
    self.items = items
    self.fields = fields
    self.isList = isList
  }
}

extension DataValue {
  /// A table with these fields and no items.
  public static func object(_ fields: [String: DataValue]) -> DataValue {
    .table(DataTable(fields: fields))
  }

  /// A list of these items; written `[]` in JSON when it is empty.
  public static func list(_ items: [DataValue]) -> DataValue {
    .table(DataTable(items: items, isList: true))
  }

  /// What Lua's `type` would call it, with integers and floats told apart.
  public var typeName: String {
    switch self {
    case .null: "nil"
    case .bool: "boolean"
    case .int: "integer"
    case .double: "number"
    case .string, .bytes: "string"
    case .table: "table"
    case .opaque(let name): name
    }
  }

  /// The table, or `nil` if this is something else.
  public var asTable: DataTable? {
    if case .table(let table) = self { table } else { nil }
  }

  /// The text of a string, with invalid UTF-8 repaired; `nil` if this is something else.
  public var asString: String? {
    switch self {
    case .string(let text): text
    case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
    default: nil
    }
  }

  /// The bytes of a string, or `nil` if this is something else.
  public var asBytes: [UInt8]? {
    switch self {
    case .string(let text): Array(text.utf8)
    case .bytes(let bytes): bytes
    default: nil
    }
  }

  /// A number as a float, or `nil` if this is something else.
  public var asDouble: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  /// An integer, or a float that is one exactly (as Lua converts), else `nil`.
  public var asInt: Int64? {
    switch self {
    case .int(let value): value
    case .double(let value): Int64(exactly: value)
    default: nil
    }
  }

  public var asBool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  public subscript(field: String) -> DataValue {
    asTable?.fields[field] ?? .null
  }
}

extension DataValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int64) { self = .int(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(dictionaryLiteral elements: (String, DataValue)...) {
    self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
  }
}
