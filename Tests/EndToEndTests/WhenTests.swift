import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("schedule.when") struct WhenTests {
    @Test("is asked before each start: no skips with the reason, an error fails, a run by hand passes it by")
    func gate() async throws {
      let almanac = try Almanac()
      let when = { (body: String) in
        """
        local fs, kv, log = require "almanac.fs", require "almanac.kv", require "almanac.log"
        schedule = { every = "1h", when = function(due, run)
          log.info("asked " .. due, { attempt = run.attempt })
          \(body)
        end }
        function main() kv.set("ran", true) return "ran" end
        """
      }
      try almanac.save("yes.lua", when("return fs.exists('yes.lua') and kv.get('ran') == nil"))
      try almanac.save("no.lua", when("return false, 'not today'"))
      try almanac.save("bad.lua", when("error('broken')"))
      try await almanac.serve()
      let yes = try await almanac.endedRun(of: "yes")
      #expect(yes["outcome"] == "succeeded", "\(yes)")
      let no = try await almanac.endedRun(of: "no")
      #expect(no["outcome"] == "skipped")
      #expect(no["reason"] == "when: not today")
      let bad = try await almanac.endedRun(of: "bad")
      #expect(bad["outcome"] == "failed")
      #expect(bad["error"].asString == "\(almanac.jobs)/bad.lua:4: broken", "\(bad)")
      let dueAt = yes["due_at"].asString ?? "?"
      let logs = try almanac.run(["logs", "yes", "--state", almanac.state]).out
      #expect(logs.contains("asked \(dueAt)"), "\(logs)")
      #expect(try almanac.command("run", "no").out == "ran\n")
      #expect(try almanac.command("run", "yes").out == "ran\n")
    }

    @Test("is asked again when its host is killed under it") func hostKilled() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "patient.lua",
        """
        local fs, job = require "almanac.fs", require "almanac.job"
        schedule = { every = "1h", when = function()
          if not fs.exists("../asked") then
            fs.write("../asked", "once")
            job.sleep(600)
          end
          return true
        end }
        function main() return "ran" end
        """)
      let daemon = try await almanac.serve()
      try await almanac.eventually("it is asked") { almanac.read("asked") == "once" }
      for host in Processes.children(of: daemon.processIdentifier) { kill(host, SIGKILL) }
      let row = try await almanac.endedRun(of: "patient")
      #expect(row["result"] == "ran", "\(row)")
      #expect(row["attempt"] == 1)
    }

    @Test("check takes a function, and tells what else it finds") func check() throws {
      let almanac = try Almanac()
      try almanac.save("good.lua", "schedule = { when = function() end }\nfunction main() end")
      #expect(try almanac.run(["check", almanac.jobs]).status == 0)
      try almanac.save("bad.lua", "schedule = { when = \"monday\", on_end = print }\nfunction main() end")
      let output = try almanac.run(["check", almanac.jobs])
      #expect(output.status == 1)
      #expect(
        (output.out + output.err).contains(
          "schedule.when: \"monday\" is a string, not a function: when = function(due) return true end"))
    }
  }
}
