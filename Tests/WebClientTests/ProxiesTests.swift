import Testing

@testable import WebClient

@Suite("Proxies") struct ProxiesTests {
  private func proxy(_ environment: [String: String], _ url: String) throws -> Proxies.Proxy? {
    Proxies { environment[$0] }.proxy(for: try HTTPAddress(url))
  }

  @Test("takes the proxy of the address' scheme")
  func byScheme() throws {
    let environment = ["http_proxy": "http://plain:3128", "HTTPS_PROXY": "secure:8080"]
    #expect(try proxy(environment, "http://a/") == .init(host: "plain", port: 3128))
    #expect(try proxy(environment, "https://a/") == .init(host: "secure", port: 8080))
    #expect(try proxy(["http_proxy": "http://plain:3128"], "https://a/") == nil)
    #expect(try proxy([:], "http://a/") == nil)
    #expect(try proxy(["http_proxy": ""], "http://a/") == nil)
  }

  @Test(
    "reads the forms in which proxies are given",
    arguments: [
      ("http://me:s%40fe@p:1/", Proxies.Proxy(host: "p", port: 1, credentials: "me:s@fe")),
      ("p", .init(host: "p", port: 80)),
      ("socks5://p", .init(kind: .socks, host: "p", port: 1080)),
      ("http://[::1]:99", .init(host: "::1", port: 99)),
    ])
  func forms(text: String, expected: Proxies.Proxy) throws {
    #expect(try proxy(["all_proxy": text], "https://a/") == expected)
  }

  @Test(
    "goes around the proxy for the exceptions",
    arguments: [
      ("*", "http://a.example.com/", true), ("example.com", "http://example.com/", true),
      ("example.com", "http://a.example.com/", true),
      (".example.com", "http://a.example.com/", true), ("*.example.com", "http://a.example.com/", true),
      ("example.com", "http://badexample.com/", false),
      ("localhost, 127.0.0.1", "http://127.0.0.1:99/", true),
      ("h:80", "http://h:80/", true), ("h:80", "http://h:81/", false),
      ("EXAMPLE.com", "http://Example.COM/", true),
      ("", "http://a/", false),
    ])
  func exceptions(list: String, url: String, isDirect: Bool) throws {
    #expect((try proxy(["http_proxy": "p:1", "no_proxy": list], url) == nil) == isDirect)
  }
}
