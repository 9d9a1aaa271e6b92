import NIOHTTP1
import TestSupport
import Testing

@testable import WebClient

@Suite("HTTPConnections") struct HTTPConnectionsTests {
  private let proxy = Proxies.Proxy(host: "127.0.0.1", port: 1)

  @Test("there is one client for each way out")
  func shared() {
    #expect(HTTPConnections.client(.direct) === HTTPConnections.client(.direct))
    #expect(HTTPConnections.client(.tunnel(proxy)) === HTTPConnections.client(.tunnel(proxy)))
    #expect(HTTPConnections.client(.tunnel(proxy)) !== HTTPConnections.client(.direct))
    #expect(HTTPConnections.client(.tunnel(proxy)) !== HTTPConnections.client(.forward(proxy)))
  }

  @Test("plain HTTP is handed to a proxy, what must be safe or goes by SOCKS is tunnelled")
  func routes() throws {
    let proxies = Proxies { ["all_proxy": "http://127.0.0.1:1", "no_proxy": "near"][$0] }
    let socks = Proxies { ["all_proxy": "socks5://127.0.0.1:1"][$0] }
    let page = try HTTPAddress("http://far/")
    #expect(HTTPConnections.route(to: page, proxies: proxies) == .forward(proxy))
    #expect(HTTPConnections.route(to: try HTTPAddress("https://far/"), proxies: proxies) == .tunnel(proxy))
    #expect(HTTPConnections.route(to: try HTTPAddress("http://near/"), proxies: proxies) == .direct)
    #expect(
      HTTPConnections.route(to: page, proxies: socks)
        == .tunnel(.init(kind: .socks, host: "127.0.0.1", port: 1)))
  }
}
