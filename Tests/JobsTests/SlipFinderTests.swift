import Testing

@testable import Jobs

@Suite("SlipFinder")
struct SlipFinderTests {
  @Test(
    "finds the word that was meant, and none where none is near",
    arguments: [
      ("evry", "every"), ("evrey", "every"), ("timelimit", "time_limit"), ("Time-Limit", "time_limit"),
      ("windows", "window"), ("retrys", "retry"), ("corn", "cron"), ("xyz", nil), ("", nil), ("o", "on"),
      ("restartafter", "restart_after"), ("completely_else", nil),
    ] as [(String, String?)])
  func nearest(word: String, meant: String?) {
    #expect(SlipFinder.nearest(to: word, in: KeyList.schedule.known) == meant)
  }
}
