import Testing
import Values

@Suite("Capability") struct CapabilityTests {
  @Test(
    "reads a kind, and what it is limited to",
    arguments: [
      ("http", Capability(.http)), ("http:API.example.com", Capability(.http, "api.example.com")),
      ("http:localhost:8080", Capability(.http, "localhost:8080")),
      ("http:*.example.com", Capability(.http, "*.example.com")), ("fs:read", Capability(.read)),
      ("fs:read:/srv", Capability(.read, "/srv")), ("fs:write:../a:b", Capability(.write, "../a:b")),
      ("process", Capability(.process)), ("process:rsync", Capability(.process, "rsync")),
      ("notify", Capability(.notify)),
    ])
  func parsing(text: String, capability: Capability) throws {
    #expect(try Capability(parsing: text) == capability)
    #expect(try Capability(parsing: capability.description) == capability)
  }

  @Test(
    "says what is wrong with another text, where it can be known what was meant",
    arguments: [
      ("", nil), ("https", nil), ("fs:reed:/srv", nil), ("Http", nil), ("httpx", nil),
      ("fs", "says not what; write \"fs:read\", \"fs:write\" or both"),
      ("fs:/srv", "says not what; write \"fs:read:/srv\", \"fs:write:/srv\" or both"),
      ("notify:me", "takes nothing after it; write \"notify\""),
      ("fs:write:", "ends in a colon; write \"fs:write\", or what it is limited to after it"),
      ("http:https://a.example/b", "a host is expected, not a URL: \"http:a.example\""),
      ("http:a.example/b", "a host is expected, without a path: \"http:a.example\""),
      ("process:a\0b", "has a zero byte in it"),
    ])
  func objections(text: String, objection: String?) {
    let error = #expect(throws: CapabilityError.self) { try Capability(parsing: text) }
    #expect(error?.objection == objection)
  }
}
