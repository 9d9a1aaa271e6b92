import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("Settings of a job") struct SettingsTests {
    private func result(_ almanac: Almanac, _ job: String) throws -> String {
      try almanac.command("trigger", job, "--wait").out.trimmingCharacters(in: .newlines)
    }

    @Test("`fresh_state` gives every run a state of its own; else globals last") func freshState()
      async throws
    {
      let almanac = try Almanac()
      let text = "\nn = 0\nfunction initialize() return 'set up' end\nfunction main() n = n + 1 return n end"
      try almanac.save("fresh.lua", "schedule = { fresh_state = true }" + text)
      try almanac.save("lasting.lua", "schedule = {}" + text)
      try await almanac.serve()
      #expect(try (0..<3).map { _ in try result(almanac, "fresh") } == ["1", "1", "1"])
      #expect(try (0..<3).map { _ in try result(almanac, "lasting") } == ["1", "2", "3"])
      let greetings = { (job: String) in
        try almanac.rows("logs", job).filter { $0["message"].asString?.contains("set up") == true }.count
      }
      #expect(try greetings("fresh") >= 3)
      #expect(try greetings("lasting") == 1)
    }

    @Test(
      "`host = \"own\"` has a process to itself: its fall is nobody else's",
      arguments: [
        // What has called outside may have done anything: its run is interrupted.
        ("assert(require('almanac.fs').write(require('almanac.job').output('trace'), 'x'))", false),
        // What has not is started again, uncounted.
        ("", true),
      ])
    func ownHost(before: String, startsAgain: Bool) async throws {
      let almanac = try Almanac()
      let body = "function main() \(before) require('almanac.job').sleep('2s') return 'done' end"
      try almanac.save("shared.lua", "schedule = {}\n" + body)
      let daemon = try await almanac.serve(["--hosts", "1"])
      #expect(try almanac.command("trigger", "shared").status == 0)
      try await almanac.eventually("it runs") { try almanac.runs(of: "shared").first?["started_at"] != .null }
      let others = Set(Processes.children(of: daemon.processIdentifier))
      try almanac.save("own.lua", "schedule = { host = 'own' }\n" + body)
      try await almanac.eventually("it is live") { try almanac.rows("jobs").contains { $0["job"] == "own" } }
      #expect(try almanac.command("trigger", "own").status == 0)
      try await almanac.eventually("it runs") {
        try almanac.runs(of: "own").first?["started_at"] != .null
          && (startsAgain || almanac.read("state/output/own/trace") != nil)
      }
      let own = Set(Processes.children(of: daemon.processIdentifier)).subtracting(others)
      #expect(own.count == 1)
      for host in own { kill(host, SIGKILL) }
      let fallen = try await almanac.endedRun(of: "own")
      #expect(fallen["outcome"].asString == (startsAgain ? "succeeded" : "interrupted"))
      #expect(fallen["attempt"] == 1)
      if !startsAgain { #expect(fallen["reason"].asString?.contains("host process") == true) }
      let other = try await almanac.endedRun(of: "shared")
      #expect(other["outcome"] == "succeeded")
      #expect(other["attempt"] == 1)
      #expect(Set(Processes.children(of: daemon.processIdentifier)).isSuperset(of: others))
      #expect(try result(almanac, "own") == "done")
      #expect(daemon.isRunning)
    }

    @Test("`job.retry_after` is tried again when it asked to be, not when `retry` says")
    func retryAfter() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "busy.lua",
        """
        schedule = { every = "1h", retry = { count = 2, interval = "1h" } }
        function main(run)
          if run.attempt < 3 then
            pcall(function() require("almanac.job").retry_after("300ms", "busy " .. run.attempt) end)
          end
          return "at last"
        end
        """)
      try almanac.save(
        "never.lua",
        "schedule = { every = '1h' }\nfunction main() require('almanac.job').retry_after('1s', 'busy') end")
      try await almanac.serve()
      let row = try await almanac.endedRun(of: "busy")
      #expect(row["outcome"] == "succeeded")
      #expect(row["attempt"] == 3)
      #expect(row["result"] == "at last")
      #expect(row["error"] == .null)
      let took = try Stamp.seconds(row["ended_at"]) - Stamp.seconds(row["started_at"])
      #expect(took >= 0.6)
      #expect(almanac.log.contains("busy 1") && almanac.log.contains("busy 2"))
      let never = try await almanac.endedRun(of: "never")
      #expect(never["outcome"] == "failed")
      #expect(never["attempt"] == 1)
      #expect(never["error"] == "busy")
      #expect(never["reason"].asString?.contains("1s") == true)
    }

    @Test("`job.fatal` ends the run from any depth, and is not tried again") func fatal() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "bad.lua",
        """
        schedule = { every = "1h", retry = { count = 5, interval = "10ms" } }
        function main()
          pcall(coroutine.wrap(function() pcall(require("almanac.job").fatal, "bad credentials") end))
          return "not reached"
        end
        """)
      try await almanac.serve()
      let row = try await almanac.endedRun(of: "bad")
      #expect(row["outcome"] == "failed")
      #expect(row["attempt"] == 1)
      #expect(row["error"] == "bad credentials")
      #expect(row["result"] == .null)
    }

    @Test("a manual run of a job that runs is skipped, and says which run is in its way")
    func manualOverlap() async throws {
      let almanac = try Almanac()
      try almanac.save("slow.lua", "function main() require('almanac.job').sleep(60) end")
      try await almanac.serve()
      let first = try almanac.command("trigger", "slow").out.trimmingCharacters(in: .newlines)
      try await almanac.eventually("it runs") { try almanac.runs(of: "slow").first?["state"] == "running" }
      for command in ["trigger", "run"] {
        let second =
          try command == "run" ? almanac.command("run", "slow") : almanac.command("trigger", "slow", "--wait")
        #expect(second.status == 0)
        #expect(second.err.contains("overlap: run \(first) was still running"))
      }
      let rows = try almanac.runs(of: "slow")
      #expect(rows.count == 3)
      #expect(rows.prefix(2).allSatisfy { $0["outcome"] == "skipped" && $0["attempt"] == 0 })
      #expect(rows.last?["state"] == "running")
    }

    @Test("a retry waits its turn: the next firing takes its place") func retryMeetsFiring() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "a.lua",
        """
        schedule = { every = "1s", retry = { count = 1, interval = "1h" } }
        function main() error("no") end
        """)
      try await almanac.serve()
      let row = try await almanac.endedRun(of: "a", count: 2)
      #expect(row["outcome"] == "failed")
      #expect(row["attempt"] == 1)
      #expect(row["error"].asString?.contains("no") == true)
      #expect(row["reason"].asString?.contains("superseded by run") == true)
      #expect(try almanac.runs(of: "a").filter { $0["state"] != "ended" }.count <= 1)
    }

    @Test("outside the window, cron is skipped with the reason, and a fixed rate waits for the opening")
    func closedWindow() async throws {
      let almanac = try Almanac()
      let window = ShutWindow()
      let text = { (trigger: String) in
        "schedule = { \(trigger), \(window.settings) }\nfunction main() return 'ran' end"
      }
      try almanac.save("cron.lua", text("cron = '* * * * * *'"))
      try almanac.save("every.lua", text("every = '1s'"))
      try almanac.save("kept.lua", text("cron = '* * * * * *', outside_window = 'defer'"))
      try almanac.save("restart.lua", text("restart_after = '100ms'"))
      try await almanac.serve()
      let skipped = try await almanac.endedRun(of: "cron", count: 2)
      #expect(skipped["outcome"] == "skipped")
      #expect(skipped["reason"].asString == window.reason)
      #expect(skipped["attempt"] == 0)
      // A deferring rate has no due instants outside its window.
      #expect(try almanac.runs(of: "every").isEmpty)
      let jobs = try almanac.rows("jobs")
      #expect(jobs.first { $0["job"] == "every" }?["next_due_at"].asString == window.opensAt)
      // A deferring cron holds one firing; the others are merged into it.
      _ = try await almanac.endedRun(of: "kept")
      let kept = try almanac.runs(of: "kept")
      #expect(kept.filter { $0["state"] == "waiting" }.count == 1)
      #expect(kept.last?["state"] == "waiting")
      #expect(kept.dropLast().allSatisfy { $0["outcome"] == "skipped" && $0["reason"] == "merged" })
      #expect(jobs.first { $0["job"] == "kept" }?["state"] == "waiting")
      #expect(try almanac.runs(of: "restart").map { $0["state"] } == ["waiting"])
      // Whoever asks for a run gets it.
      for job in ["cron", "every"] { #expect(try result(almanac, job) == "ran") }
    }
  }
}
