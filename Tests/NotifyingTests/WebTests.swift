import TestSupport
import Testing
import Values

@testable import Notifying

@Suite("Webhook, Ntfy and Ping") struct WebTests {
  private func trouble(_ body: () async throws(NotifyTrouble) -> Void) async -> NotifyTrouble {
    do {
      try await body()
      return NotifyTrouble("no trouble")
    } catch {
      return error
    }
  }

  @Test("a webhook is a POST of JSON")
  func webhook() async throws {
    let server = LoopbackServer { _, connection in connection.answer("ok") }
    defer { server.stop() }
    try await Webhook(url: server.url + "/hook?k=1", data: ["job": "backup", "list": .list([])]).send()
    let request = try #require(server.requests.first)
    #expect(request.method == "POST" && request.target == "/hook?k=1")
    #expect(request.headers["content-type"] == "application/json")
    #expect(request.text == #"{"job":"backup","list":[]}"#)
  }

  @Test(
    "an answer that is no success is trouble, with the server's words",
    arguments: [
      ("404 Not Found", "no such hook\nat all", true), ("401 Unauthorized", "", true),
      ("429 Too Many Requests", "slow down", false), ("503 Service Unavailable", "", false),
    ])
  func refusals(status: String, words: String, isPermanent: Bool) async throws {
    let server = LoopbackServer { _, connection in
      connection.answer(words, status: status, headers: ["Retry-After: 7"])
    }
    defer { server.stop() }
    let hook = try Webhook(url: server.url + "/secret-token", data: .object([:]))
    let trouble = await trouble { () async throws(NotifyTrouble) in try await hook.send() }
    #expect(trouble.description.hasPrefix("127.0.0.1:\(server.port) answered \(status)"), "\(trouble)")
    #expect(words.isEmpty || trouble.description.contains(words.prefix(9)))
    #expect(!trouble.description.contains("secret-token") && !trouble.description.contains("\n"))
    #expect(trouble.isPermanent == isPermanent)
    #expect(trouble.retryAfter == 7)
  }

  @Test("a server that does not answer in time is trouble")
  func late() async throws {
    let server = LoopbackServer { _, connection in _ = connection.waitForClose(seconds: 20) }
    defer { server.stop() }
    let hook = try Webhook(url: server.url, data: .object([:]))
    let trouble = await trouble { () async throws(NotifyTrouble) in try await hook.send(within: 0.3) }
    #expect(trouble.description == "timeout: no answer from 127.0.0.1:\(server.port) within 0.3 s")
  }

  @Test("ntfy gets its message as JSON at the server's root")
  func ntfy() async throws {
    let server = LoopbackServer { _, connection in connection.answer("{}") }
    defer { server.stop() }
    let target = "http://:tk_1@127.0.0.1:\(server.port)/sub/alerts"
    try await Ntfy(
      target: target, message: "läuft nicht", title: "backup", priority: 4, tags: ["warning"],
      click: "http://h/"
    ).send()
    let request = try #require(server.requests.first)
    #expect(request.target == "/sub")
    #expect(request.headers["authorization"] == "Basic OnRrXzE=")
    #expect(
      try DataValue(json: request.body) == [
        "topic": "alerts", "message": "läuft nicht", "title": "backup", "priority": 4,
        "tags": .list(["warning"]), "click": "http://h/",
      ])
  }

  @Test(
    "what is no topic is refused",
    arguments: ["", "a b", "a/b", "https://ntfy.sh", "https://ntfy.sh/ä", "ftp://h/t"])
  func noTopic(target: String) {
    #expect(throws: NotifyMistake.self) { try Ntfy(target: target, message: "x") }
  }

  @Test(
    "a ping tells its kind by the end of its path",
    arguments: [
      ("/uuid", Ping.Kind.start, "/uuid/start"), ("/uuid", .success, "/uuid"),
      ("/uuid/", .fail, "/uuid/fail"),
      ("/uuid?a=b", .fail, "/uuid/fail?a=b"),
    ])
  func ping(path: String, kind: Ping.Kind, target: String) async throws {
    let server = LoopbackServer { _, connection in connection.answer("OK") }
    defer { server.stop() }
    try await Ping(url: server.url + path, kind, text: "exit 1").send()
    #expect(server.requests.map(\.target) == [target])
    #expect(server.requests.first?.text == "exit 1")
  }
}
