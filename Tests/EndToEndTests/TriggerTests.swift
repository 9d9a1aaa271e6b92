import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("Triggers") struct TriggerTests {
    @Test("`at` fires once at each of its instants, and never for one that is past") func once() async throws
    {
      let almanac = try Almanac()
      try await almanac.serve()
      let due = [Stamp.after(4), Stamp.after(5)]
      try almanac.save(
        "a.lua",
        """
        schedule = { at = { "2020-01-01T00:00:00Z", "\(due[0])", "\(due[1])" } }
        function main(run) return run.due_at end
        """)
      try await almanac.eventually("it has a next due instant") {
        try almanac.rows("jobs").first?["next_due_at"].asString == due[0]
      }
      _ = try await almanac.endedRun(of: "a", count: 2)
      let rows = try almanac.runs(of: "a").reversed()
      #expect(rows.map { $0["due_at"].asString } == due)
      #expect(rows.map { $0["result"].asString } == due)
      for row in rows {
        #expect(row["outcome"] == "succeeded")
        #expect(row["cause"].asString == "clock:\(row["due_at"].asString ?? "")")
        #expect(try Stamp.seconds(row["started_at"]) >= Stamp.seconds(row["due_at"]))
      }
      #expect(try almanac.rows("jobs").first?["next_due_at"] == .null)
    }

    @Test("`after` hears of an end that came while the job was still being loaded") func afterAtStart()
      async throws
    {
      let almanac = try Almanac()
      try almanac.save("first.lua", "schedule = { on = 'startup' }\nfunction main() return 'ok' end")
      // It is live when the other job's run of the same start has long ended.
      try almanac.save(
        "slow.lua",
        """
        schedule = { after = "first" }
        function initialize()
          local till = os.clock() + 0.7
          while os.clock() < till do end
        end
        function main(run) return run.trigger end
        """)
      for start in 1...2 {
        let daemon = try await almanac.serve()
        let first = try await almanac.endedRun(of: "first", count: start)
        if start == 2 {
          let cause = DataValue.string("after:\(first["id"].asInt ?? 0)")
          try await almanac.eventually("the run that follows") {
            try almanac.runs(of: "slow").first?["cause"] == cause
          }
        }
        #expect(try almanac.command("stop").status == 0)
        daemon.waitUntilExit()
      }
      let causes = try almanac.runs(of: "slow").map { $0["cause"] }
      #expect(Set(causes.compactMap(\.asString)).count == causes.count, "once for each end")
    }

    @Test("`restart_after` counts from the end of a run, however it ended, and over a restart")
    func restartAfter() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "keep.lua",
        """
        schedule = { restart_after = "400ms", retry = { count = 1, interval = "100ms" } }
        count = 0
        function main(run)
          require("almanac.job").sleep("100ms")
          count = count + 1
          if count > 2 and count < 5 then error("falls over") end
        end
        """)
      let daemon = try await almanac.serve()
      _ = try await almanac.endedRun(of: "keep", count: 4)
      #expect(try almanac.command("stop").status == 0)
      daemon.waitUntilExit()
      let before = try almanac.runs(of: "keep").count
      try await almanac.serve()
      _ = try await almanac.endedRun(of: "keep", count: before + 2)
      let rows = Array(try almanac.runs(of: "keep").filter { $0["state"] == "ended" }.reversed())
      #expect(rows.map { $0["outcome"] }.prefix(3) == ["succeeded", "succeeded", "failed"])
      #expect(rows.map { $0["attempt"] }.prefix(3) == [1, 1, 2])
      for (row, next) in zip(rows, rows.dropFirst()) {
        #expect(row["trigger"].asString == "restart_after = \"400ms\"")
        let wait = try Stamp.seconds(next["due_at"]) - Stamp.seconds(row["ended_at"])
        #expect(wait > 0.398 && wait < 0.402, "after run \(row["id"]): \(wait) s")
      }
    }

    @Test("triggers that are due at one instant make one run, named after the first") func together()
      async throws
    {
      let almanac = try Almanac()
      try almanac.save(
        "a.lua",
        """
        schedule = { triggers = {
          { name = "even", every = "2s", start_at = "2020-01-01T00:00:00Z" },
          { name = "each", every = "1s", start_at = "2020-01-01T00:00:00Z" },
          { cron = "*/2 * * * * *" },
        } }
        function main(run) return run.trigger end
        """)
      let daemon = try await almanac.serve()
      _ = try await almanac.endedRun(of: "a", count: 5)
      #expect(try almanac.command("stop").status == 0)
      daemon.waitUntilExit()
      let rows = try almanac.runs(of: "a")
      let due = try rows.map { try Stamp.seconds($0["due_at"]) }
      #expect(Set(due).count == due.count, "an instant has two rows")
      for (row, due) in zip(rows, due) {
        let name: DataValue = due.truncatingRemainder(dividingBy: 2) == 0 ? "even" : "each"
        #expect(row["trigger"] == name)
        if row["outcome"] == "succeeded" { #expect(row["result"] == name) }
      }
      #expect(rows.contains { $0["trigger"] == "even" } && rows.contains { $0["trigger"] == "each" })
    }

    @Test("what was due while nobody was there is missed in one row, or made up by one run")
    func downtime() async throws {
      let almanac = try Almanac()
      let daemon = try await almanac.serve()
      let due = (0..<4).map { Stamp.after(8 + Double($0) / 2) }
      let list = due.map { "\"\($0)\"" }.joined(separator: ", ")
      for (job, setting) in [("missed", "false"), ("made_up", "true")] {
        try almanac.save(
          "\(job).lua",
          """
          schedule = { at = { \(list) }, late_within = "100ms", start_when_available = \(setting) }
          function main(run) return run.due_at end
          """)
      }
      try await almanac.eventually("both are live") {
        ["missed", "made_up"].allSatisfy { almanac.log.contains("\($0): the job is live") }
      }
      kill(daemon.processIdentifier, SIGKILL)
      daemon.waitUntilExit()
      try #require(Stamp.after(0) < due[0], "this machine is too slow for the test")
      try await almanac.eventually("all of it is past") { Stamp.after(-0.3) > due[3] }
      try await almanac.serve()
      let run = try await almanac.endedRun(of: "made_up", count: 2)
      #expect(run["outcome"] == "succeeded")
      #expect(run["due_at"].asString == due[3])
      #expect(run["result"].asString == due[3])
      #expect(run["count"] == 1 && run["due_until"] == .null)
      let made = try almanac.runs(of: "made_up")
      #expect(made.count == 2)
      try expectMissed(made.last, from: due[0], until: due[2], count: 3)
      _ = try await almanac.endedRun(of: "missed")
      let missed = try almanac.runs(of: "missed")
      #expect(missed.count == 1)
      try expectMissed(missed.first, from: due[0], until: due[3], count: 4)
    }

    private func expectMissed(_ row: DataValue?, from: String, until: String, count: DataValue) throws {
      let row = try #require(row)
      #expect(row["outcome"] == "missed")
      #expect(row["reason"].asString?.contains("late_within") == true)
      #expect(row["due_at"].asString == from)
      #expect(row["due_until"].asString == until)
      #expect(row["count"] == count)
      #expect(row["started_at"] == .null)
      #expect(row["attempt"] == 0)
    }

    @Test(
      "`run_on_startup` runs once a start of the daemon, whatever the window; `on = \"startup\"` heeds it")
    func startup() async throws {
      let almanac = try Almanac()
      let window = ShutWindow()
      try almanac.save(
        "short.lua",
        "schedule = { run_on_startup = true, every = '24h', \(window.settings) }\nfunction main() return 'up' end"
      )
      try almanac.save(
        "gated.lua", "schedule = { on = 'startup', \(window.settings) }\nfunction main() return 'up' end")
      try almanac.save("open.lua", "schedule = { on = 'startup' }\nfunction main() return 'up' end")
      for start in 1...2 {
        let daemon = try await almanac.serve()
        for job in ["short", "gated", "open"] { _ = try await almanac.endedRun(of: job, count: start) }
        // A job that comes later has missed the start.
        try almanac.save("late\(start).lua", "schedule = { run_on_startup = true }\nfunction main() end")
        try await almanac.eventually("it is live") {
          try almanac.rows("jobs").contains { $0["job"].asString == "late\(start)" }
        }
        kill(daemon.processIdentifier, SIGTERM)
        daemon.waitUntilExit()
      }
      for job in ["short", "open"] {
        let rows = try almanac.runs(of: job)
        #expect(rows.count == 2)
        #expect(rows.allSatisfy { $0["outcome"] == "succeeded" && $0["result"] == "up" })
        #expect(Set(rows.map { $0["cause"].asString }).count == 2)
        #expect(rows.allSatisfy { $0["cause"].asString?.hasPrefix("startup:") == true })
      }
      let gated = try almanac.runs(of: "gated")
      #expect(gated.count == 2)
      #expect(gated.allSatisfy { $0["outcome"] == "skipped" && $0["reason"].asString == window.reason })
      #expect(try almanac.runs(of: "late1").count == 1, "at the second start it was there")
      #expect(try almanac.runs(of: "late2").isEmpty)
    }
  }
}
