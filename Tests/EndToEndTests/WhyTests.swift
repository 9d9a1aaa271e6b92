import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("`why`") struct WhyTests {
    private static let gates = [
      "enabled", "paused", "late", "window", "blackout", "overlap", "requires", "when", "pool",
    ]

    /// The answer as JSON; it always has every key.
    private func why(_ almanac: Almanac, _ arguments: String...) throws -> DataValue {
      let output = try almanac.command(["why"] + arguments + ["--json"])
      #expect(output.status == 0, "\(output.err)")
      let answer = try DataValue(json: Array(output.out.utf8))
      let keys = Set(answer.asTable?.fields.keys.map { String($0) } ?? [])
      #expect(
        keys == [
          "job", "instant", "instant_local", "answer", "state", "row", "gates", "next", "notes",
        ])
      return answer
    }

    private func notes(_ answer: DataValue) -> String {
      (answer["notes"].asTable?.items ?? []).compactMap(\.asString).joined(separator: "\n")
    }

    /// Each gate's name with what is known of it: `window false`.
    private func gates(_ answer: DataValue) -> [String] {
      (answer["gates"].asTable?.items ?? []).map {
        "\($0["gate"].asString ?? "?") \($0["open"].asBool.map { "\($0)" } ?? "null")"
      }
    }

    @Test("of a run that did its work: every gate was open, and it says what comes next") func succeeded()
      async throws
    {
      let almanac = try Almanac()
      try almanac.save(
        "a.lua", "schedule = { every = '1h', window = { from = '00:00', to = '24:00' } }\nfunction main() end"
      )
      try await almanac.serve()
      let run = try await almanac.endedRun(of: "a")
      let answer = try why(almanac, "a")
      #expect(answer["row"]["id"] == run["id"] && answer["instant"] == run["due_at"])
      #expect(gates(answer) == Self.gates.map { "\($0) true" })
      #expect(answer["answer"].asString?.hasPrefix("succeeded after ") == true)
      #expect(answer["state"] == "idle")
      #expect(answer["next"]["note"] == "will start then")
      let id = try #require(run["id"].asInt)
      #expect(try why(almanac, "a", "\(id)")["row"]["id"] == run["id"])
      #expect(try why(almanac, "a", #require(run["due_at"].asString))["row"]["id"] == run["id"])
      let text = try almanac.command("why", "a").out
      #expect(text.hasPrefix("a: succeeded after "))
      #expect(text.contains("\nnext     2") && text.contains("\noverlap   open  no other run was running"))
      try almanac.save("a.lua", "schedule = { every = '2h' }\nfunction main() return nil, 'no' end")
      try await almanac.eventually("the new version is live") {
        try notes(why(almanac, "a")).contains("the run belongs to version")
          && !notes(why(almanac, "a")).contains("the daemon runs version")
      }
    }

    @Test("of a firing that was skipped: the run in its way; of one that failed: why it is not tried again")
    func closed() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "slow.lua", "schedule = { every = '1s' }\nfunction main() require('almanac.job').sleep(60) end")
      try almanac.save("fails.lua", "schedule = { every = '1h' }\nfunction main() error('no') end")
      try almanac.save(
        "waits.lua",
        "schedule = { every = '1h', retry = { count = 2, interval = '1h' } }\nfunction main() error('no') end"
      )
      try almanac.save(
        "closed.lua",
        """
        schedule = { cron = '* * * * * *', window = { from = os.date('%H:%M', os.time() + 7200),
          to = os.date('%H:%M', os.time() + 7260) } }
        function main() end
        """)
      try await almanac.serve(["--grace", "100ms"])
      let skipped = try await almanac.endedRun(of: "slow")
      let number = "\(try #require(skipped["id"].asInt))"
      let answer = try why(almanac, "slow", number)
      #expect(
        gates(answer) == Self.gates.prefix(5).map { "\($0) true" } + ["overlap false"]
          + Self.gates.suffix(3).map { "\($0) null" })
      #expect(answer["answer"].asString?.contains("skipped: overlap: run ") == true)
      #expect(answer["state"] == "running")
      #expect(try almanac.command("why", "fails", number).status == 2, "a run of another job")

      _ = try await almanac.endedRun(of: "fails")
      #expect(try notes(why(almanac, "fails")).contains("not tried again: the job has no retry"))
      try await almanac.eventually("it waits for its next attempt") {
        try almanac.runs(of: "waits").first?["error"] != .null
      }
      let waiting = try why(almanac, "waits")
      #expect(notes(waiting).contains("attempt 1 failed, attempt 2 of 3 follows, not before "))
      #expect(waiting["state"] == "waiting")

      _ = try await almanac.endedRun(of: "closed")
      #expect(gates(try why(almanac, "closed")).contains("window false"))

      try almanac.command("pause", "fails")
      let paused = try why(almanac, "fails")
      #expect(paused["state"] == "paused")
      #expect(paused["next"]["note"].asString?.hasPrefix("will be skipped, as the job is paused by ") == true)
    }

    @Test("of an instant without a row: whether it was due, and why it is not recorded") func absent()
      async throws
    {
      let almanac = try Almanac()
      try almanac.save(
        "a.lua", "schedule = { daily = { at = '02:00' }, time_zone = 'Europe/Vienna' }\nfunction main() end")
      try almanac.save("demand.lua", "function main() end")
      try almanac.save(
        "off.lua", "schedule = { daily = { at = '02:00' }, enabled = false }\nfunction main() end")
      let before = try why(almanac, "a", "2026-01-05T02:00")
      #expect(
        before["answer"]
          == "due at 2026-01-05 02:00:00 by the file as it is now (daily = { at = \"02:00\" }), but not recorded"
      )
      #expect(notes(before).contains("this trigger has not been live in a daemon yet"))
      #expect(notes(before).contains("no daemon is running"))
      try await almanac.serve()
      #expect(
        try notes(why(almanac, "a", "2026-01-05T02:00")).contains(
          "the trigger was not live then: it counts from"))
      let between = try why(almanac, "a", "2026-01-05 03:00")
      #expect(between["answer"] == "nothing was due at 2026-01-05 03:00:00")
      #expect(notes(between).contains("due before: 2026-01-05 02:00:00\ndue after: 2026-01-06 02:00:00"))
      #expect(between["row"] == .null && between["instant"] == "2026-01-05T02:00:00.000Z")
      let day = try why(almanac, "demand", "2026-01-05")
      #expect(day["answer"].asString?.hasPrefix("nothing was due on 2026-01-05: ") == true)
      try almanac.save(
        "old.lua", "schedule = { at = '2026-01-02T12:00', archive_after = '1d' }\nfunction main() end")
      try await almanac.eventually("old is live") { try why(almanac, "old")["state"] == "archived" }
      let ahead = try why(almanac, "a", "2099-01-05T02:00")
      #expect(ahead["answer"].asString?.hasSuffix("(daily = { at = \"02:00\" }): will start then") == true)
      #expect(gates(ahead).prefix(2) == ["enabled true", "paused true"] && gates(ahead)[2] == "late null")
      #expect(
        try why(almanac, "a", "2099-01-05T02:01")["answer"] == "nothing will be due at 2099-01-05 02:01:00")
      #expect(try why(almanac, "demand", "02:00")["answer"].asString?.contains("on demand only") == true)
      #expect(try why(almanac, "off", "02:00")["answer"].asString?.contains("the job is disabled") == true)
      #expect(try why(almanac, "off")["state"] == "disabled")
    }

    @Test("of a run whose daemon was killed: it is not said to go on") func killed() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "a.lua", "schedule = { every = '1h' }\nfunction main() require('almanac.job').sleep(600) end")
      let daemon = try await almanac.serve()
      try await almanac.eventually("it runs") { try almanac.runs(of: "a").first?["state"] == "running" }
      kill(daemon.processIdentifier, SIGKILL)
      daemon.waitUntilExit()
      let answer = try why(almanac, "a")
      #expect(answer["state"] == "idle")
      #expect(answer["answer"].asString?.hasPrefix("cut off in attempt 1") == true, "\(answer["answer"])")
    }

    @Test("of a job whose file is gone or does not load, and beside a daemon that is stuck") func stuck()
      async throws
    {
      let almanac = try Almanac()
      try almanac.save("a.lua", "schedule = { every = '1h' }\nfunction main() end")
      try almanac.save("broken.lua", "schedule = { evry = '1h' }\nfunction main() end")
      let daemon = try await almanac.serve()
      _ = try await almanac.endedRun(of: "a")
      let refused = try why(almanac, "broken")
      #expect(refused["state"] == "refused")
      #expect(
        notes(refused).contains("the file does not load: ") && notes(refused).contains("broken.lua:1: "))
      kill(daemon.processIdentifier, SIGSTOP)
      defer { kill(daemon.processIdentifier, SIGCONT) }
      let answer = try why(almanac, "a")
      #expect(notes(answer).contains("the daemon (process \(daemon.processIdentifier)) does not answer"))
      #expect(answer["answer"].asString?.hasPrefix("succeeded") == true)
      try FileManager.default.removeItem(atPath: almanac.jobs + "/a.lua")
      let gone = try why(almanac, "a")
      #expect(gone["state"] == "gone" && gone["row"]["outcome"] == "succeeded")
      #expect(notes(gone).contains("there is no file of it in \(almanac.jobs) any more"))
    }

    @Test("a job that is not known is status 3, an instant that is none is status 2") func usage() throws {
      let almanac = try Almanac()
      try almanac.save("backup.lua", "schedule = { every = '1h' }\nfunction main() end")
      let unknown = try almanac.command("why", "backpu")
      #expect(unknown.status == 3 && unknown.err.contains("did you mean backup?"), "\(unknown.err)")
      for text in ["25:00", "yesterday", "2026-02-30", "99999999999999999999"] {
        let output = try almanac.command("why", "backup", text)
        #expect(output.status == 2 && output.err.hasPrefix("almanac: INSTANT: "), "\(output.err)")
      }
      let run = try almanac.command("why", "backup", "41")
      #expect(run.status == 2 && run.err.contains("there is no run 41"), "\(run.err)")
      #expect(try almanac.command("why", "backup").out.hasPrefix("backup: it has never been due"))
    }
  }
}
