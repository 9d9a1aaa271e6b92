import LuaHost
import TestSupport
import Testing
import Values

@testable import HostModules

@Suite("almanac.notify") struct NotifyModuleTests {
  private let folder = TemporaryFolder()

  private func run(
    _ body: String, environment: [String: String] = [:], services: DataValue = .null,
    timeLimit: Duration = .seconds(120)
  ) async -> ScriptHost.Outcome {
    await ScriptHost.main(
      "local notify = require 'almanac.notify'\n" + body, in: folder, environment: environment,
      services: services, timeLimit: timeLimit)
  }

  @Test("webhook, ntfy and ping give true when they have been taken")
  func web() async throws {
    let server = LoopbackServer { _, connection in connection.answer("ok") }
    defer { server.stop() }
    let outcome = await run(
      """
      local url = job.env.URL
      assert(notify.webhook(url .. "/hook", { text = "done", n = 3 }, { timeout = "5s" }) == true)
      assert(notify.ntfy(url .. "/topic", "plain") == true)
      assert(notify.ntfy(url .. "/topic", { message = "m", title = "t", priority = 4, tags = { "a" } }))
      assert(notify.ping(url .. "/id", "start"))
      assert(notify.ping(url .. "/id"))
      assert(notify.ping(url .. "/id", "fail", "why"))
      """, environment: ["URL": server.url])
    #expect(outcome.end == .succeeded(result: .null))
    #expect(outcome.calledOutside)
    let requests = server.requests
    try #require(requests.map(\.target) == ["/hook", "/", "/", "/id/start", "/id", "/id/fail"])
    #expect(requests[0].text == #"{"n":3,"text":"done"}"#)
    #expect(requests[1].text == #"{"message":"plain","topic":"topic"}"#)
    #expect(requests[2].text == #"{"message":"m","priority":4,"tags":["a"],"title":"t","topic":"topic"}"#)
    #expect(requests[5].text == "why")
  }

  @Test("a mail goes through the script's server")
  func email() async throws {
    let drop = try MailDrop()
    let outcome = await run(
      """
      assert(notify.email {
        to = { "ops@example.com", "Nacht <n@example.com>" }, cc = "c@example.com", bcc = "b@example.com",
        from = "a@example.com", reply_to = "r@example.com", subject = "Prüfung", body = "ok\\n",
        smtp = { host = "127.0.0.1", port = \(drop.port) },
      })
      """)
    #expect(outcome.end == .succeeded(result: .null), "\(outcome.end)")
    let mail = try #require(drop.mails.first)
    #expect(mail.to == ["ops@example.com", "n@example.com", "c@example.com", "b@example.com"])
    #expect(mail.data.contains("Reply-To: r@example.com\r\n"))
    #expect(mail.body.hasPrefix("ok"))
  }

  @Test("the configuration's server is used, and gives its password to nobody else")
  func configured() async throws {
    let (drop, stranger) = (try MailDrop("--login", "me:secret"), try MailDrop())
    let smtp: DataValue = [
      "host": "127.0.0.1", "port": .int(Int64(drop.port)), "user": "me", "password": "secret",
      "from": "almanac@example.com",
    ]
    let outcome = await run(
      """
      local mail = { to = "ops@example.com", subject = "s", body = "b" }
      assert(notify.email(mail))
      mail.smtp = { from = "other@example.com" }
      assert(notify.email(mail))
      mail.smtp = { host = "127.0.0.1", port = \(stranger.port) }
      assert(notify.email(mail))
      """, services: ["smtp": smtp])
    #expect(outcome.end == .succeeded(result: .null), "\(outcome.end)")
    #expect(drop.mails.map(\.from) == ["almanac@example.com", "other@example.com"])
    #expect(drop.mails.map(\.user) == ["me", "me"])
    #expect(stranger.mails.count == 1 && stranger.mails.first?.user == nil)
    #expect(stranger.mails.first?.from.hasPrefix("almanac@") == true)
  }

  @Test("what does not get through is nil and a sentence")
  func trouble() async throws {
    let port = LoopbackServer.closedPort()
    let server = LoopbackServer { _, connection in connection.answer("no hook", status: "404 Not Found") }
    defer { server.stop() }
    let outcome = await run(
      """
      local errors = {}
      local function note(ok, err) assert(ok == nil) errors[#errors + 1] = err end
      note(notify.webhook(job.env.URL))
      note(notify.ntfy("http://127.0.0.1:\(port)/t", "x"))
      note(notify.email { to = "a@h", smtp = { host = "127.0.0.1", port = \(port) } })
      return errors
      """, environment: ["URL": server.url])
    #expect(
      outcome.result.asTable?.items == [
        .string("127.0.0.1:\(server.port) answered 404 Not Found: no hook"),
        .string("cannot connect to 127.0.0.1:\(port): connection refused"),
        .string("cannot connect to the mail server 127.0.0.1:\(port): connection refused"),
      ])
  }

  @Test(
    "misuse raises with the line that made it",
    arguments: [
      ("notify.webhook()", "notify.webhook: url must be a string, not nil"),
      ("notify.webhook('h')", "notify.webhook: url \"h\" does not begin with http:// or https://"),
      ("notify.webhook('http://h', print)", "notify.webhook: the data: a function has no form in JSON"),
      (
        "notify.webhook('http://h', {}, { timout = 1 })",
        "notify.webhook: unknown option `timout`: did you mean `timeout`?"
      ),
      ("notify.email()", "notify.email: a mail needs somebody to go to"),
      ("notify.email { to = 'ops' }", "notify.email: to: \"ops\" is not a mail address: it has no \"@\""),
      ("notify.email { to = { true } }", "notify.email: to must be a list of strings, and one of its items"),
      ("notify.email { too = 'a@h' }", "notify.email: unknown option `too`: did you mean `to`?"),
      (
        "notify.email { to = 'a@h', subject = 'a\\nb' }",
        "notify.email: the subject has a line break or another control character in it"
      ),
      (
        "notify.email { to = 'a@h', smtp = { tls = 'yes' } }",
        "notify.email: smtp: tls must be one of \"auto\", \"starttls\", \"tls\", \"none\", not \"yes\""
      ),
      (
        "notify.email { to = 'a@h', smtp = { prot = 25 } }",
        "notify.email: smtp: unknown option `prot`: did you mean `port`?"
      ),
      ("notify.ntfy('a/b', 'x')", "notify.ntfy: \"a/b\" is no topic"),
      ("notify.ntfy('topic')", "notify.ntfy: message is missing"),
      (
        "notify.ntfy('topic', { message = 'x', priority = 9 })",
        "notify.ntfy: priority must be a whole number from 1 to 5, not 9"
      ),
      (
        "notify.ping('http://h', 'ok')",
        "notify.ping: kind must be \"start\", \"success\" or \"fail\", not \"ok\""
      ),
    ])
  func misuse(call: String, message: String) async {
    let outcome = await run(call)
    guard case .failed(let error) = outcome.end else {
      Issue.record("\(outcome.end)")
      return
    }
    #expect(error.text.hasPrefix(message), "\(error.text)")
    #expect(error.line == 3)
  }

  @Test("a run that waits for a server ends at its time limit", .timeLimit(.minutes(10)))
  func timeLimit() async {
    let mute = LoopbackServer { _, _ in }
    defer { mute.stop() }
    let outcome = await run(
      "notify.email { to = 'a@h', smtp = { host = '127.0.0.1', port = \(mute.port) } }",
      timeLimit: .seconds(1))
    #expect(outcome.end == .timedOut)
  }
}
