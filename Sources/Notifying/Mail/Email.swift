import Scheduling

/// A text to be sent by mail.
public struct Email: Sendable, Equatable {
  public var from: MailAddress
  public var to: [MailAddress]
  public var cc: [MailAddress]
  /// Get the mail too, and are not named in it.
  public var bcc: [MailAddress]
  public var replyTo: MailAddress?
  public var subject: String
  /// The text, in lines that end in any way.
  public var body: String

  /// - Throws: If it would go to nobody, or the subject has a line break in it.
  public init(
    from: MailAddress, to: [MailAddress], cc: [MailAddress] = [], bcc: [MailAddress] = [],
    replyTo: MailAddress? = nil, subject: String, body: String
  ) throws(NotifyMistake) {
    guard !(to + cc + bcc).isEmpty else { throw NotifyMistake("a mail needs somebody to go to") }
    guard !subject.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) else {
      throw NotifyMistake("the subject has a line break or another control character in it")
    }
    self.from = from
    self.to = to
    self.cc = cc
    self.bcc = bcc
    self.replyTo = replyTo
    self.subject = subject
    self.body = body
  }

  /// Everybody whom the server is to give it to, each once.
  var recipients: [String] {
    var seen: Set<String> = []
    return (to + cc + bcc).map(\.address).filter { seen.insert($0).inserted }
  }

  /// The message as it travels: header, empty line, body; lines end with CRLF, and none begins with the
  /// lone dot that would end it (RFC 5321, 4.5.2).
  ///
  /// - Parameters:
  ///   - date: When it is sent.
  ///   - id: Makes its Message-ID one of its kind.
  func message(date: Instant, id: String) -> [UInt8] {
    var headers = [("Date", MailDate.text(date)), ("From", from.header)]
    if !to.isEmpty { headers.append(("To", Self.list(to))) }
    if !cc.isEmpty { headers.append(("Cc", Self.list(cc))) }
    if to.isEmpty && cc.isEmpty { headers.append(("To", "undisclosed-recipients:;")) }
    if let replyTo { headers.append(("Reply-To", replyTo.header)) }
    let lines = MailText.lines(body)
    let isSevenBit = MailText.isSevenBit(lines)
    headers += [
      ("Subject", MailText.header(subject)), ("Message-ID", "<\(id)@\(from.domain)>"),
      // Tells vacation programs not to answer (RFC 3834).
      ("Auto-Submitted", "auto-generated"), ("MIME-Version", "1.0"),
      ("Content-Type", "text/plain; charset=utf-8"),
      ("Content-Transfer-Encoding", isSevenBit ? "7bit" : "quoted-printable"),
    ]
    var bytes = Array(headers.map { "\($0): \($1)\r\n" }.joined().utf8)
    for line in [[]] + (isSevenBit ? lines : lines.flatMap(MailText.quotedPrintable)) {
      if line.first == UInt8(ascii: ".") { bytes.append(UInt8(ascii: ".")) }
      bytes += line + [0x0d, 0x0a]
    }
    return bytes
  }

  private static func list(_ addresses: [MailAddress]) -> String {
    addresses.map(\.header).joined(separator: ",\r\n ")
  }
}

/// Dates as mail writes them (RFC 5322, 3.3): `Mon, 23 Nov 2026 19:00:00 +0000`.
enum MailDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  static func text(_ instant: Instant) -> String {
    // 2026-11-23T19:00:00.000Z
    let text = instant.description
    guard let date = try? LocalDate(parsing: String(text.prefix(10))) else { return text }
    let time = text.dropFirst(11).prefix(8)
    return "\(date.weekday.name.prefix(3)), \(date.day) \(months[date.month - 1]) \(date.year) \(time) +0000"
  }
}
