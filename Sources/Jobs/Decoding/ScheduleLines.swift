/// Where the keys of the `schedule` table stand in a job's file.
///
/// It reads the text as a Lua lexer would, finds `schedule = {` outside of any function or block, and
/// notes the line of each key in the table as it is written. What is put together by code it does not
/// see: then the nearest key around it that is written stands in, or no line.
struct ScheduleLines {
  private var lines = PlaceLines()

  /// The line of a key by its path, as in `schedule.triggers[2].cron`.
  func line(of path: String) -> Int? { lines.line(of: path) }

  init(_ source: [UInt8]) {
    var tokens = LuaTokens(source)
    // `schedule = {` at the start of a statement: not `x.schedule`, not inside a block.
    var depth = 0
    var before: LuaTokens.Token?
    var local = false
    while let token = tokens.next() {
      switch token.kind {
      case .name("function"), .name("do"), .name("then"), .name("repeat"): depth += 1
      case .name("end"), .name("until"), .name("elseif"): depth -= 1
      case .symbol(UInt8(ascii: "{")), .symbol(UInt8(ascii: "(")): depth += 1
      case .symbol(UInt8(ascii: "}")), .symbol(UInt8(ascii: ")")): depth -= 1
      case .name("local"): local = true
      case .name("schedule") where depth == 0 && !local && before?.kind != .symbol(UInt8(ascii: ".")):
        guard tokens.peek()?.kind == .symbol(UInt8(ascii: "=")) else { break }
        _ = tokens.next()
        lines = PlaceLines()
        lines.note(token.line, of: "schedule")
        guard tokens.peek()?.kind == .symbol(UInt8(ascii: "{")) else { break }
        _ = tokens.next()
        readTable("schedule", &tokens, depth: 0)
      default: local = false
      }
      before = token
    }
  }

  /// Reads a table's entries up to its `}`.
  private mutating func readTable(_ path: String, _ tokens: inout LuaTokens, depth: Int) {
    var item = 0
    while let token = tokens.peek() {
      if token.kind == .symbol(UInt8(ascii: "}")) {
        _ = tokens.next()
        return
      }
      let place: String
      if let key = readKey(&tokens) {
        place = path + "." + key
      } else {
        item += 1
        place = path + "[\(item)]"
      }
      lines.note(token.line, of: place)
      if tokens.peek()?.kind == .symbol(UInt8(ascii: "{")), depth < 20 {
        _ = tokens.next()
        readTable(place, &tokens, depth: depth + 1)
      }
      skipValue(&tokens)
    }
  }

  /// Reads `name =` or `["name"] =`; leaves the tokens where they are if neither comes.
  private func readKey(_ tokens: inout LuaTokens) -> String? {
    var ahead = tokens
    var key: String?
    switch ahead.next()?.kind {
    case .name(let name): key = name
    case .symbol(UInt8(ascii: "[")):
      guard case .string(let text)? = ahead.next()?.kind, ahead.next()?.kind == .symbol(UInt8(ascii: "]"))
      else {
        return nil
      }
      key = text
    default: return nil
    }
    guard ahead.next()?.kind == .symbol(UInt8(ascii: "=")) else { return nil }
    tokens = ahead
    return key
  }

  /// Reads on to the end of an entry: past its separator, or before the table's `}`.
  private func skipValue(_ tokens: inout LuaTokens) {
    var depth = 0
    while let token = tokens.peek() {
      switch token.kind {
      case .symbol(UInt8(ascii: "{")), .symbol(UInt8(ascii: "(")), .symbol(UInt8(ascii: "[")): depth += 1
      case .name("function"), .name("do"), .name("then"), .name("repeat"): depth += 1
      case .symbol(UInt8(ascii: "}")) where depth == 0: return
      case .symbol(UInt8(ascii: "}")), .symbol(UInt8(ascii: ")")), .symbol(UInt8(ascii: "]")): depth -= 1
      case .name("end"), .name("until"), .name("elseif"): depth -= 1
      case .symbol(UInt8(ascii: ",")) where depth == 0, .symbol(UInt8(ascii: ";")) where depth == 0:
        _ = tokens.next()
        return
      default: break
      }
      _ = tokens.next()
    }
  }
}
