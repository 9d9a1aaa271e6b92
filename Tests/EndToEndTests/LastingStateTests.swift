import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("What lasts over the end of a daemon") struct LastingStateTests {
    private func halt(_ daemon: Process, _ signal: Int32) {
      kill(daemon.processIdentifier, signal)
      daemon.waitUntilExit()
    }

    @Test("a pause lasts over a `kill -9`; its firings are one row, which says who paused and resumed")
    func pause() async throws {
      let almanac = try Almanac()
      try almanac.save("tick.lua", "schedule = { every = '200ms' }\nfunction main() end")
      let first = try await almanac.serve()
      _ = try await almanac.endedRun(of: "tick")
      #expect(try almanac.command("pause", "tick").out == "tick is paused\n")
      #expect(try almanac.command("pause", "tick").out.hasPrefix("tick was paused already, since "))
      #expect(try almanac.command("pause", "tikc").err.contains("did you mean tick?"))
      let user = NSUserName()
      #expect(almanac.log.contains("tick: the job is paused by \(user)"))
      func pausedRow() throws -> DataValue? {
        try almanac.runs(of: "tick").first { $0["state"] == "waiting" }
      }
      try await almanac.eventually("two firings are in its row") { try pausedRow()?["count"].asInt ?? 0 > 1 }
      halt(first, SIGKILL)
      let before = try #require(try pausedRow())
      try await almanac.serve()
      #expect(try almanac.rows("jobs").first?["state"] == "paused")
      try await almanac.eventually("its row grows") {
        try pausedRow()?["count"].asInt ?? 0 > before["count"].asInt ?? .max
      }
      let byHand = try almanac.command("trigger", "tick", "--wait")
      #expect(byHand.status == 0, "a run by hand passes the pause by: \(byHand.err)")
      let why = try almanac.command("why", "tick", try #require(before["due_at"].asString)).out
      #expect(why.contains("paused    closed  paused by \(user) since "), "\(why)")
      #expect(why.contains("now      paused; "), "\(why)")

      #expect(try almanac.command("resume", "tick").out == "tick goes on\n")
      #expect(try almanac.command("resume", "tick").out == "tick was not paused\n")
      let row = try #require(try almanac.runs(of: "tick").first { $0["id"] == before["id"] })
      #expect(row["outcome"] == "skipped")
      #expect(row["reason"].asString?.hasPrefix("paused by \(user) since ") == true)
      #expect(row["reason"].asString?.hasSuffix(", resumed by \(user)") == true)
      let until = try #require(row["due_until"].asString)
      try await almanac.eventually("it runs again") {
        try almanac.runs(of: "tick", latest: 5).contains {
          $0["cause"].asString?.hasPrefix("clock:") == true && $0["due_at"].asString ?? "" > until
            && $0["outcome"] == "succeeded"
        }
      }
      #expect(almanac.log.contains("tick: the job is no longer paused"))
    }

    @Test("attempts are counted on after a `kill -9`, and intervals grow as far as they may") func retries()
      async throws
    {
      let almanac = try Almanac()
      try almanac.save(
        "fails.lua",
        """
        schedule = { every = "1h", retry = {
          count = 3, interval = "2s", backoff = 3, max_interval = "2500ms", jitter = "100ms" } }
        function main(run) print("attempt " .. run.attempt) error("no") end
        """)
      let first = try await almanac.serve()
      try await almanac.eventually("it waits for its second attempt") {
        try almanac.runs(of: "fails").first?["error"] != .null
      }
      halt(first, SIGKILL)
      try await almanac.serve()
      let row = try await almanac.endedRun(of: "fails")
      #expect(row["outcome"] == "failed" && row["attempt"] == 4)
      #expect(try almanac.runs(of: "fails").count == 1)
      let lines = try almanac.rows("logs", "fails").filter {
        $0["message"].asString?.hasPrefix("attempt") == true
      }
      let at = try lines.map { try Stamp.seconds($0["at"]) }
      try #require(lines.map { $0["message"] } == ["attempt 1", "attempt 2", "attempt 3", "attempt 4"])
      // 2 s, then 6 s and 18 s, which are cut to 2.5 s; each and up to 100 ms.
      for (pair, least) in zip(zip(at, at.dropFirst()), [2, 2.5, 2.5]) {
        #expect(pair.1 - pair.0 > least - 0.01)
      }
      #expect(try almanac.command("why", "fails").out.contains("not tried again: retry.count = 3 is used up"))
    }

    @Test(
      "what was missed is made up as the job says: each, oldest first, or none that is too old", .takesLong)
    func catchUp() async throws {
      let almanac = try Almanac()
      let first = try await almanac.serve()
      // One instant long ago for the one, three a moment ago for all.
      let due = [8.0, 22, 22.1, 22.2].map { Stamp.after($0) }
      let list = due.map { "\"\($0)\"" }.joined(separator: ", ")
      for (job, within) in [("each", "1h"), ("recent", "14s")] {
        try almanac.save(
          "\(job).lua",
          """
          schedule = { at = { \(list) }, late_within = "100ms", catch_up = "all", catch_up_within = "\(within)" }
          function main(run) return run.due_at end
          """)
      }
      try await almanac.eventually("both are live") {
        ["each", "recent"].allSatisfy { almanac.log.contains("\($0): the job is live") }
      }
      halt(first, SIGKILL)
      try #require(Stamp.after(0) < due[0], "this machine is too slow for the test")
      try await almanac.eventually("all of it is past") { Stamp.after(-0.4) > due[3] }
      try await almanac.serve()
      for job in ["each", "recent"] { _ = try await almanac.endedRun(of: job, count: 4) }
      let each = try almanac.runs(of: "each").reversed()
      #expect(each.map { $0["due_at"].asString } == due)
      #expect(each.map { $0["result"].asString } == due, "oldest first")
      #expect(
        try almanac.command("why", "each").out.contains("was missed, and is made up: catch_up = \"all\""))
      let oldest = try #require(try almanac.runs(of: "recent").last)
      #expect(oldest["due_at"].asString == due[0] && oldest["outcome"] == "missed")
      #expect(oldest["reason"] == "older than catch_up_within (14s)")
    }

    @Test("a renamed job takes its history along as soon as the old file is gone") func formerly()
      async throws
    {
      let almanac = try Almanac()
      try almanac.save("old.lua", "schedule = { every = '1h' }\nfunction main() return 'mine' end")
      try await almanac.serve()
      let run = try await almanac.endedRun(of: "old")
      try almanac.command("pause", "old")
      try almanac.save(
        "new.lua", "schedule = {\n  every = '1h', formerly = 'old' }\nfunction main() return 'mine' end")
      try await almanac.eventually("it is refused as long as the old one is there") {
        almanac.log.contains("jobs/new.lua:2: schedule.formerly: the job old is still there")
      }
      #expect(try almanac.run(["check", almanac.jobs]).out.contains("the job old is still there"))
      try FileManager.default.removeItem(atPath: almanac.jobs + "/old.lua")
      try await almanac.eventually("the new one has the history") {
        try almanac.runs(of: "new").map { $0["id"] } == [run["id"]]
      }
      let row = try #require(try almanac.rows("jobs").first)
      #expect(row["job"] == "new" && row["state"] == "paused" && row["last_outcome"] == "succeeded")
      #expect(try almanac.runs(of: "old").isEmpty)

      func other(_ settings: String) throws {
        try almanac.save("other.lua", "schedule = { every = '1h'\(settings) }\nfunction main() end")
      }
      try other("")
      _ = try await almanac.endedRun(of: "other")
      try FileManager.default.removeItem(atPath: almanac.jobs + "/new.lua")
      try other(", formerly = 'new'")
      try await almanac.eventually("two histories are not mixed") {
        almanac.log.contains("other: schedule.formerly: the history of new stays under that name")
      }
      #expect(try almanac.runs(of: "new").count == 1 && almanac.runs(of: "other").count == 1)
    }

    @Test("a renamed job goes live when what runs under its old name has ended, and has what that kept")
    func renamedWhileItRuns() async throws {
      let almanac = try Almanac()
      func save(_ name: String, _ settings: String) throws {
        try almanac.save(
          name + ".lua",
          """
          local fs, job, kv = require "almanac.fs", require "almanac.job", require "almanac.kv"
          schedule = { restart_after = "1h"\(settings) }
          function main()
            local n = kv.incr("n")
            while n == 1 and not fs.exists("../go") do job.sleep(0.02) end
            return n
          end
          """)
      }
      try save("old", "")
      try await almanac.serve()
      try await almanac.eventually("it runs") { try almanac.runs(of: "old").first?["state"] == "running" }
      try FileManager.default.removeItem(atPath: almanac.jobs + "/old.lua")
      try await almanac.eventually("the old one is gone") { almanac.log.contains("old: the job was removed") }
      try save("new", ", formerly = 'old'")
      try await almanac.eventually("the new one waits") {
        almanac.log.contains("new.lua: schedule.formerly: run 1 of old goes on")
      }
      try Data().write(to: URL(fileURLWithPath: almanac.root + "/go"))
      let row = try await almanac.endedRun(of: "new", count: 2)
      #expect(row["result"] == 2, "\(row)")
    }
  }
}
