import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("Hot reload") struct HotReloadTests {
    private func text(_ version: String) -> String {
      "schedule = { every = '1h' }\nfunction main() return '\(version)' end"
    }

    private func result(_ almanac: Almanac, _ job: String) throws -> String {
      try almanac.command("trigger", job, "--wait").out.trimmingCharacters(in: .newlines)
    }

    @Test("a changed, added, renamed and removed file is live at once") func lives() async throws {
      let almanac = try Almanac()
      try almanac.save("a.lua", text("one"))
      try await almanac.serve()
      #expect(try result(almanac, "a") == "one")
      // Renamed over, as most editors do.
      try almanac.save("a.lua", text("two"))
      try await almanac.eventually("the new version is live") { try result(almanac, "a") == "two" }
      // Written in place.
      let handle = try #require(FileHandle(forWritingAtPath: almanac.jobs + "/a.lua"))
      try handle.truncate(atOffset: 0)
      handle.write(Data(text("three").utf8))
      try handle.close()
      try await almanac.eventually("the version written in place is live") {
        try result(almanac, "a") == "three"
      }
      try almanac.save("deep/er/b.lua", text("b"))
      try await almanac.eventually("a job in a new folder is live") {
        try almanac.command("trigger", "deep/er/b", "--wait").out == "b\n"
      }
      try FileManager.default.moveItem(atPath: almanac.jobs + "/a.lua", toPath: almanac.jobs + "/c.lua")
      try await almanac.eventually("the renamed job is live") {
        try almanac.rows("jobs").contains { $0["job"] == "c" }
      }
      #expect(try !almanac.rows("jobs").contains { $0["job"] == "a" })
      try FileManager.default.removeItem(atPath: almanac.jobs + "/c.lua")
      try await almanac.eventually("the removed job is gone") {
        try !almanac.rows("jobs").contains { $0["job"] == "c" }
      }
    }

    @Test("a version that does not load is reported, and the last good one stays") func broken() async throws
    {
      let almanac = try Almanac()
      try almanac.save("a.lua", text("good"))
      try await almanac.serve()
      try almanac.save("a.lua", "schedule = { every = '1h' }\nfunction main() return 'bad' en")
      try await almanac.eventually("the error is logged") { almanac.log.contains("a.lua:2:") }
      #expect(try result(almanac, "a") == "good")
      let row = try #require(try almanac.rows("jobs").first { $0["job"] == "a" })
      #expect(row["error"].asString?.contains("a.lua:2:") == true)
      #expect(row["state"] != "refused")
      try almanac.save("a.lua", text("mended"))
      try await almanac.eventually("the mended version is live") { try result(almanac, "a") == "mended" }
      #expect(try almanac.rows("jobs").first { $0["job"] == "a" }?["error"] == .null)
    }

    @Test("a run in progress ends on the version that it started with") func inProgress() async throws {
      let almanac = try Almanac()
      let slow =
        "schedule = {}\nfunction main() require('almanac.job').sleep('1500ms') return VERSION end\nVERSION = "
      try almanac.save("a.lua", slow + "'old'")
      try await almanac.serve()
      #expect(try almanac.command("trigger", "a").status == 0)
      try await almanac.eventually("it runs") { try almanac.runs(of: "a").first?["state"] == "running" }
      try almanac.save("a.lua", slow + "'new'")
      let row = try await almanac.endedRun(of: "a")
      #expect(row["result"] == "old")
      #expect(try result(almanac, "a") == "new")
    }

    @Test("a folder job is reloaded when one of its modules changes") func folderJob() async throws {
      let almanac = try Almanac()
      try almanac.save("box/main.lua", "local m = require 'part'\nfunction main() return m.value end")
      try almanac.save("box/part.lua", "return { value = 'one' }")
      try await almanac.serve()
      #expect(try result(almanac, "box") == "one")
      try almanac.save("box/part.lua", "return { value = 'two' }")
      try await almanac.eventually("the new module is live") { try result(almanac, "box") == "two" }
    }

    @Test("a schedule that did not change keeps its next due instant; a changed one never fires for the past")
    func keepsDue() async throws {
      let almanac = try Almanac()
      try almanac.save("a.lua", text("one"))
      try await almanac.serve()
      _ = try await almanac.endedRun(of: "a")
      let due = { try almanac.rows("jobs").first { $0["job"] == "a" }?["next_due_at"].asString }
      let first = try #require(try due())
      try almanac.save("a.lua", text("two") + "\n-- a comment")
      try await almanac.eventually("the new version is live") { try result(almanac, "a") == "two" }
      #expect(try due() == first)
      try almanac.save("a.lua", "schedule = { cron = '* * * * *' }\nfunction main() return 'three' end")
      try await almanac.eventually("the new version is live") { try result(almanac, "a") == "three" }
      let clock = try almanac.runs(of: "a").filter { $0["trigger"].asString?.hasPrefix("cron") == true }
      #expect(clock.allSatisfy { ($0["due_at"].asString ?? "") >= first.prefix(10) })
      #expect(clock.count <= 1, "nothing of the past fires")
    }
  }
}
