import Testing

@testable import Scheduling

@Suite("SlipFinder") struct SlipFinderTests {
  private static let known = [
    "every", "cron", "on", "at", "time_limit", "timeout", "header", "headers", "window",
  ]

  @Test(
    "finds the word that was meant, and none where none is near",
    arguments: [
      ("evry", "every"), ("evrey", "every"), ("timelimit", "time_limit"), ("Time-Limit", "time_limit"),
      ("timout", "timeout"), ("tmieout", "timeout"), ("windows", "window"), ("headrs", "headers"),
      ("corn", "cron"), ("o", "on"), ("xyz", nil), ("", nil), ("completely_else", nil),
    ] as [(String, String?)])
  func nearest(word: String, meant: String?) {
    #expect(SlipFinder.nearest(to: word, in: Self.known) == meant)
  }

  @Test("a hint names all that are equally near, three at most")
  func hint() {
    #expect(
      SlipFinder.hint(for: "tuex", among: ["mon", "tues", "tue", "tuey"])
        == "; did you mean \"tues\" or \"tue\" or \"tuey\"?")
    #expect(SlipFinder.hint(for: "xyz", among: ["mon", "tue"]).isEmpty)
  }
}
