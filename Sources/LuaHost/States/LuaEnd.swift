import CLua
import Values

/// How what was called in Lua has ended.
enum LuaEnd {
  case value(DataValue)
  case error(ScriptError)
  /// By `job.skip` and its kin.
  case announced
  /// By a stop; the error has the place where the run was, and no text.
  case stopped(StopReason, at: ScriptError?)
  case memory(ScriptError)
  case broken(ScriptError)
}

extension LuaState {
  /// Reads what the C side has left.
  func readEnd(_ lua: OpaquePointer, stop: StopReason?) -> LuaEnd {
    let place = clua_stopped_at(lua).map { String(cString: $0) }
    switch clua_end(lua) {
    case Int32(CLUA_END_VALUE): return .value(output(of: lua))
    case Int32(CLUA_END_ERROR):
      let traceback = clua_traceback(lua).map { Self.trim(traceback: String(cString: $0)) }
      return .error(scriptError(output(of: lua).messageText, traceback: traceback))
    case Int32(CLUA_END_REPLY): return .announced
    case Int32(CLUA_END_MEMORY):
      return .memory(error(at: place, "memory limit of \(byteText(limits.memoryLimit)) exceeded"))
    case Int32(CLUA_END_STOPPED):
      return .stopped(stop ?? .cancelled("stopped"), at: place.map { error(at: $0, "") })
    default:
      return .broken(ScriptError(text: "the Lua state broke down, which is a mistake of the host's own"))
    }
  }

  private func output(of lua: OpaquePointer) -> DataValue {
    var length = 0
    guard let bytes = clua_output(lua, &length) else { return .null }
    var reader = ByteReader(UnsafeRawBufferPointer(start: bytes, count: length))
    return (try? reader.value()) ?? .null
  }

  private func error(at place: String?, _ text: String) -> ScriptError {
    place.map { scriptError("\($0): \(text)", traceback: nil) } ?? ScriptError(text: text)
  }

  /// Takes the place out of Lua's `file:line: text`.
  private func scriptError(_ message: String, traceback: String?) -> ScriptError {
    var error = ScriptError(
      message: message, traceback: traceback,
      files: [source.main.shownPath] + source.modules.values.map(\.shownPath))
    if let shown = error.file, shown.hasPrefix("...") {
      let files = [source.main] + source.modules.values
      error.file = files.first { $0.shownPath == shown }?.path ?? shown
    }
    return error
  }

  /// Without its headline, and what the host adds: the lowest call, which is its own, and its Lua files.
  private static func trim(traceback: String) -> String {
    var lines = traceback.split(separator: "\n").dropFirst()
    if lines.last?.hasPrefix("\t[C]: in ?") ?? false { lines.removeLast() }
    return lines.filter { !$0.hasPrefix("\t[almanac") }.map { $0.dropFirst() }.joined(separator: "\n")
  }
}

extension ScriptSource.File {
  /// The longest name that Lua shows whole.
  private static let shownLength = 59

  /// The path as Lua's messages show it: of a long one, the end.
  var shownPath: String {
    let bytes = path.utf8
    guard bytes.count > Self.shownLength else { return path }
    return "..." + String(decoding: bytes.suffix(Self.shownLength - 3), as: UTF8.self)
  }

  /// Why the file is not even tried.
  var refusal: ScriptError? {
    if bytes.count > ScriptSource.fileLimit {
      return ScriptError(file: path, text: "the file is larger than \(byteText(ScriptSource.fileLimit))")
    }
    if bytes.first == 0x1B {
      return ScriptError(file: path, text: "this is bytecode, not the text of a Lua file")
    }
    return nil
  }
}

extension LuaEnd {
  var losesState: Bool {
    switch self {
    case .value, .error, .announced: false
    case .stopped, .memory, .broken: true
    }
  }

  /// How the run ended whose `main` has ended so.
  func runEnd(announced: RunEnd?) -> RunEnd {
    switch self {
    // What the C side calls a large table is told of; functions and the like are no results at all.
    case .value(.opaque(let type)) where type.hasPrefix("table"): .succeeded(result: .opaque(type))
    case .value(let value): .succeeded(result: value.isData ? value : .null)
    case .error(let error), .memory(let error), .broken(let error): .failed(error)
    case .announced: announced ?? .succeeded(result: .null)
    case .stopped(let reason, _): reason.end
    }
  }

  /// The error that it is for what must end with a value.
  func error(during what: String, limit: Int64) -> ScriptError {
    switch self {
    case .value, .announced: return ScriptError(text: "\(what) did not end")
    case .error(let error), .memory(let error), .broken(let error): return error
    case .stopped(.cancelled(let reason), _): return ScriptError(text: reason)
    case .stopped(.timeLimit, let place), .stopped(.cpuLimit, let place):
      var error = place ?? ScriptError(text: "")
      error.text = "\(what) has not ended within \(limit / 1_000_000_000) s"
      return error
    }
  }
}

extension DataValue {
  var isData: Bool {
    if case .opaque = self { false } else { self != .null }
  }

  /// What an error value reads as in a message.
  var messageText: String {
    switch self {
    case .null: "nil"
    case .bool(let flag): "\(flag)"
    case .int(let number): "\(number)"
    case .double(let number): "\(number)"
    case .string, .bytes: asString ?? ""
    case .table: (try? json()) ?? "(an error value that is a table)"
    case .opaque(let type): "(an error value that is a \(type))"
    }
  }

  /// The table that `main` is given: what is not there is `nil` for it, not `null`, also in tables within.
  var withoutNullFields: DataValue {
    guard case .table(var table) = self else { return self }
    table.fields = table.fields.filter { $0.value != .null }.mapValues(\.withoutNullFields)
    return .table(table)
  }
}

/// `64MB`, `1KB`, `100 bytes`: whole units where it is one.
func byteText(_ count: Int) -> String {
  for (unit, name) in [(1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")] where count >= unit {
    if count % unit == 0 { return "\(count / unit)\(name)" }
  }
  return "\(count) bytes"
}
