import Testing

@testable import WebClient

@Suite("HTTPAddress") struct HTTPAddressTests {
  @Test(
    "makes a valid URL of what people write",
    arguments: [
      ("http://example.com", "http://example.com/"), ("HTTP://Example.com/A", "http://Example.com/A"),
      ("https://example.com:8443?x=1", "https://example.com:8443/?x=1"),
      ("http://h/a b/é", "http://h/a%20b/%C3%A9"),
      ("http://h/a%20b?q=a|b", "http://h/a%20b?q=a%7Cb"), ("http://h/a#top", "http://h/a"),
      ("http://h#top", "http://h/"),
      ("http://[::1]:80/x", "http://[::1]:80/x"), ("http://u:p@h/x", "http://h/x"),
      ("http://h/@x?mail=a@b", "http://h/@x?mail=a@b"),
    ])
  func repairs(text: String, url: String) throws {
    #expect(try HTTPAddress(text).url == url)
  }

  @Test(
    "refuses what is no address of a page",
    arguments: [
      ("example.com", "does not begin with http:// or https://"), ("ftp://h/", "does not begin with http"),
      ("", "does not begin"), ("http://", "has no host"), ("http:///path", "has no host"),
      ("http://:80/", "has no host"),
      ("http://h:99999/", "no valid port"), ("http://h:x/", "no valid port"),
      ("http://a b/", "a character in its host"),
      ("http://h\r\nX: y/", "a character in its host"), ("http://[::1]x/", "no valid port"),
    ])
  func refuses(text: String, message: String) {
    let misuse = #expect(throws: HTTPAddress.Problem.self) { try HTTPAddress(text) }
    #expect(misuse?.text.contains(message) == true, "\(misuse?.text ?? "nothing")")
  }

  @Test("adds a query to one that is there")
  func query() throws {
    let pairs = [("q", "a b&c"), ("ü", "1")]
    #expect(try HTTPAddress("http://h/p#f", query: pairs).url == "http://h/p?q=a%20b%26c&%C3%BC=1")
    #expect(try HTTPAddress("http://h/p?x=1", query: pairs).url == "http://h/p?x=1&q=a%20b%26c&%C3%BC=1")
    #expect(try HTTPAddress("http://h/p?", query: [("a", "")]).url == "http://h/p?a=")
  }

  @Test("takes credentials out of the address")
  func credentials() throws {
    let address = try HTTPAddress("http://me%40home:p%3Aw@h:81/")
    #expect(address.credentials == "me@home:p:w")
    #expect(address.authority == "h:81")
    #expect(address.host == "h")
  }
}
