import Files
import FoundationEssentials
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import WebClient

extension Email {
  /// Gives the mail to the server.
  ///
  /// - Parameter seconds: For everything, from the look-up of the server's name on.
  /// - Throws: A sentence with the server's own words. Where some of several recipients were refused, the
  ///   others have got it, and the sentence says so.
  public func send(through server: MailServer, within seconds: Double = 60) async throws(NotifyTrouble) {
    let step = Mutex("the connection")
    let dialogue = SMTPDialogue(server: server, email: self, timeout: seconds) { name in
      step.withLock { $0 = name }
    }
    try await Deadline.run(
      seconds,
      late: {
        let limit = seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
        return NotifyTrouble(
          "timeout: the mail server \(server.authority) did not answer \(step.withLock { $0 }) within \(limit) s"
        )
      }
    ) { () async throws(NotifyTrouble) in try await dialogue.run() }
  }
}

/// The conversation in which a server takes a mail (RFC 5321), step by step.
struct SMTPDialogue: Sendable {
  let server: MailServer
  let email: Email
  let timeout: Double
  /// Is told what the server is about to be asked.
  let onStep: @Sendable (String) -> Void

  func run() async throws(NotifyTrouble) {
    do {
      let connection = try await SMTPConnection.open(server, connectTimeout: timeout)
      defer { connection.close() }
      try await withTaskCancellationHandler {
        try await converse(connection)
      } onCancel: {
        connection.close()
      }
    } catch {
      throw explain(error)
    }
  }

  private func converse(_ connection: SMTPConnection) async throws {
    onStep("the connection")
    try accept(try await connection.reply(), "does not take mail now")
    var offers = try await greet(connection)
    if try wantsTLS(offers) {
      onStep("STARTTLS")
      try accept(try await connection.ask("STARTTLS"), "refused STARTTLS")
      try await connection.startTLS()
      offers = try await greet(connection)
    }
    if let user = server.user { try await logIn(connection, user, offers) }
    let message = email.message(date: WallClock.now(), id: UUID().uuidString.lowercased())
    let refused = try await offer(connection, offers, size: message.count)
    onStep("DATA")
    try accept(try await connection.ask("DATA"), "refused the mail")
    onStep("the mail")
    connection.send(message + Array(".\r\n".utf8))
    try accept(try await connection.reply(), "refused the mail")
    // It is taken; what becomes of the farewell is nobody's business.
    connection.send(Array("QUIT\r\n".utf8))
    if !refused.isEmpty {
      throw NotifyTrouble(
        "the mail server \(server.authority) took the mail, but not for \(refused.joined(separator: "; "))",
        isPermanent: true)
    }
  }

  /// Says hello, and returns what the server offers: its keywords, with what stands behind them.
  private func greet(_ connection: SMTPConnection) async throws -> [String: String] {
    onStep("EHLO")
    let reply = try await connection.ask("EHLO \(OwnName.text)")
    guard reply.isAccepted else {
      try accept(try await connection.ask("HELO \(OwnName.text)"), "refused the greeting")
      return [:]
    }
    return Dictionary(
      reply.lines.dropFirst().map { line in
        let words = line.split(separator: " ", maxSplits: 1).map { $0.uppercased() }
        return (words.first ?? "", words.count > 1 ? words[1] : "")
      }, uniquingKeysWith: { $1 })
  }

  private func wantsTLS(_ offers: [String: String]) throws(NotifyTrouble) -> Bool {
    if server.startsSafe { return false }
    let isOffered = offers["STARTTLS"] != nil
    switch server.security {
    case .none, .tls: return false
    case .starttls where !isOffered:
      throw NotifyTrouble(
        "the mail server \(server.authority) does not offer STARTTLS; tls = \"none\" sends without it",
        isPermanent: true)
    case .starttls: return true
    case .auto where server.isLoopback: return false
    case .auto where !isOffered && server.password != nil:
      throw NotifyTrouble(
        "the mail server \(server.authority) does not offer STARTTLS, and the password is not sent without it; "
          + "tls = \"none\" would", isPermanent: true)
    case .auto: return isOffered
    }
  }

