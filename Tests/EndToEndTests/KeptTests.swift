import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("What a job keeps") struct KeptTests {
    @Test("a run that succeeds leaves its writes to the next one, also after kill -9; a failed one nothing")
    func keyValues() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "counter.lua",
        """
        local kv = require "almanac.kv"
        function main(run)
          local n = kv.incr("n")
          kv.set("run/" .. n, { id = run.id })
          if run.params.fail then error("failed at " .. n) end
          return n .. " " .. #kv.keys("run/")
        end
        """)
      func result(_ arguments: [String] = []) throws -> String {
        let output = try almanac.run(
          ["run", "counter", "--jobs", almanac.jobs, "--state", almanac.state] + arguments)
        return output.out.trimmingCharacters(in: .newlines)
      }
      #expect(try result() == "1 1")
      #expect(try result(["--param", "fail=1"]) == "")
      #expect(try result() == "2 2")
      var daemon = try await almanac.serve()
      #expect(try result() == "3 3")
      #expect(try result(["--param", "fail=1"]) == "")
      kill(daemon.processIdentifier, SIGKILL)
      daemon.waitUntilExit()
      daemon = try await almanac.serve()
      #expect(try result() == "4 4")
      #expect(try almanac.runs(of: "counter").filter { $0["outcome"] == "failed" }.count == 2)
    }

    /// Three steps, each of which leaves a line when it is done. The first attempt ends within the last.
    private func job(ending: String) -> String {
      """
      local fs, job, kv = require "almanac.fs", require "almanac.job", require "almanac.kv"
      schedule = { every = "1h", retry = { count = 2, interval = "100ms" } }
      function main(run)
        local results = {}
        for i = 1, 3 do
          results[i] = job.step("part " .. i, function()
            assert(fs.append("../done.txt", run.attempt .. ":" .. i .. "\\n"))
            kv.incr("steps")
            if i == 3 and run.attempt == 1 then \(ending) end
            return { part = i, attempt = run.attempt }
          end)
        end
        kv.incr("runs")
        return results[1].attempt .. results[2].attempt .. results[3].attempt .. " " .. kv.get("steps") .. " "
          .. kv.get("runs")
      end
      """
    }

    @Test("steps that are done are not done again by the next attempt") func retry() async throws {
      let almanac = try Almanac()
      try almanac.save("steps.lua", job(ending: "error('later')"))
      try await almanac.serve()
      let row = try await almanac.endedRun(of: "steps")
      #expect(row["result"] == "112 3 1", "\(row)")
      #expect(almanac.read("done.txt") == "1:1\n1:2\n1:3\n2:3\n")
    }

    @Test("nor after kill -9 of the daemon") func killed() async throws {
      let almanac = try Almanac()
      try almanac.save("steps.lua", job(ending: "job.sleep(600)"))
      let daemon = try await almanac.serve()
      try await almanac.eventually("the last step has begun") {
        almanac.read("done.txt")?.hasSuffix("1:3\n") == true
      }
      kill(daemon.processIdentifier, SIGKILL)
      daemon.waitUntilExit()
      try await almanac.serve()
      let row = try await almanac.endedRun(of: "steps")
      #expect(row["result"] == "112 3 1", "\(row)")
      #expect(almanac.read("done.txt") == "1:1\n1:2\n1:3\n2:3\n")
    }

    @Test("what was written and the row that says so come together, whenever the daemon is killed")
    func atomic() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "count.lua",
        """
        schedule = { restart_after = "1ms" }
        function main() return require("almanac.kv").incr("n") end
        """)
      for round in 1...5 {
        let before = try almanac.runs(of: "count").count
        let daemon = try await almanac.serve()
        try await almanac.eventually("some runs of round \(round)") {
          try almanac.runs(of: "count").count > before + 20
        }
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...40)))
        kill(daemon.processIdentifier, SIGKILL)
        daemon.waitUntilExit()
      }
      let results = try almanac.runs(of: "count").reversed().filter { $0["outcome"] == "succeeded" }
        .compactMap { $0["result"].asInt }
      #expect(results.count > 100)
      #expect(results == Array(1...Int64(results.count)))
    }

    @Test("a run that starts again because its host fell sees its steps") func hostFell() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "fallen.lua",
        """
        local job, kv = require "almanac.job", require "almanac.kv"
        schedule = { every = "1h" }
        function main(run)
          local starts = kv.get("starts", 0)
          local id = job.step("id", function() return "made by start " .. starts end)
          job.step("start " .. starts, function() kv.set("starts", starts + 1) end)
          if starts == 0 then
            print("waiting")
            job.sleep(600)
          end
          return id .. ", attempt " .. run.attempt
        end
        """)
      let daemon = try await almanac.serve()
      try await almanac.eventually("it waits") { almanac.log.contains("waiting") }
      for host in Processes.children(of: daemon.processIdentifier) { kill(host, SIGKILL) }
      let row = try await almanac.endedRun(of: "fallen")
      #expect(row["result"] == "made by start 0, attempt 1", "\(row)")
    }

    @Test("steps of another run, and of one that has ended, are none of its own") func anotherRun()
      async throws
    {
      let almanac = try Almanac()
      try almanac.save(
        "steps.lua",
        """
        local job = require "almanac.job"
        function main(run) return job.step("s", function() return run.id end) == run.id end
        """)
      for _ in 1...2 {
        #expect(try almanac.command("run", "steps").out == "true\n")
      }
    }
  }
}
