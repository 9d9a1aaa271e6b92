import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("The daemon") struct DaemonTests {
    @Test("runs a job by its schedule, and records it") func runs() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "tick.lua", "schedule = { every = '1s' }\nfunction main(run) print('hi') return run.attempt end")
      try await almanac.serve()
      let row = try await almanac.endedRun(of: "tick", count: 2)
      #expect(row["outcome"] == "succeeded")
      #expect(row["result"] == 1)
      #expect(row["trigger"].asString == "every = \"1s\"")
      let (due, started) = (try #require(row["due_at"].asString), try #require(row["started_at"].asString))
      #expect(started >= due, "never before it is due")
      #expect(try almanac.command("logs", row["id"].asInt.map { "\($0)" } ?? "").out.contains("hi"))
    }

    @Test("refuses a second one on the same state directory, naming the first") func second() async throws {
      let almanac = try Almanac()
      let first = try await almanac.serve()
      let output = try almanac.run(["serve", almanac.jobs, "--state", almanac.state])
      #expect(output.status == 1)
      #expect(output.err.contains("process \(first.processIdentifier)"))
    }

    @Test("is named by those who look for it when its socket was removed, and is not said to be gone")
    func lostSocket() async throws {
      let almanac = try Almanac()
      let daemon = try await almanac.serve()
      unlink(almanac.state + "/control.sock")
      for command in ["status", "stop"] {
        let output = try almanac.command(command)
        #expect(output.status == 1)
        #expect(output.err.contains("almanac (process \(daemon.processIdentifier)) holds"), "\(output.err)")
      }
    }

    @Test("drains on SIGTERM: what runs may end, and is recorded") func drain() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "slow.lua",
        "schedule = { every = '1h' }\nfunction main() require('almanac.job').sleep('3s') return 'done' end")
      let daemon = try await almanac.serve()
      try await almanac.eventually("it runs") { try almanac.runs(of: "slow").first?["state"] == "running" }
      kill(daemon.processIdentifier, SIGTERM)
      daemon.waitUntilExit()
      #expect(daemon.terminationStatus == 0)
      #expect(try almanac.runs(of: "slow").first?["outcome"] == "succeeded")
      #expect(almanac.log.contains("stopped after"))
    }

    @Test("stops what does not end within the grace, and exits 0") func grace() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "stuck.lua",
        "schedule = { every = '1h', stop_grace = '100ms' }\nfunction main() while true do end end")
      let daemon = try await almanac.serve(["--grace", "200ms"])
      try await almanac.eventually("it runs") { try almanac.runs(of: "stuck").first?["state"] == "running" }
      #expect(try almanac.command("stop").status == 0)
      daemon.waitUntilExit()
      #expect(daemon.terminationStatus == 0)
      let row = try #require(try almanac.runs(of: "stuck").first)
      #expect(row["state"] == "ended")
      #expect(row["outcome"] == "interrupted")
    }

    @Test("test mode logs and records due runs, and calls no main") func testMode() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "a.lua",
        "schedule = { every = '1h' }\nfunction initialize() return 'set up' end\nfunction main() error('called') end"
      )
      try almanac.save(
        "b.lua", "schedule = { every = '1h', testing = true }\nfunction main() error('called') end")
      try await almanac.serve(["--test"])
      #expect(try await almanac.endedRun(of: "a")["outcome"] == "tested")
      #expect(try await almanac.endedRun(of: "b")["outcome"] == "tested")
      #expect(almanac.log.contains("set up"))
    }

    @Test("retries a failed run as its policy says") func retry() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "a.lua",
        """
        schedule = { every = '1h', retry = { count = 2, interval = '200ms' } }
        function main(run)
          if run.attempt < 3 then error('attempt ' .. run.attempt) end
          return 'third'
        end
        """)
      try await almanac.serve()
      let row = try await almanac.endedRun(of: "a")
      #expect(row["outcome"] == "succeeded")
      #expect(row["attempt"] == 3)
      #expect(row["result"] == "third")
    }

    @Test("runs a job on demand for `run` and `trigger`, and answers `status`, `jobs`, `cancel`")
    func control()
      async throws
    {
      let almanac = try Almanac()
      try almanac.save(
        "hello.lua", "function main(run) print('working') return run.params.who or 'nobody' end")
      try almanac.save("slow.lua", "function main() require('almanac.job').sleep(60) end")
      try await almanac.serve()
      let run = try almanac.command("run", "hello", "--param", "who=me")
      #expect(run.status == 0)
      #expect(run.out == "me\n")
      #expect(run.err.contains("working"))
      #expect(try almanac.command("trigger", "hello", "--wait").out == "nobody\n")
      let slow = try almanac.command("trigger", "slow")
      let id = slow.out.trimmingCharacters(in: .whitespacesAndNewlines)
      try await almanac.eventually("it runs") { try almanac.runs(of: "slow").first?["state"] == "running" }
      #expect(try almanac.rows("jobs").contains { $0["job"] == "slow" && $0["state"] == "running" })
      #expect(try almanac.command("cancel", id).status == 0)
      #expect(try almanac.runs(of: "slow").first?["outcome"] == "cancelled")
      #expect(try almanac.command("status").out.contains("running since"))
      #expect(try almanac.command("trigger", "nobody").status == 3)
    }

    @Test("skips a firing while the job still runs, and says so") func overlap() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "a.lua", "schedule = { every = '1s' }\nfunction main() require('almanac.job').sleep('2500ms') end")
      try await almanac.serve()
      try await almanac.eventually("a firing is skipped") {
        try almanac.runs(of: "a").contains {
          $0["outcome"] == "skipped" && $0["reason"].asString?.contains("overlap") == true
        }
      }
    }
  }
}