  private func logIn(_ connection: SMTPConnection, _ user: String, _ offers: [String: String]) async throws {
    onStep("AUTH")
    let ways = (offers["AUTH"] ?? "").split(separator: " ")
    let password = server.password ?? ""
    func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
    let reply: SMTPReply
    if ways.contains("PLAIN") {
      reply = try await connection.ask("AUTH PLAIN \(encoded("\0\(user)\0\(password)"))")
    } else if ways.contains("LOGIN") {
      var answer = try await connection.ask("AUTH LOGIN")
      for text in [user, password] where answer.code == 334 {
        answer = try await connection.ask(encoded(text))
      }
      reply = answer
    } else {
      let known = ways.isEmpty ? "no way to log in" : "only \(ways.joined(separator: ", ")) to log in"
      throw NotifyTrouble(
        "the mail server \(server.authority) offers \(known); PLAIN and LOGIN are spoken here",
        isPermanent: true)
    }
    try accept(reply, "refused the user \(user)")
    // A server that asks on after both was answered has not let anybody in.
    guard reply.code < 300 else {
      throw NotifyTrouble("the mail server \(server.authority) did not end the login: \(reply.description)")
    }
  }

  /// Names the sender and the recipients.
  ///
  /// - Returns: Who was refused, and why, where at least one was not.
  private func offer(
    _ connection: SMTPConnection, _ offers: [String: String], size: Int
  ) async throws -> [String] {
    let recipients = email.recipients
    var sender = "MAIL FROM:<\(email.from.address)>"
    if offers["SIZE"] != nil { sender += " SIZE=\(size)" }
    if !([email.from.address] + recipients).allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } }) {
      guard offers["SMTPUTF8"] != nil else {
        throw NotifyTrouble(
          "the mail server \(server.authority) takes no addresses with letters beyond ASCII",
          isPermanent: true)
      }
      sender += " SMTPUTF8"
    }
    onStep("MAIL")
    try accept(try await connection.ask(sender), "refused the sender \(email.from.address)")
    var refused: [(text: String, reply: SMTPReply)] = []
    for recipient in recipients {
      onStep("RCPT")
      let reply = try await connection.ask("RCPT TO:<\(recipient)>")
      if !reply.isAccepted { refused.append(("\(recipient): \(reply.description)", reply)) }
    }
    if refused.count == recipients.count {
      throw NotifyTrouble(
        "the mail server \(server.authority) refused the recipient "
          + refused.map(\.text).joined(separator: "; "),
        isPermanent: refused.allSatisfy(\.reply.isPermanent))
    }
    return refused.map(\.text)
  }

  private func accept(_ reply: SMTPReply, _ otherwise: String) throws(NotifyTrouble) {
    guard !reply.isAccepted else { return }
    throw NotifyTrouble(
      "the mail server \(server.authority) \(otherwise): \(reply.description)", isPermanent: reply.isPermanent
    )
  }

  private func explain(_ error: any Error) -> NotifyTrouble {
    let place = "the mail server \(server.authority)"
    switch error {
    case let error as NotifyTrouble: return error
    case let error as HTTPTrouble: return NotifyTrouble(error.description, isPermanent: true)
    case let error as NIOConnectionError:
      return NotifyTrouble("cannot connect to \(place): \(NetworkWords.reason(error))")
    case let error as SMTPReplyReader.Malformed:
      return NotifyTrouble("\(place) does not answer as one: \"\(error.line)\"")
    case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
      return NotifyTrouble("no safe connection to \(place): \(NetworkWords.tlsReason(error))")
    case let error as IOError:
      return NotifyTrouble("the connection to \(place) broke: \(SystemFailure(code: error.errnoCode).reason)")
    case is ChannelError: return NotifyTrouble("\(place) closed the connection in the middle")
    default: return NotifyTrouble("\(place) cannot be used: \(error)")
    }
  }
}
