import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("What decides whether a due run starts") struct StartPolicyTests {
    /// A job whose run lasts until there is a file of this name beside the job.
    private func waitsFor(_ file: String, _ settings: String) -> String {
      """
      local fs, job = require "almanac.fs", require "almanac.job"
      schedule = { \(settings) }
      runs = 0
      function main(run)
        runs = runs + 1
        while not fs.exists("\(file)") do job.sleep("20ms") end
        return runs
      end
      """
    }

    private func configure(_ almanac: Almanac, _ yaml: String) throws {
      try yaml.write(toFile: almanac.root + "/almanac.yaml", atomically: true, encoding: .utf8)
    }

    /// Has the daemon run the job, and returns the run's number.
    @discardableResult
    private func trigger(_ almanac: Almanac, _ job: String) throws -> Int64 {
      let output = try almanac.command("trigger", job)
      #expect(output.status == 0, "\(output.err)")
      return try #require(Int64(output.out.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    private func row(_ almanac: Almanac, _ job: String, _ id: Int64) throws -> DataValue {
      try #require(try almanac.runs(of: job).first { $0["id"].asInt == id })
    }

    @Test(
      "due while it runs: `queue` waits up to its limit, `parallel` runs beside, `replace` takes the place")
    func overlap() async throws {
      let almanac = try Almanac()
      try almanac.save("queue.lua", waitsFor("go", "overlap = 'queue', queue_limit = 1"))
      try almanac.save("beside.lua", waitsFor("go", "overlap = 'parallel', max_parallel = 2"))
      try almanac.save("instead.lua", waitsFor("go", "overlap = 'replace'"))
      try await almanac.serve()
      let queue = try (0..<3).map { _ in try trigger(almanac, "queue") }
      let beside = try (0..<3).map { _ in try trigger(almanac, "beside") }
      let instead = try (0..<2).map { _ in try trigger(almanac, "instead") }
      try await almanac.eventually("each has met the others") {
        try row(almanac, "instead", instead[0])["state"] == "ended"
          && row(almanac, "beside", beside[1])["state"] == "running"
          && row(almanac, "queue", queue[0])["state"] == "running"
      }
      let waiting = try row(almanac, "queue", queue[1])
      #expect(waiting["state"] == "waiting")
      #expect(waiting["reason"].asString == "overlap: waits its turn; run \(queue[0]) was still running")
      let tooMany = try row(almanac, "queue", queue[2])
      #expect(tooMany["outcome"] == "skipped")
      #expect(tooMany["reason"].asString == "overlap: run \(queue[0]) was still running, and 1 in the queue")
      #expect(
        try row(almanac, "beside", beside[2])["reason"]
          == "overlap: 2 runs were still running, which max_parallel allows")
      let replaced = try row(almanac, "instead", instead[0])
      #expect(replaced["outcome"] == "cancelled")
      #expect(replaced["reason"].asString == "replaced by run \(instead[1])")
      let why = try almanac.command("why", "queue", "\(queue[2])").out
      #expect(why.contains("overlap   closed  overlap: run \(queue[0]) was still running"), "\(why)")
      #expect(why.contains("enabled   open    passed by: "), "\(why)")

      try almanac.save("go", "")
      for id in queue.prefix(2) {
        try await almanac.eventually("run \(id) has ended") {
          try row(almanac, "queue", id)["state"] == "ended"
        }
        #expect(try row(almanac, "queue", id)["outcome"] == "succeeded")
      }
      try await almanac.eventually("both have ended") {
        try beside.prefix(2).allSatisfy { try row(almanac, "beside", $0)["result"] == 1 }
      }
      try await almanac.eventually("it ends") {
        try row(almanac, "instead", instead[1])["outcome"] == "succeeded"
      }
    }

    @Test("a pool's places go to the most urgent first; a pool that is not configured is refused")
    func pools() async throws {
      let almanac = try Almanac()
      try configure(almanac, "pools: { disk: 1 }\n")
      for priority in [0, 5, 9] {
        try almanac.save(
          "p\(priority).lua", waitsFor("p\(priority)", "pool = 'disk', priority = \(priority)"))
      }
      try almanac.save("first.lua", waitsFor("first", "pool = 'disk'"))
      try almanac.save("slip.lua", "schedule = {\n  pool = 'dsk' }\nfunction main() end")
      let refusal =
        "jobs/slip.lua:2: schedule.pool: there is no pool \"dsk\"; did you mean \"disk\"? Pools get their sizes under"
      let check = try almanac.run(["check", almanac.jobs])
      #expect(check.status == 1 && check.out.contains(refusal), "\(check.out)")
      try await almanac.serve()
      #expect(almanac.log.contains(refusal))
      try trigger(almanac, "first")
      try await almanac.eventually("it runs") { try almanac.runs(of: "first").first?["state"] == "running" }
      for job in ["p9", "p5", "p0"] { try trigger(almanac, job) }
      for job in ["p9", "p5", "p0"] {
        #expect(try almanac.runs(of: job).first?["reason"] == "pool disk: all 1 places were taken")
      }
      #expect(try almanac.command("why", "p0").out.contains("pool      closed  pool disk: all 1 places"))
      for (ends, starts, wait) in [("first", "p0", ["p5", "p9"]), ("p0", "p5", ["p9"]), ("p5", "p9", [])] {
        try almanac.save(ends, "")
        try await almanac.eventually("\(starts) has the place of \(ends)") {
          try almanac.runs(of: starts).first?["state"] == "running"
        }
        for job in wait { #expect(try almanac.runs(of: job).first?["state"] == "waiting") }
      }
    }

    @Test("what a run requires is asked for at the start, and as long as it may wait") func requires()
      async throws
    {
      let almanac = try Almanac()
      try almanac.save(
        "waits.lua",
        "schedule = { every = '1h', requires = { file = 'key', wait = '40s' } }\nfunction main() end")
      try almanac.save(
        "gives_up.lua", "schedule = { every = '1h', requires = { file = 'key' } }\nfunction main() end")
      try almanac.save(
        "disk.lua", "schedule = { every = '1h', requires = { free_disk = '1000GB' } }\nfunction main() end")
      try await almanac.serve()
      let skipped = try await almanac.endedRun(of: "gives_up")
      #expect(skipped["outcome"] == "skipped")
      #expect(skipped["reason"].asString == "requires: there is no \(almanac.jobs)/key")
      #expect(
        try almanac.command("why", "gives_up").out.contains("requires  closed  requires: there is no "))
      try await almanac.eventually("it waits") {
        let waiting = try almanac.runs(of: "waits").first
        return waiting?["state"] == "waiting"
          && waiting?["reason"].asString?.contains("/key; asked again until ") == true
      }
      try almanac.save("key", "")
      let run = try await almanac.endedRun(of: "waits")
      #expect(run["outcome"] == "succeeded")
      #expect(
        try almanac.command("why", "waits").out.contains("requires  open  file \(almanac.jobs)/key: met"))
      #expect(
        try almanac.command("trigger", "gives_up", "--wait").status == 0, "by hand, nothing is required")
      #expect(try await almanac.endedRun(of: "disk")["outcome"] == "skipped")
    }

    @Test(
      "a firing outside of the window waits for the opening, says so, and those after it are merged with it")
    func held() async throws {
      let almanac = try Almanac()
      let window = ShutWindow()
      try almanac.save(
        "held.lua",
        "schedule = { cron = '* * * * * *', outside_window = 'defer', \(window.settings) }\nfunction main() end"
      )
      try await almanac.serve()
      #expect(try await almanac.endedRun(of: "held")["reason"] == "merged")
      let held = try #require(try almanac.runs(of: "held").last)
      #expect(held["state"] == "waiting" && held["reason"].asString == window.reason)
      let id = try #require(held["id"].asInt)
      let why = try almanac.command("why", "held", "\(id)").out
      #expect(why.contains("window    closed  \(window.reason)"), "\(why)")
      #expect(why.contains("will be merged with run \(id), which waits for the same opening"), "\(why)")
    }

    @Test("what belongs to a window or a repetition is stopped when that is over") func overDue() async throws
    {
      let almanac = try Almanac()
      try await almanac.serve()
      let now = Date()
      let opens = Stamp.text(now).dropFirst(11).prefix(8)
      let closes = Stamp.text(now.addingTimeInterval(6)).dropFirst(11).prefix(8)
      try almanac.save(
        "window.lua",
        waitsFor(
          "never",
          """
          every = '1h', time_zone = 'UTC', retry = { count = 3, interval = '1s' },
          window = { from = '\(opens)', to = '\(closes)', on_close = 'stop' }
          """))
      try almanac.save(
        "repeats.lua",
        waitsFor(
          "never",
          """
          at = '\(Stamp.after(4))', repeat_every = '1s', repeat_for = '2s', stop_at_end = true,
          overlap = 'parallel'
          """))
      let closed = try await almanac.endedRun(of: "window")
      #expect(closed["outcome"] == "cancelled" && closed["attempt"] == 1, "it is not tried again")
      #expect(closed["reason"] == "its window closed, and on_close is \"stop\"")
      let ended = try await almanac.endedRun(of: "repeats", count: 3)
      #expect(ended["outcome"] == "cancelled")
      #expect(ended["reason"] == "its repetition ended, and stop_at_end is set")
      #expect(
        try almanac.command("why", "window").out.contains(
          "not tried again: a run that was cancelled never is"))
    }

    @Test("an instant that is found later than `late_within` is missed, and one that is not starts")
    func late() async throws {
      let almanac = try Almanac()
      let daemon = try await almanac.serve()
      let due = Stamp.after(8)
      for (job, late) in [("strict", "200ms"), ("patient", "1h")] {
        try almanac.save(
          "\(job).lua", "schedule = { at = '\(due)', late_within = '\(late)' }\nfunction main() end")
      }
      try await almanac.eventually("both are live") {
        let rows = try almanac.rows("jobs")
        return rows.count == 2 && rows.allSatisfy { $0["next_due_at"].asString == due }
      }
      kill(daemon.processIdentifier, SIGSTOP)
      try #require(Stamp.after(0) < due, "this machine is too slow for the test")
      try await almanac.eventually("it is past") { Stamp.after(-1) > due }
      kill(daemon.processIdentifier, SIGCONT)
      #expect(try await almanac.endedRun(of: "patient")["outcome"] == "succeeded")
      let missed = try await almanac.endedRun(of: "strict")
      #expect(missed["outcome"] == "missed" && missed["due_at"].asString == due)
      let why = try almanac.command("why", "strict", due).out
      #expect(why.contains("late      closed  not started within late_within (200ms)"), "\(why)")
    }
  }
}
