import Scheduling
import Values

/// What a script hands to a function of a module, read with errors that name the function and the
/// argument: `fs.write: path must be a string, not a table`.
struct Arguments {
  let function: String
  private let values: [DataValue]

  init(_ values: [DataValue], of function: String) {
    self.function = function
    self.values = values
  }

  subscript(index: Int) -> DataValue {
    values.indices.contains(index) ? values[index] : .null
  }

  func misuse(_ text: String) -> Misuse { Misuse("\(function): \(text)") }

  /// The bytes of a string, or of a number as Lua writes it.
  func bytes(_ index: Int, _ name: String) throws(Misuse) -> [UInt8] {
    guard let bytes = LuaText.bytes(self[index]) else {
      throw misuse("\(name) must be a string, not \(describe(self[index]))")
    }
    return bytes
  }

  /// The options at `index`: an absent table has none of them.
  func options(_ index: Int, known: [String]) throws(Misuse) -> Options {
    try Options(self[index], of: function, known: known)
  }
}

/// A table of named options, the last argument of many functions.
struct Options {
  let function: String
  private let fields: [String: DataValue]

  /// - Throws: If it is no table, has items without a name, or a name that is not in `known`.
  init(_ value: DataValue, of function: String, known: [String]) throws(Misuse) {
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
        NearestName.suggestion(for: name, among: known).map { ": did you mean `\($0)`?" }
        ?? " (there are: \(known.sorted().joined(separator: ", ")))"
      throw Misuse("\(function): unknown option `\(name)`\(hint)")
    }
  }

  func misuse(_ text: String) -> Misuse { Misuse("\(function): \(text)") }

  /// Whether the script named this option, be it with `json.null`.
  func has(_ name: String) -> Bool { fields[name] != nil }

  /// The option's value; `.null` where it is absent.
  subscript(name: String) -> DataValue { fields[name] ?? .null }

  func flag(_ name: String) throws(Misuse) -> Bool {
    switch self[name] {
    case .null: return false
    case .bool(let flag): return flag
    case let value: throw misuse("\(name) must be true or false, not \(describe(value))")
    }
  }

  func bytes(_ name: String) throws(Misuse) -> [UInt8]? {
    if case .null = self[name] { return nil }
    guard let bytes = LuaText.bytes(self[name]) else {
      throw misuse("\(name) must be a string, not \(describe(self[name]))")
    }
    return bytes
  }

  func text(_ name: String) throws(Misuse) -> String? {
    try bytes(name).map { String(decoding: $0, as: UTF8.self) }
  }

  /// A whole number in `range`.
  func count(_ name: String, in range: ClosedRange<Int>) throws(Misuse) -> Int? {
    if case .null = self[name] { return nil }
    guard let number = self[name].asInt.flatMap(Int.init(exactly:)), range.contains(number) else {
      let bounds =
        range.upperBound == .max
        ? "from \(range.lowerBound) on" : "from \(range.lowerBound) to \(range.upperBound)"
      throw misuse("\(name) must be a whole number \(bounds), not \(describe(self[name]))")
    }
    return number
  }

  /// A time span in seconds: a number of them, or a duration such as `"10s"`.
  func seconds(_ name: String) throws(Misuse) -> Double? {
    if case .null = self[name] { return nil }
    if let number = self[name].asDouble {
      guard number > 0, number < 1_000_000_000 else {
        throw misuse("\(name) must be more than 0 seconds, not \(describe(self[name]))")
      }
      return number
    }
    guard case .string(let text) = self[name] else {
      throw misuse(
        "\(name) must be a number of seconds or a duration like \"10s\", not \(describe(self[name]))")
    }
    do throws(ScheduleError) {
      let microseconds = try Interval(parsing: text).microseconds
      guard microseconds > 0 else { throw ScheduleError("\"\(text)\" is no time at all") }
      return Double(microseconds) / 1_000_000
    } catch {
      throw misuse("\(name): \(error)")
    }
  }

  /// A table of names and values, or `nil` where it is absent.
  func table(_ name: String) throws(Misuse) -> DataTable? {
    if case .null = self[name] { return nil }
    guard let table = self[name].asTable, table.items.isEmpty else {
      throw misuse("\(name) must be a table of names and values, not \(describe(self[name]))")
    }
    return table
  }
}

/// What a message calls a value: short ones as they are, others by their type.
func describe(_ value: DataValue) -> String {
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
