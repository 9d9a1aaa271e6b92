import Scheduling
import Values

/// What a script hands to a function of a module, read with errors that name the function and the
/// argument: `fs.write: path must be a string, not a table`.
public struct Arguments: Sendable {
  public let function: String
  private let values: [DataValue]

  public init(_ values: [DataValue], of function: String) {
    self.function = function
    self.values = values
  }

  /// The argument's value; `.null` where it is absent.
  public subscript(index: Int) -> DataValue {
    values.indices.contains(index) ? values[index] : .null
  }

  public func misuse(_ text: String) -> Misuse { Misuse("\(function): \(text)") }

  /// The bytes of a string, or of a number as Lua writes it.
  public func bytes(_ index: Int, _ name: String) throws(Misuse) -> [UInt8] {
    guard let bytes = LuaText.bytes(self[index]) else {
      throw misuse("\(name) must be a string, not \(describe(self[index]))")
    }
    return bytes
  }

  /// As ``bytes(_:_:)``, as text; bytes that are not UTF-8 are repaired.
  public func text(_ index: Int, _ name: String) throws(Misuse) -> String {
    String(decoding: try bytes(index, name), as: UTF8.self)
  }

  /// As ``text(_:_:)``; `nil` where it is absent.
  public func optionalText(_ index: Int, _ name: String) throws(Misuse) -> String? {
    if case .null = self[index] { return nil }
    return try text(index, name)
  }

  /// A time span in seconds, from 0 on: a number of them, or a duration such as `"10s"`.
  public func seconds(_ index: Int, _ name: String) throws(Misuse) -> Double {
    do throws(Misuse) { return try Span(self[index], name).seconds } catch { throw misuse(error.text) }
  }

  /// Refuses a table of options behind the arguments that the function takes, `count` of them.
  public func refuseOptions(after count: Int) throws(Misuse) {
    if case .table = self[count] { throw misuse("it takes no options") }
  }

  /// The options at `index`: an absent table has none of them.
  public func options(_ index: Int, known: [String]) throws(Misuse) -> Options {
    try Options(self[index], of: function, known: known)
  }
}

/// A table of named options, the last argument of many functions.
public struct Options: Sendable {
  public let function: String
  private let fields: [String: DataValue]

  /// - Throws: If it is no table, has items without a name, or a name that is not in `known`.
  public init(_ value: DataValue, of function: String, known: [String]) throws(Misuse) {
    self.function = function
    switch value {
    case .null: fields = [:]
    case .table(let table):
      guard table.items.isEmpty else {
        throw Misuse("\(function): options have names, as in { \(known.first ?? "name") = ... }")
      }
      fields = table.fields
    default: throw Misuse("\(function): options must be a table, not \(describe(value))")
    }
    for name in fields.keys.sorted() where !known.contains(name) {
      let hint =
        SlipFinder.nearest(to: name, in: known).map { ": did you mean `\($0)`?" }
        ?? " (there are: \(known.sorted().joined(separator: ", ")))"
      throw Misuse("\(function): unknown option `\(name)`\(hint)")
    }
  }

  public func misuse(_ text: String) -> Misuse { Misuse("\(function): \(text)") }

  /// Whether the script named this option, be it with `json.null`.
  public func has(_ name: String) -> Bool { fields[name] != nil }

  /// The option's value; `.null` where it is absent.
  public subscript(name: String) -> DataValue { fields[name] ?? .null }

  /// True or false; `absent` where the option is not there.
  public func flag(_ name: String, absent: Bool = false) throws(Misuse) -> Bool {
    switch self[name] {
    case .null: return absent
    case .bool(let flag): return flag
    case let value: throw misuse("\(name) must be true or false, not \(describe(value))")
    }
  }

  /// The bytes of a string, or of a number as Lua writes it; `nil` where it is absent.
  public func bytes(_ name: String) throws(Misuse) -> [UInt8]? {
    if case .null = self[name] { return nil }
    guard let bytes = LuaText.bytes(self[name]) else {
      throw misuse("\(name) must be a string, not \(describe(self[name]))")
    }
    return bytes
  }

