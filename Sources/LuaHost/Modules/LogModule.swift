import Values

/// `almanac.log`, and where `print` and `warn` go.
enum LogModule {
  static let functions: [String: Functions.Entry] = [
    "write": Functions.Entry(isOutside: false) { state, call in .reply(write(state, call, shownAs: nil)) }
  ]

  /// `write(level, message, fields)`
  static func write(_ state: LuaState, _ call: HostCall, shownAs shown: String?) -> HostReply {
    let arguments = call.arguments
    guard arguments.count >= 2, let level = arguments[0].asString.flatMap(ScriptLogLevel.init(rawValue:)),
      let message = arguments[1].asString
    else { return .misuse("log: a level and a message are needed") }
    let fields = arguments.count > 2 ? arguments[2] : .null
    switch fields {
    case .null, .table: break
    default: return .misuse("log.\(level): fields must be a table, not a \(fields.typeName)")
    }
    state.write(level, message, fields: fields, of: call.run?.key)
    return .values([])
  }
}
