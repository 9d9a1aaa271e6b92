import AsyncHTTPClient
import TestSupport
import Testing

@testable import HostModules

@Suite("HTTPConnections") struct HTTPConnectionsTests {
  @Test("a request goes through a proxy's tunnel, with the proxy's password")
  func proxy() async throws {
    let server = LoopbackServer { request, connection in
      if request.method == "CONNECT" {
        connection.send("HTTP/1.1 200 Connection established\r\n\r\n")
      } else {
        connection.answer("from behind the proxy")
      }
    }
    defer { server.stop() }
    let proxy = Proxies.Proxy(host: "127.0.0.1", port: Int(server.port), credentials: "me:secret")
    let client = HTTPConnections.client(through: proxy)
    let response = try await client.execute(
      HTTPClientRequest(url: "http://example.invalid/a?b=c"), timeout: .seconds(5))
    #expect(response.status == .ok)
    #expect(server.requests.map(\.target) == ["example.invalid:80", "/a?b=c"])
    #expect(server.requests.first?.headers["proxy-authorization"] == "Basic bWU6c2VjcmV0")
  }

  @Test("there is one client for each proxy")
  func shared() {
    let proxy = Proxies.Proxy(host: "127.0.0.1", port: 1)
    #expect(HTTPConnections.client(through: nil) === HTTPConnections.client(through: nil))
    #expect(HTTPConnections.client(through: proxy) === HTTPConnections.client(through: proxy))
    #expect(HTTPConnections.client(through: proxy) !== HTTPConnections.client(through: nil))
  }
}
