/// What a mail server answers: three digits and lines of text (RFC 5321, 4.2).
struct SMTPReply: Sendable, Equatable {
  var code: Int
  var lines: [String]

  /// As the server said it, in one line.
  var description: String { "\(code) " + lines.joined(separator: " ").shown }

  var isAccepted: Bool { (200..<400).contains(code) }
  /// It will be so another time too.
  var isPermanent: Bool { code >= 500 }
}

/// Takes replies out of what a server sends.
struct SMTPReplyReader {
  /// A server does not speak that way.
  struct Malformed: Error {
    let line: String
  }

  private var unread: [UInt8] = []
  private var lines: [String] = []

  /// More than any reply has: whoever sends more is no mail server.
  private static let limit = 64 << 10

  var isEmpty: Bool { unread.isEmpty && lines.isEmpty }

  /// Adds what has come, and returns the replies that are complete by it.
  mutating func take(_ bytes: some Sequence<UInt8>) throws(Malformed) -> [SMTPReply] {
    unread += bytes
    var replies: [SMTPReply] = []
    while let end = unread.firstIndex(of: 0x0a) {
      var line = unread[..<end]
      if line.last == 0x0d { line = line.dropLast() }
      let text = String(decoding: line, as: UTF8.self)
      unread.removeSubrange(...end)
      let digits = text.prefix(3)
      guard digits.count == 3, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let code = Int(digits) else {
        throw Malformed(line: text.shown)
      }
      lines.append(String(text.dropFirst(4)))
      if text.dropFirst(3).first == "-" { continue }
      replies.append(SMTPReply(code: code, lines: lines))
      lines = []
    }
    guard unread.count + lines.reduce(0, { $0 + $1.utf8.count }) <= Self.limit else {
      throw Malformed(line: "a line without end")
    }
    return replies
  }
}
