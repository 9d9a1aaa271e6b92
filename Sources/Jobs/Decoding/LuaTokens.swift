/// A Lua text as words: enough to find where something is written, not to judge it.
struct LuaTokens {
  struct Token: Equatable {
    enum Kind: Equatable {
      case name(String)
      case string(String)
      /// One character; those of two (`..`, `//`) come as two, but for `==` and `~=`, which come as `~`, and for `<=`
      /// and `>=`, which come as `!`.
      case symbol(UInt8)
      case number
    }

    let kind: Kind
    let line: Int
  }

  private let text: [UInt8]
  private var offset = 0
  private var line = 1

  init(_ text: [UInt8]) {
    self.text = text
    if text.first == UInt8(ascii: "#") { skipLine() }
  }

  func peek() -> Token? {
    var ahead = self
    return ahead.next()
  }

  mutating func next() -> Token? {
    skipBlanks()
    guard let byte = at(0) else { return nil }
    let start = line
    if Self.isLetter(byte) {
      return Token(kind: .name(take { Self.isLetter($0) || Self.isDigit($0) }), line: start)
    }
    if Self.isDigit(byte) {
      _ = take { Self.isLetter($0) || Self.isDigit($0) || $0 == UInt8(ascii: ".") }
      return Token(kind: .number, line: start)
    }
    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
      return Token(kind: .string(quoted()), line: start)
    }
    if let text = long() { return Token(kind: .string(text), line: start) }
    offset += 1
    if at(0) == UInt8(ascii: "="), let comparison = Self.comparison(byte) {
      offset += 1
      return Token(kind: .symbol(comparison), line: start)
    }
    return Token(kind: .symbol(byte), line: start)
  }

  /// What stands for a comparison that begins so and ends with `=`.
  private static func comparison(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "="), UInt8(ascii: "~"): UInt8(ascii: "~")
    case UInt8(ascii: "<"), UInt8(ascii: ">"): UInt8(ascii: "!")
    default: nil
    }
  }

  private func at(_ ahead: Int) -> UInt8? { offset + ahead < text.count ? text[offset + ahead] : nil }

  private static func isLetter(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private mutating func take(while belongs: (UInt8) -> Bool) -> String {
    let start = offset
    while let byte = at(0), belongs(byte) { offset += 1 }
    return String(decoding: text[start..<offset], as: UTF8.self)
  }

  private mutating func skipLine() {
    while let byte = at(0), byte != UInt8(ascii: "\n") { offset += 1 }
  }

  private mutating func skipBlanks() {
    while let byte = at(0) {
      if byte == UInt8(ascii: "\n") {
        line += 1
        offset += 1
      } else if byte <= 0x20 {
        offset += 1
      } else if byte == UInt8(ascii: "-"), at(1) == UInt8(ascii: "-") {
        offset += 2
        if long() == nil { skipLine() }
      } else {
        return
      }
    }
  }

  /// A string in quotes. Escapes stay as written but for what they hide: the closing quote.
  private mutating func quoted() -> String {
    let quote = text[offset]
    offset += 1
    let start = offset
    while let byte = at(0), byte != quote, byte != UInt8(ascii: "\n") {
      if byte == UInt8(ascii: "\\"), let hidden = at(1) {
        if hidden == UInt8(ascii: "\n") { line += 1 }
        offset += 1
      }
      offset += 1
    }
    let end = min(offset, text.count)
    offset = min(end + 1, text.count)
    return String(decoding: text[min(start, end)..<end], as: UTF8.self)
  }

  /// `[[...]]` or `[==[...]==]`; nil if none starts here.
  private mutating func long() -> String? {
    guard at(0) == UInt8(ascii: "[") else { return nil }
    var level = 0
    while at(1 + level) == UInt8(ascii: "=") { level += 1 }
    guard at(1 + level) == UInt8(ascii: "[") else { return nil }
    offset += 2 + level
    let start = offset
    while let byte = at(0) {
      if byte == UInt8(ascii: "]"), at(1 + level) == UInt8(ascii: "]"),
        (0..<level).allSatisfy({ at(1 + $0) == UInt8(ascii: "=") })
      {
        let content = String(decoding: text[start..<offset], as: UTF8.self)
        offset += 2 + level
        return content
      }
      if byte == UInt8(ascii: "\n") { line += 1 }
      offset += 1
    }
    return String(decoding: text[start...], as: UTF8.self)
  }
}
