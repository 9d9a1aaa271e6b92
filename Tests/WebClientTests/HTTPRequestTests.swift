import AsyncHTTPClient
import Glibc
import NIOHTTP1
import Scheduling
import TestSupport
import Testing

@testable import WebClient

@Suite("HTTPRequest.send") struct HTTPRequestTests {
  /// What a request through a proxy is like, seen from the proxy.
  private func send(_ url: String, through proxies: Proxies) async throws -> String {
    let request = HTTPRequest(try HTTPAddress(url))
    let (response, address) = try await request.send(through: proxies)
    let body = try await response.body.collect(upTo: 1 << 20)
    return "\(address.url) \(String(buffer: body))"
  }

  @Test("plain HTTP goes to a proxy with its whole address and the proxy's password")
  func forwarded() async throws {
    let proxy = LoopbackServer { request, connection in
      if request.target == "http://far.invalid/old" {
        return connection.answer("", status: "302 Found", headers: ["Location: http://near.invalid:81/new"])
      }
      connection.answer("\(request.target) for \(request.headers["host"] ?? "")")
    }
    defer { proxy.stop() }
    let proxies = Proxies { ["http_proxy": "http://me:secret@127.0.0.1:\(proxy.port)"][$0] }
    #expect(
      try await send("http://far.invalid/a?b=c", through: proxies)
        == "http://far.invalid/a?b=c http://far.invalid/a?b=c for far.invalid")
    #expect(proxy.requests.first?.headers["proxy-authorization"] == "Basic bWU6c2VjcmV0")
    // A redirect is followed by its own address, not by that of the proxy.
    #expect(
      try await send("http://far.invalid/old", through: proxies)
        == "http://near.invalid:81/new http://near.invalid:81/new for near.invalid:81")
    // One is free again a moment after its answer is there: the next request may be quicker than that.
    for _ in 0..<20 { _ = try await send("http://far.invalid/", through: proxies) }
    #expect(proxy.connections < 10, "connections are used again")
  }

  @Test("what must be safe goes through a tunnel")
  func tunnelled() async throws {
    let proxy = LoopbackServer { _, connection in connection.answer("no", status: "407 Proxy Authentication")
    }
    defer { proxy.stop() }
    let proxies = Proxies { ["https_proxy": "127.0.0.1:\(proxy.port)"][$0] }
    let trouble = await #expect(throws: HTTPTrouble.self) {
      try await send("https://far.invalid/", through: proxies)
    }
    #expect(trouble?.description == "the proxy on the way to far.invalid wants a password")
    #expect(proxy.requests.map(\.target) == ["far.invalid:443"])
  }

  @Test("a proxy that is not there is named")
  func noProxy() async throws {
    let port = LoopbackServer.closedPort()
    let proxies = Proxies { ["all_proxy": "127.0.0.1:\(port)"][$0] }
    for url in ["http://far.invalid/", "https://far.invalid/"] {
      let trouble = await #expect(throws: HTTPTrouble.self) { try await send(url, through: proxies) }
      #expect(
        trouble?.description
          == "cannot connect to the proxy 127.0.0.1:\(port) on the way to far.invalid: connection refused")
      #expect(trouble?.isUnsent == true)
    }
  }

  @Test("a redirect to what is no page says so")
  func nowhere() async throws {
    let server = LoopbackServer { _, connection in
      connection.answer("", status: "302 Found", headers: ["Location: ftp://h/x"])
    }
    defer { server.stop() }
    let direct = Proxies { _ in nil }
    let trouble = await #expect(throws: HTTPTrouble.self) { try await send(server.url, through: direct) }
    #expect(trouble?.description.contains("redirects to where no request can go") == true)
  }

  @Test("a redirect is not followed to where the caller does not want to go")
  func objection() async throws {
    let server = LoopbackServer { _, connection in
      connection.answer("", status: "302 Found", headers: ["Location: http://other.invalid/"])
    }
    defer { server.stop() }
    var request = HTTPRequest(try HTTPAddress(server.url))
    request.objection = { "not to \($0.host)" }
    let asked = request
    let trouble = await #expect(throws: HTTPTrouble.self) { try await asked.send() }
    #expect(
      trouble?.description == "127.0.0.1:\(server.port) redirects to other.invalid: not to other.invalid")
  }

  @Test(
    "follows a location as browsers do",
    arguments: [
      ("http://o/x", "http://o/x"), ("//o/x", "http://o/x"), ("/x", "http://h:1/x"), ("x", "http://h:1/a/x"),
      ("?q=2", "http://h:1/a/b?q=2"), ("../x?y", "http://h:1/x?y"), ("./", "http://h:1/a/"),
      ("..", "http://h:1/"),
      ("../../../x", "http://h:1/x"), ("#top", "http://h:1/a/b?q=1"), ("HTTPS://o", "https://o/"),
      ("/a:b", "http://h:1/a:b"),
    ])
  func locations(location: String, target: String) throws {
    #expect(try HTTPAddress("http://h:1/a/b?q=1").following(location).url == target)
  }

  @Test(
    "reads how long to wait",
    arguments: [
      ("120", 120.0), ("0", 0), ("Sat, 21 Nov 2026 02:00:30 GMT", 30), ("Sat, 21 Nov 2026 01:00:00 GMT", 0),
      ("-5", nil), ("soon", nil), ("Sat, 21 Foo 2026 02:00:30 GMT", nil), ("inf", nil),
    ])
  func retryAfter(text: String, seconds: Double?) throws {
    let now = try Instant(parsing: "2026-11-21T02:00:00Z", in: .utc)
    #expect(RetryAfter.seconds(in: ["Retry-After": text], now: now) == seconds)
  }
}
