import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("`simulate`") struct SimulateTests {
    private static let week = ["--from", "2027-03-25T00:00", "--until", "2027-04-01T00:00"]

    private func simulate(_ almanac: Almanac, _ arguments: String...) throws -> Almanac.Output {
      try almanac.run(
        ["simulate", almanac.jobs, "--state", almanac.state] + Self.week + arguments,
        environment: ["ALMANAC_TIME_ZONE": "Europe/Vienna"])
    }

    private func rows(_ output: Almanac.Output) throws -> [DataValue] {
      #expect(output.status == 0, "\(output.err)")
      return try #require(try DataValue(json: Array(output.out.utf8)).asTable?.items, "\(output.err)")
    }

    @Test("the rows are those of `next`: same instants, over daylight saving, windows and several triggers")
    func likeNext() throws {
      let almanac = try Almanac()
      let schedules = [
        "night": "cron = '30 2 * * *'", "hourly": "cron = '0 * * * *'", "rate": "every = '7h'",
        "window": "cron = '*/20 * * * *', window = { from = '22:00', to = '02:30' }",
        "both": "triggers = { { daily = { at = '06:00' } }, { weekly = { on = { 'mon' }, at = '06:00' } } }",
        "jitter": "daily = { at = '12:00' }, jitter = '10m', delay = '1m'",
      ]
      for (name, schedule) in schedules {
        try almanac.save("\(name).lua", "schedule = { \(schedule) }\nfunction main() end")
      }
      let played = try rows(simulate(almanac, "--json"))
      let listed = try rows(
        almanac.run(
          ["next", "--jobs", almanac.jobs, "--state", almanac.state, "-n", "5000", "--json"] + Self.week,
          environment: ["ALMANAC_TIME_ZONE": "Europe/Vienna"]))
      for name in schedules.keys {
        let due = listed.filter { $0["job"].asString == name }.compactMap { $0["due_at"].asString }
        let covered = played.filter { $0["job"].asString == name }
        #expect(covered.reduce(0) { $0 + Int($1["count"].asInt ?? 0) } == due.count, "\(name)")
        let first = Set(covered.compactMap { $0["due_at"].asString })
        #expect(first.isSubset(of: due), "\(name)")
        if covered.allSatisfy({ $0["count"] == 1 }) { #expect(first == Set(due), "\(name)") }
      }
      let outside = played.filter { $0["job"] == "window" && $0["outcome"] == "skipped" }
      #expect(!outside.isEmpty && outside.allSatisfy { $0["reason"] == "window 22:00-02:30 is closed" })
      #expect(
        !FileManager.default.fileExists(atPath: almanac.state + "/ledger.sqlite"), "nothing is recorded")
    }

    @Test("says what it comes to: outcomes, busiest minutes, overlaps, pools") func summary() throws {
      let almanac = try Almanac()
      try "pools:\n  db: 1\n".write(toFile: almanac.root + "/almanac.yaml", atomically: true, encoding: .utf8)
      let main = "\nfunction main() end"
      try almanac.save("slow.lua", "schedule = { cron = '* * * * *' }" + main)
      for name in ["a", "b"] {
        try almanac.save("\(name).lua", "schedule = { cron = '0 12 * * *', pool = 'db' }" + main)
      }
      try almanac.save(
        "asks.lua", "schedule = { cron = '0 12 * * *', when = function() return false end }" + main)
      let output = try simulate(almanac, "--duration", "90s", "--summary", "--seed", "3")
      #expect(output.status == 0, "\(output.err)")
      #expect(output.out.hasPrefix("4 jobs from 2027-03-25 00:00:00 until 2027-04-01 00:00:00: "))
      #expect(output.out.contains("skipped because the run before was still running:\n  slow  "))
      #expect(output.out.contains("pool db was full: 7 starts waited, the longest 1m"))
      #expect(output.out.contains("note: what is required, and `when`, is taken as met: asks\n"))
      #expect(output.out.contains("busiest minutes:\n  2027-"))
      #expect(try simulate(almanac, "--duration", "90s", "--summary", "--seed", "3").out == output.out)
      #expect(try simulate(almanac, "--duration", "80s", "--summary", "--seed", "4").out != output.out)
      let text = try simulate(almanac, "--job", "a", "--fail", "100", "-n", "2").out
      #expect(text.contains("RUN  JOB  DUE") && text.contains("failed in the simulation"))
      #expect(text.contains("... and 5 more") && text.contains("\noutcomes: 7 failed\n"))
      let sum = try DataValue(json: Array(simulate(almanac, "--summary", "--json").out.utf8))
      #expect(sum["rows"].asInt == 7 * 1440 - 60 + 7 * 3 && sum["pools"].asTable?.items.count == 1)
    }

    @Test("runs take as long as those in the ledger did") func durations() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "slow.lua",
        "schedule = { cron = '0 12 * * *' }\nfunction main() require('almanac.job').sleep(1.5) end")
      #expect(try almanac.command("run", "slow").status == 0)
      let rows = try rows(simulate(almanac, "--json"))
      #expect(rows.count == 7)
      for row in rows {
        let ended = try #require(row["ended_at"].asString)
        #expect(ended.hasPrefix(String(try #require(row["due_at"].asString).prefix(17))))
        #expect(("01.200Z"..."09.000Z").contains(String(ended.suffix(7))), "\(ended)")
      }
    }

    @Test(
      "what makes no sense is a usage error that says so",
      arguments: [
        (["--from", "2027-13-01"], "--from: "), (["--until", "2027-01-01"], "is not after --from"),
        (["--until", "2077-01-01"], "at most ten years"), (["--fail", "101"], "a percentage is 0 to 100"),
        (["--duration", "5"], "--duration: "), (["-n", "0"], "ask for at least one"),
      ])
    func usage(arguments: [String], message: String) throws {
      let almanac = try Almanac()
      try almanac.save("a.lua", "function main() end")
      let from = arguments[0] == "--from" ? [] : ["--from", "2027-03-25"]
      let output = try almanac.run(["simulate", almanac.jobs, "--state", almanac.state] + from + arguments)
      #expect(output.status == 2 && output.err.contains(message), "\(output.err)")
    }

    @Test("a job that is not there is status 3") func noJob() throws {
      let almanac = try Almanac()
      try almanac.save("backup.lua", "function main() end")
      let output = try simulate(almanac, "--job", "backpu")
      #expect(output.status == 3 && output.err.contains("did you mean backup?"), "\(output.err)")
    }
  }
}
