/// An address for mail, with or without a name: `ops@example.com`, `Night Shift <ops@example.com>`.
public struct MailAddress: Sendable, Hashable {
  /// The name that a person reads.
  public var name: String?
  /// `local@domain`.
  public var address: String

  init(address: String) { self.address = address }

  public init(parsing text: String) throws(NotifyMistake) {
    let trimmed = text.trimmed
    func wrong(_ why: String) -> NotifyMistake {
      NotifyMistake("\"\(text.shown)\" is not a mail address: \(why)")
    }
    guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) else {
      throw wrong("it has a control character in it")
    }
    var address = trimmed[...]
    if trimmed.hasSuffix(">") {
      guard let open = trimmed.lastIndex(of: "<") else { throw wrong("it has no \"<\"") }
      address = trimmed[trimmed.index(after: open)...].dropLast()
      var name = String(trimmed[..<open]).trimmed
      if name.count >= 2, name.hasPrefix("\""), name.hasSuffix("\"") {
        name = String(name.dropFirst().dropLast()).replacing("\\\"", with: "\"").replacing("\\\\", with: "\\")
      }
      if !name.isEmpty { self.name = name }
    }
    guard let at = address.lastIndex(of: "@") else { throw wrong("it has no \"@\"") }
    guard at > address.startIndex, address.index(after: at) < address.endIndex else {
      throw wrong("something must stand on both sides of the \"@\"")
    }
    guard !address.contains(where: { $0.isWhitespace || "<>,;\"()".contains($0) }),
      !address[..<at].contains("@")
    else { throw wrong("it has a character in it that may not be there; write several as a list") }
    self.address = String(address)
  }

  /// As it reads back.
  public var text: String {
    guard let name else { return address }
    return "\"\(name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\" <\(address)>"
  }

  /// What stands behind the `@`.
  var domain: String { String(address[(address.lastIndex(of: "@") ?? address.startIndex)...].dropFirst()) }

  /// As it stands in a header.
  var header: String {
    guard let name else { return address }
    if name.utf8.allSatisfy({ MailText.isPlain($0) }) {
      let quoted = name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      let isWords = name.utf8.allSatisfy { MailText.isWordByte($0) }
      return (isWords ? name : "\"\(quoted)\"") + " <\(address)>"
    }
    return MailText.encodedWords(name) + " <\(address)>"
  }
}

extension String {
  /// Without white space at its ends.
  var trimmed: String {
    let start = self.drop { $0.isWhitespace }
    return String(
      start[..<(start.lastIndex { !$0.isWhitespace }.map { start.index(after: $0) } ?? start.startIndex)])
  }

  /// The head of a text in one line, for messages.
  var shown: String {
    let line = String(map { $0.isNewline || $0.unicodeScalars.allSatisfy { $0.value < 0x20 } ? " " : $0 })
      .trimmed
    return line.count > 200 ? line.prefix(197) + "..." : line
  }
}
