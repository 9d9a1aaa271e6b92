import Scheduling
import Testing

@testable import Notifying

@Suite("Email.message") struct EmailTests {
  private func message(_ subject: String, _ body: String, from: String = "ops@example.com") throws -> String {
    let email = try Email(
      from: try MailAddress(parsing: from), to: [try MailAddress(parsing: "a@example.com")], subject: subject,
      body: body)
    let date = try Instant(parsing: "2026-11-03T09:05:06.789Z", in: .utc)
    return String(decoding: email.message(date: date, id: "id-1"), as: UTF8.self)
  }

  private func header(_ name: String, of message: String) -> String? {
    let head = message.split(separator: "\r\n\r\n", maxSplits: 1)[0]
    return head.replacing("\r\n ", with: "\n ").split(separator: "\r\n").first { $0.hasPrefix(name + ": ") }
      .map { String($0.dropFirst(name.count + 2)).replacing("\n ", with: "\r\n ") }
  }

  @Test("has a header that mail programs understand")
  func headers() throws {
    let text = try message("hello", "one\ntwo\n")
    #expect(header("Date", of: text) == "Tue, 3 Nov 2026 09:05:06 +0000")
    #expect(header("From", of: text) == "ops@example.com")
    #expect(header("To", of: text) == "a@example.com")
    #expect(header("Subject", of: text) == "hello")
    #expect(header("Message-ID", of: text) == "<id-1@example.com>")
    #expect(header("Content-Transfer-Encoding", of: text) == "7bit")
    #expect(text.hasSuffix("\r\n\r\none\r\ntwo\r\n"))
  }

  @Test("a line of dots does not end the mail")
  func dots() throws {
    #expect(try message("x", ".\n..\na.b").hasSuffix("\r\n\r\n..\r\n...\r\na.b\r\n"))
  }

  @Test(
    "line ends of any kind become those of mail",
    arguments: [("a\nb", "a\r\nb\r\n"), ("a\r\nb\r\n", "a\r\nb\r\n"), ("a\rb", "a\r\nb\r\n"), ("", "\r\n")])
  func lineEnds(body: String, sent: String) throws {
    #expect(try message("x", body).hasSuffix("\r\n\r\n" + sent))
  }

  @Test(
    "what is not plain ASCII in short lines is quoted",
    arguments: [
      ("grün = 5", "gr=C3=BCn =3D 5"), ("ü ends in a space \nü", "=C3=BC ends in a space=20\r\n=C3=BC"),
      (String(repeating: "ab", count: 500), String(repeating: "ab", count: 37) + "a=\r\nba"),
    ])
  func quoted(body: String, sent: String) throws {
    let text = try message("x", body)
    #expect(header("Content-Transfer-Encoding", of: text) == "quoted-printable")
    let lines = text.split(separator: "\r\n\r\n", maxSplits: 1)[1].split(separator: "\r\n")
    #expect(lines.allSatisfy { $0.utf8.count <= 76 })
    #expect(text.contains(sent))
  }

  @Test(
    "names and subjects beyond ASCII are encoded words, none longer than it may be",
    arguments: [
      ("Größe", "=?utf-8?B?R3LDtsOfZQ==?="), ("a =? b", "=?utf-8?B?YSA9PyBi?="),
      (
        String(repeating: "ä", count: 30),
        "=?utf-8?B?w6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6Q=?=\r\n =?utf-8?B?w6TDpMOkw6TDpMOkw6TDpA==?="
      ),
    ])
  func encodedWords(subject: String, encoded: String) throws {
    let text = try message(subject, "x")
    #expect(header("Subject", of: text) == encoded)
    #expect(encoded.split(separator: "\r\n ").allSatisfy { $0.utf8.count <= 75 })
  }

  @Test("a subject with a line break in it is refused, as it would be a header of its own")
  func injection() {
    let mistake = #expect(throws: NotifyMistake.self) { try message("x\r\nBcc: all@example.com", "y") }
    #expect(mistake?.description.contains("line break") == true)
  }

  @Test("a mail to nobody is refused, and everybody gets it once")
  func recipients() throws {
    let (a, b) = (try MailAddress(parsing: "a@h"), try MailAddress(parsing: "B <b@h>"))
    #expect(throws: NotifyMistake.self) { try Email(from: a, to: [], subject: "", body: "") }
    let email = try Email(
      from: a, to: [a, b], cc: [b], bcc: [try MailAddress(parsing: "c@h"), a], subject: "", body: "")
    #expect(email.recipients == ["a@h", "b@h", "c@h"])
    let text = String(decoding: email.message(date: Instant(microseconds: 0), id: "i"), as: UTF8.self)
    #expect(text.contains("To: a@h,\r\n B <b@h>\r\nCc: B <b@h>\r\n"))
    #expect(!text.contains("c@h"))
  }
}

@Suite("MailAddress") struct MailAddressTests {
  @Test(
    "reads an address with or without a name",
    arguments: [
      ("a@example.com", nil, "a@example.com", "a@example.com"),
      (" <a@example.com> ", nil, "a@example.com", "a@example.com"),
      ("Night Shift <a@h>", "Night Shift", "a@h", "Night Shift <a@h>"),
      ("\"Ops, all\" <a@h>", "Ops, all", "a@h", "\"Ops, all\" <a@h>"),
      ("Jürgen <j@h>", "Jürgen", "j@h", "=?utf-8?B?SsO8cmdlbg==?= <j@h>"),
    ])
  func reads(text: String, name: String?, address: String, header: String) throws {
    let parsed = try MailAddress(parsing: text)
    #expect(parsed.name == name)
    #expect(parsed.address == address)
    #expect(parsed.header == header)
  }

  @Test(
    "refuses what is none, and says why",
    arguments: [
      ("ops", "it has no \"@\""), ("@h", "both sides"), ("a@", "both sides"),
      ("a@b, c@d", "write several as a list"),
      ("a@h>", "it has no \"<\""), ("a@h\r\nX: y", "control character"), ("a b@h", "may not be there"),
      ("a@b@c", "may not be there"),
    ])
  func refuses(text: String, why: String) {
    let mistake = #expect(throws: NotifyMistake.self) { try MailAddress(parsing: text) }
    #expect(mistake?.description.contains(why) == true, "\(mistake?.description ?? "")")
  }
}
