import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("Triggers that follow no clock") struct EventTests {
    @Test("`after`: once for each end of a job's runs as wanted, and of a list when each has ended so")
    func after() async throws {
      let almanac = try Almanac()
      try almanac.save("good.lua", "function main() return 'done' end")
      try almanac.save("bad.lua", "function main() error('no') end")
      func save(_ name: String, _ after: String) throws {
        try almanac.save(
          "\(name).lua", "schedule = { after = \(after) }\nfunction main(run) return run.trigger end")
      }
      try save("next", "'good'")
      try save("rescue", "{ job = 'bad', outcome = 'failed' }")
      try save("both", "{ 'good', { job = 'bad', outcome = 'any' } }")
      try save("last", "'next'")
      try await almanac.serve()
      for job in ["good", "good", "bad"] { try almanac.command("trigger", job, "--wait") }
      for (job, count) in [("next", 2), ("last", 2), ("rescue", 1), ("both", 1)] {
        _ = try await almanac.endedRun(of: job, count: count)
      }
      let goods = try almanac.runs(of: "good").compactMap { $0["id"].asInt }
      #expect(try almanac.runs(of: "next").map { $0["cause"].asString } == goods.map { "after:\($0)" })
      #expect(
        try almanac.runs(of: "rescue").map { $0["result"] } == [
          "after = { job = \"bad\", outcome = \"failed\" }"
        ])
      #expect(try almanac.runs(of: "both").count == 1, "it counts anew from its firing")
      try almanac.command("trigger", "bad", "--wait")
      _ = try await almanac.endedRun(of: "rescue", count: 2)
      #expect(try almanac.runs(of: "both").count == 1, "good has not ended since")
    }

    @Test("jobs that wait for each other in a circle, or for none, are told; the circle until it is broken")
    func circle() async throws {
      let almanac = try Almanac()
      try almanac.save("a.lua", "schedule = { after = 'c' }\nfunction main() end")
      try almanac.save("b.lua", "schedule = { after = 'a' }\nfunction main() end")
      try almanac.save("lonely.lua", "schedule = {\n  after = 'bb' }\nfunction main() end")
      try await almanac.serve()
      let doubt =
        "jobs/lonely.lua:2: schedule.after: there is no job bb whose runs could end; did you mean b?"
      #expect(almanac.log.contains(doubt))
      #expect(almanac.log.contains("jobs/a.lua:1: schedule.after: there is no job c whose runs could end"))
      #expect(try almanac.command("why", "lonely").out.contains(doubt))
      try almanac.save("c.lua", "schedule = { after = 'b' }\nfunction main() end")
      let refusal = "jobs/c.lua:1: schedule.after: the jobs wait for each other in a circle: c -> b -> a -> c"
      try await almanac.eventually("the circle is refused") { almanac.log.contains(refusal) }
      let check = try almanac.run(["check", almanac.jobs])
      #expect(check.status == 1 && check.out.contains(refusal) && check.out.contains(doubt), "\(check.out)")
      #expect(check.err.contains("0 jobs right, 4 wrong"))
      try almanac.save("a.lua", "function main() end")
      try await almanac.eventually("what was refused for its sake is live, without a reload") {
        try almanac.rows("jobs").first { $0["job"] == "c" }?["state"] == "idle"
      }
      try almanac.command("trigger", "a", "--wait")
      _ = try await almanac.endedRun(of: "c")
    }

    @Test("`watch` fires for files that have come or changed and are quiet, while the daemon was down too")
    func watch() async throws {
      let almanac = try Almanac()
      try almanac.save("inbox/there.csv", "1")
      try almanac.save(
        "import.lua",
        """
        schedule = { watch = "inbox/*.csv", settle = "300ms" }
        function main(run) return run.params.paths end
        """)
      let first = try await almanac.serve()
      func paths(_ count: Int) async throws -> [String] {
        let run = try await almanac.endedRun(of: "import", count: count)
        #expect(run["outcome"] == "succeeded" && run["cause"].asString?.hasPrefix("watch:") == true)
        return (run["result"].asTable?.items ?? []).compactMap {
          $0.asString?.split(separator: "/").last.map(String.init)
        }
      }
      // What is there when the trigger goes live is no news, and when it is looked at first nobody tells.
      var again = ""
      try almanac.save("inbox/a.txt", "1")
      try await almanac.eventually("a file has come, or has changed since") {
        if Stamp.after(0) > again {
          try almanac.save("inbox/a.csv", again)
          again = Stamp.after(3)
        }
        return try almanac.runs(of: "import").first?["state"] == "ended"
      }
      let before = try almanac.runs(of: "import").count
      #expect(try await paths(before) == ["a.csv"])
      kill(first.processIdentifier, SIGKILL)
      first.waitUntilExit()
      try almanac.save("inbox/there.csv", "another")
      try almanac.save("inbox/b.csv", "1")
      try await almanac.serve()
      #expect(try await paths(before + 1) == ["b.csv", "there.csv"])
    }

    @Test("`boot` fires once a boot, `load` once a content, `startup` and `shutdown` each time") func life()
      async throws
    {
      let almanac = try Almanac()
      for event in ["boot", "load", "startup", "shutdown"] {
        try almanac.save("\(event).lua", "schedule = { on = '\(event)' }\nfunction main() return 1 end")
      }
      func causes(_ event: String) throws -> Set<String> {
        Set(
          try almanac.runs(of: event).filter { $0["outcome"] == "succeeded" }.compactMap {
            $0["cause"].asString
          })
      }
      for (start, boot) in [(1, "one"), (2, "one"), (3, "two")] {
        let daemon = try await almanac.serve(environment: ["ALMANAC_BOOT_ID": boot])
        _ = try await almanac.endedRun(of: "startup", count: start)
        try await almanac.eventually("it has booted") { try causes("boot").contains("boot:\(boot)") }
        if start == 2 {
          try almanac.save("load.lua", "schedule = { on = 'load' }\nfunction main() return 2 end")
          _ = try await almanac.endedRun(of: "load", count: 2)
        }
        kill(daemon.processIdentifier, SIGTERM)
        daemon.waitUntilExit()
        #expect(try causes("shutdown").count == start, "it ran while the daemon drained")
      }
      #expect(try causes("boot") == ["boot:one", "boot:two"])
      #expect(try causes("startup").count == 3)
      #expect(try causes("load").count == 2)
      let rows = try almanac.runs(of: "load")
      #expect(Set(rows.map { "load:\($0["version"].asString ?? "")" }) == (try causes("load")))
    }
  }
}