  public func text(_ name: String) throws(Misuse) -> String? {
    try bytes(name).map { String(decoding: $0, as: UTF8.self) }
  }

  /// A whole number in `range`.
  public func count(_ name: String, in range: ClosedRange<Int>) throws(Misuse) -> Int? {
    if case .null = self[name] { return nil }
    guard let number = self[name].asInt.flatMap(Int.init(exactly:)), range.contains(number) else {
      let bounds =
        range.upperBound == .max
        ? "from \(range.lowerBound) on" : "from \(range.lowerBound) to \(range.upperBound)"
      throw misuse("\(name) must be a whole number \(bounds), not \(describe(self[name]))")
    }
    return number
  }

  /// An amount of bytes, from 0 to `limit`: a number of them, or text with a unit such as `"20MB"`.
  public func byteCount(_ name: String, upTo limit: Int) throws(Misuse) -> Int? {
    if case .null = self[name] { return nil }
    let size: Int?
    if let text = self[name].asString {
      do throws(ScheduleError) { size = try ByteCount(parsing: text).bytes } catch {
        throw misuse("\(name): \(error)")
      }
    } else {
      size = self[name].asInt.flatMap(Int.init(exactly:))
    }
    guard let size, (0...limit).contains(size) else {
      throw misuse(
        "\(name) must be from 0 to \(limit) bytes, or a size like \"1MB\", not \(describe(self[name]))")
    }
    return size
  }

  /// A time span in seconds, more than 0: a number of them, or a duration such as `"10s"`.
  public func seconds(_ name: String) throws(Misuse) -> Double? {
    if case .null = self[name] { return nil }
    do throws(Misuse) {
      let seconds = try Span(self[name], name).seconds
      guard seconds > 0 else {
        throw Misuse("\(name) must be more than 0 seconds, not \(describe(self[name]))")
      }
      return seconds
    } catch {
      throw misuse(error.text)
    }
  }

  /// One of the `known` words.
  public func choice(_ name: String, of known: [String]) throws(Misuse) -> String? {
    if case .null = self[name] { return nil }
    guard let word = self[name].asString, known.contains(word) else {
      let words = known.map { "\"\($0)\"" }.joined(separator: ", ")
      throw misuse("\(name) must be one of \(words), not \(describe(self[name]))")
    }
    return word
  }

  /// A table of names and values, or `nil` where it is absent.
  public func table(_ name: String) throws(Misuse) -> DataTable? {
    if case .null = self[name] { return nil }
    guard let table = self[name].asTable, table.items.isEmpty else {
      throw misuse("\(name) must be a table of names and values, not \(describe(self[name]))")
    }
    return table
  }
}

/// A time span as scripts write it.
private struct Span {
  let seconds: Double
  /// Thirty years; longer ones are a slip.
  private static let longest = 1e9

  init(_ value: DataValue, _ name: String) throws(Misuse) {
    if let number = value.asDouble {
      guard number >= 0, number <= Self.longest else {
        throw Misuse("\(name) must be from 0 to 1e9 seconds, not \(describe(value))")
      }
      seconds = number
      return
    }
    guard case .string(let text) = value else {
      throw Misuse("\(name) must be a number of seconds or a duration like \"10s\", not \(describe(value))")
    }
    do throws(ScheduleError) {
      seconds = Double(try Interval(parsing: text).microseconds) / 1_000_000
    } catch {
      throw Misuse("\(name): \(error)")
    }
    guard seconds <= Self.longest else {
      throw Misuse("\(name) must be from 0 to 1e9 seconds, not \"\(text)\"")
    }
  }
}

/// What a message calls a value: short ones as they are, others by their type.
public func describe(_ value: DataValue) -> String {
  switch value {
  case .null: return "nil"
  case .bool(let flag): return "\(flag)"
  case .int, .double: return LuaText.bytes(value).map { String(decoding: $0, as: UTF8.self) } ?? "a number"
  case .string(let text) where text.utf8.count <= 60: return "\"\(text)\""
  case .string, .bytes: return "a string of \(value.asBytes?.count ?? 0) bytes"
  case .table(let table): return table.items.isEmpty ? "a table" : "a list"
  case .opaque(let name): return "a \(name)"
  }
}
