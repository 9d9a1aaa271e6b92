import TestSupport
import Testing

@testable import Notifying

@Suite("Email.send") struct SMTPTests {
  private func email(to: String..., subject: String = "nightly", body: String = "done") throws -> Email {
    try Email(
      from: try MailAddress(parsing: "Almanac <almanac@example.com>"),
      to: try to.map { try MailAddress(parsing: $0) }, subject: subject, body: body)
  }

  private func trouble(_ email: Email, _ server: MailServer, within seconds: Double = 60) async
    -> NotifyTrouble
  {
    do {
      try await email.send(through: server, within: seconds)
      return NotifyTrouble("no trouble")
    } catch {
      return error
    }
  }

  @Test("a mail arrives as it was written")
  func arrives() async throws {
    let drop = try MailDrop()
    let body = "Grüße\n.\n..two dots\nfrom here\n" + String(repeating: "long ", count: 300)
    let mail = try email(to: "ops@example.com", "b@example.com", subject: "Größe: 5 €", body: body)
    try await mail.send(through: MailServer(host: "127.0.0.1", port: drop.port))
    let kept = try #require(drop.mails.first)
    #expect(kept.from == "almanac@example.com")
    #expect(kept.to == ["ops@example.com", "b@example.com"])
    #expect(kept.data.contains("Subject: =?utf-8?B?"))
    #expect(kept.data.contains("From: Almanac <almanac@example.com>\r\n"))
    #expect(
      kept.body.replacing("=\r\n", with: "").hasPrefix("Gr=C3=BC=C3=9Fe\r\n.\r\n..two dots\r\nfrom here\r\n"))
    #expect(!kept.isSafe && kept.user == nil)
  }

  @Test("a server that asks for a login gets one", arguments: ["PLAIN", "LOGIN"])
  func login(way: String) async throws {
    let drop = try MailDrop("--login", "me:se cret", "--only", way)
    let server = MailServer(host: "127.0.0.1", port: drop.port, user: "me", password: "se cret")
    try await email(to: "a@h").send(through: server)
    #expect(drop.mails.map(\.user) == ["me"])
    var stranger = server
    stranger.password = "other"
    let refused = await trouble(try email(to: "a@h"), stranger)
    #expect(refused.description.contains("refused the user me: 535 "), "\(refused)")
    #expect(refused.isPermanent)
    #expect(!refused.description.contains("other"))
    let unknown = await trouble(try email(to: "a@h"), MailServer(host: "127.0.0.1", port: drop.port))
    #expect(unknown.description.contains("530"), "\(unknown)")
  }

  @Test("STARTTLS and TLS from the start, by an authority of one's own")
  func safe() async throws {
    let authority = try TestAuthority()
    let good = try authority.certificate()
    for security in [MailServer.Security.starttls, .tls] {
      var arguments = ["--certificate", good.certificate, "--key", good.key]
      if security == .tls { arguments.append("--implicit") }
      let drop = try MailDrop(arguments)
      for host in ["localhost", "127.0.0.1"] {
        try await email(to: "a@h").send(
          through: MailServer(host: host, port: drop.port, security: security, authorityFile: authority.file))
      }
      #expect(drop.mails.map(\.isSafe) == [true, true])
      let unknown = await trouble(
        try email(to: "a@h"), MailServer(host: "localhost", port: drop.port, security: security))
      #expect(unknown.description.hasPrefix("no safe connection to the mail server localhost:"), "\(unknown)")
      #expect(unknown.description.contains("trusts"), "\(unknown)")
    }
    let other = try authority.certificate(names: "DNS:elsewhere.example")
    let drop = try MailDrop("--certificate", other.certificate, "--key", other.key, "--implicit")
    let wrong = await trouble(
      try email(to: "a@h"),
      MailServer(host: "localhost", port: drop.port, security: .tls, authorityFile: authority.file))
    #expect(wrong.description.hasSuffix("its certificate is for another name"), "\(wrong)")
  }

  @Test("what must be safe is not sent to a server that cannot")
  func unsafe() async throws {
    let drop = try MailDrop()
    let server = MailServer(host: "127.0.0.1", port: drop.port, security: .starttls)
    let refused = await trouble(try email(to: "a@h"), server)
    #expect(refused.description.contains("does not offer STARTTLS"), "\(refused)")
    #expect(drop.mails.isEmpty)
  }

  @Test("the server's words are told, and whether another try makes sense")
  func refusals() async throws {
    let drop = try MailDrop("--refuse", "nobody@example.com", "--busy", "1")
    let server = MailServer(host: "127.0.0.1", port: drop.port)
    let busy = await trouble(try email(to: "a@h"), server)
    #expect(busy.description.hasSuffix("refused the mail: 451 4.3.0 come back later"), "\(busy)")
    #expect(!busy.isPermanent)
    let nobody = await trouble(try email(to: "nobody@example.com"), server)
    #expect(
      nobody.description.hasSuffix("refused the recipient nobody@example.com: 550 5.1.1 no such user here"))
    #expect(nobody.isPermanent)
    let some = await trouble(try email(to: "nobody@example.com", "a@h"), server)
    #expect(some.description.contains("took the mail, but not for nobody@example.com: 550"), "\(some)")
    #expect(drop.mails.map(\.to) == [["a@h"]])
    let foreign = await trouble(try email(to: "jürgen@h"), server)
    #expect(foreign.description.contains("letters beyond ASCII"))
  }

  @Test("a server that is not there, does not speak, or says nothing")
  func silence() async throws {
    let closed = LoopbackServer.closedPort()
    let gone = await trouble(try email(to: "a@h"), MailServer(host: "127.0.0.1", port: Int(closed)))
    #expect(gone.description == "cannot connect to the mail server 127.0.0.1:\(closed): connection refused")
    let unknown = await trouble(try email(to: "a@h"), MailServer(host: "no-such-host.invalid"))
    #expect(unknown.description.contains("the name no-such-host.invalid is not known"), "\(unknown)")
    // It waits for a request, and so says nothing.
    let mute = LoopbackServer { _, _ in }
    defer { mute.stop() }
    let late = await trouble(
      try email(to: "a@h"), MailServer(host: "127.0.0.1", port: Int(mute.port)), within: 0.3)
    #expect(late.description.contains("did not answer the connection within 0.3 s"), "\(late)")
    #expect(!late.isPermanent)
  }
}

@Suite("SMTPReplyReader") struct SMTPReplyReaderTests {
  @Test("takes replies however they are cut", arguments: [1, 2, 3, 7, 100])
  func pieces(size: Int) throws {
    let bytes = Array("220 hello\r\n250-one\r\n250-two x\n250 three\r\n354\r\n".utf8)
    var reader = SMTPReplyReader()
    var replies: [SMTPReply] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      replies += try reader.take(bytes[start..<min(start + size, bytes.count)])
    }
    #expect(
      replies == [
        SMTPReply(code: 220, lines: ["hello"]), SMTPReply(code: 250, lines: ["one", "two x", "three"]),
        SMTPReply(code: 354, lines: [""]),
      ])
    #expect(reader.isEmpty)
  }

  @Test("refuses what no mail server says")
  func malformed() {
    var reader = SMTPReplyReader()
    #expect(throws: SMTPReplyReader.Malformed.self) { try reader.take(Array("HTTP/1.1 400 Bad\r\n".utf8)) }
    var endless = SMTPReplyReader()
    #expect(throws: SMTPReplyReader.Malformed.self) {
      try endless.take([UInt8](repeating: 65, count: 70_000))
    }
  }
}
