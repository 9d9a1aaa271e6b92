import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("The commands") struct CommandTests {
    @Test("a new user gets from `new` to a run, its log and its result") func newToRun() async throws {
      let almanac = try Almanac()
      #expect(try almanac.command("new", "hello").status == 0)
      let run = try almanac.command("run", "hello")
      #expect(run.status == 0)
      #expect(run.out == "Hello from hello\n")
      #expect(run.err.contains("running"))
      let row = try #require(try almanac.runs(of: "hello").first)
      #expect(row["outcome"] == "succeeded")
      #expect(row["trigger"] == "manual")
      #expect(row["result"] == "Hello from hello")
      #expect(try almanac.command("logs", "hello").out.contains("ready"))
      #expect(try almanac.command("new", "hello").status == 1, "an existing job is never overwritten")
    }

    @Test(
      "`run` says by its exit status how the run ended",
      arguments: [
        ("return 'ok'", 0), ("return {n = 3}", 0), ("error('no')", 1), ("return nil, 'why'", 1),
        ("require('almanac.job').skip('nothing to do')", 0), ("require('almanac.job').fatal('bad')", 1),
        ("while true do end", 4),
      ])
    func exitStatus(body: String, status: Int32) throws {
      let almanac = try Almanac()
      try almanac.save(
        "a.lua", "schedule = { time_limit = '200ms', stop_grace = '200ms' }\nfunction main() \(body) end")
      #expect(try almanac.command("run", "a").status == status)
    }

    @Test("a job that is not there, or does not load, is status 3 and says why") func noSuchJob() throws {
      let almanac = try Almanac()
      try almanac.save("backup.lua", "function main() end")
      try almanac.save("broken.lua", "function main()\n  x = = 1\nend")
      let missing = try almanac.command("run", "backpu")
      #expect(missing.status == 3)
      #expect(missing.err.contains("did you mean backup?"))
      let broken = try almanac.command("run", "broken")
      #expect(broken.status == 3)
      #expect(broken.err.contains("broken.lua:2: "))
    }

    @Test("usage errors are status 2") func usage() throws {
      let almanac = try Almanac()
      #expect(try almanac.run(["nonsense"]).status == 2)
      #expect(try almanac.run(["run"]).status == 2)
      #expect(try almanac.run(["runs", "-n", "many"]).status == 2)
      #expect(try almanac.run([]).status == 0)
    }

    @Test(
      "a slip in the name of a command is told with what was meant",
      arguments: [
        (["stauts"], "`almanac stauts`; did you mean `almanac status`?"),
        (["import", "crontap", "x"], "`almanac import crontap`; did you mean `almanac import crontab`?"),
        (["help", "rnus"], "`almanac rnus`; did you mean `almanac runs`?"),
        (["backup"], "`almanac backup`; `almanac --help` lists them"),
      ])
    func slips(arguments: [String], told: String) throws {
      let output = try Almanac().run(arguments)
      #expect(output.status == 2 && output.err == "almanac: there is no command \(told)\n", "\(output.err)")
    }

    @Test("without a folder of jobs, `run` says where it has looked") func noFolder() throws {
      let almanac = try Almanac()
      let output = try almanac.run(["run", "a", "--jobs", almanac.root + "/none", "--state", almanac.state])
      #expect(output.status == 3)
      #expect(output.err.contains("there is no folder of jobs at \(almanac.root)/none"), "\(output.err)")
    }

    @Test("what cannot be written is told in the system's words") func cannotWrite() throws {
      let almanac = try Almanac()
      try almanac.save("x", "a file")
      let output = try almanac.command("new", "x/y")
      #expect(output.status == 1)
      #expect(
        output.err == "almanac: cannot write \(almanac.jobs)/x/y.lua: Not a directory\n", "\(output.err)")
    }

    @Test(
      "a count below zero is told what would be right", arguments: [["runs"], ["logs", "a"], ["next", "a"]])
    func negativeCount(command: [String]) throws {
      let output = try Almanac().run(command + ["-n", "-5"])
      #expect(output.status == 2)
      #expect(output.err.hasPrefix("almanac: -n -5: ask for "), "\(output.err)")
    }

    @Test("`check` prints all that is wrong, with file and line") func check() throws {
      let almanac = try Almanac()
      try almanac.save("good.lua", "schedule = { every = '1h' }\nfunction main() end")
      try almanac.save("slip.lua", "schedule = {\n  evry = '1h',\n}\nfunction main() end")
      try almanac.save(
        "window.lua",
        "schedule = {\n  every = '1h',\n  window = { from = '25:00', to = '04:00' },\n}\nfunction main() end")
      try almanac.save("later.lua", "schedule = { webhook = 'x' }\nfunction main() end")
      try almanac.save("nomain.lua", "schedule = { every = '1h' }")
      let output = try almanac.run(["check", almanac.jobs])
      #expect(output.status == 1)
      #expect(output.out.contains("did you mean `every`?"))
      #expect(output.out.contains(#"schedule.window.from: "25:00" is not a time of day (HH:MM or HH:MM:SS)"#))
      #expect(output.out.contains("not supported yet"))
      #expect(output.out.contains("nomain.lua"))
      #expect(!output.out.contains("good.lua"))
      let rows = try DataValue(json: Array(try almanac.run(["check", almanac.jobs, "--json"]).out.utf8))
        .asTable?.items
      #expect(rows?.count == 4)
      #expect(rows?.allSatisfy { $0["job"] != .null && $0["message"] != .null } == true)
    }

    @Test("a test run calls initialize and not main") func testRun() throws {
      let almanac = try Almanac()
      try almanac.save(
        "a.lua", "function initialize() return 'set up' end\nfunction main() error('called') end")
      let output = try almanac.command("run", "a", "--test")
      #expect(output.status == 0)
      #expect(output.err.contains("set up"))
      #expect(try almanac.runs(of: "a").first?["outcome"] == "tested")
    }

    @Test("parameters reach the job") func parameters() throws {
      let almanac = try Almanac()
      try almanac.save("a.lua", "function main(run) return run.params.who .. run.params.what end")
      #expect(try almanac.command("run", "a", "--param", "who=x", "--param", "what=y=z").out == "xy=z\n")
      #expect(try almanac.command("run", "a", "--param", "who").status == 2)
    }

    @Test("Ctrl-C in `run` cancels the run, whatever its retry says: status 5") func interruptedByHand()
      async throws
    {
      let almanac = try Almanac()
      try almanac.save(
        "slow.lua",
        "schedule = { retry = { count = 3, interval = '1s' } }\nfunction main() print('on it') require('almanac.job').sleep(60) end"
      )
      let process = try almanac.launch(["run", "slow", "--jobs", almanac.jobs, "--state", almanac.state])
      try await almanac.eventually("it runs") { almanac.log.contains("on it") }
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      #expect(process.terminationStatus == 5)
      #expect(try almanac.runs(of: "slow").first?["outcome"] == "cancelled")
    }

    @Test("a result that cannot be kept does not undo the success") func resultTooBig() throws {
      let almanac = try Almanac()
      try almanac.save("big.lua", "function main() return ('x'):rep(3000000) end")
      try almanac.save("nan.lua", "function main() return 0/0 end")
      for job in ["big", "nan"] {
        let output = try almanac.command("run", job)
        #expect(output.status == 0)
        #expect(output.err.contains("the result was not kept"))
      }
    }
  }
}
