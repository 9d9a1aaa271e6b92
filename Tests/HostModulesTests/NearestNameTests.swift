import Testing

@testable import HostModules

@Suite("NearestName") struct NearestNameTests {
  @Test(
    "finds the name that was meant, or none",
    arguments: [
      ("timout", "timeout"), ("tmieout", "timeout"), ("header", "headers"), ("Method", "method"),
      ("tofile", "to_file"),
      ("jsno", "json"), ("retry", nil), ("x", nil), ("", nil), ("callback", nil),
    ])
  func suggestion(name: String, expected: String?) {
    #expect(NearestName.suggestion(for: name, among: HTTPPlan.options) == expected)
  }
}
