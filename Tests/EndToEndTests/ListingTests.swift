import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("Listings in JSON, and who may read what") struct ListingTests {
    private static let runKeys: Set<String> = [
      "id", "job", "trigger", "cause", "due_at", "due_until", "count", "started_at", "ended_at", "attempt",
      "state", "outcome", "reason", "result", "error", "peak_memory_bytes", "node", "version",
    ]
    private static let jobKeys: Set<String> = [
      "job", "file", "enabled", "paused", "testing", "state", "next_due_at", "last_outcome", "last_ended_at",
      "error", "version", "triggers",
    ]

    /// Each row has these keys, and beside an instant at most its local form.
    private func expectKeys(_ rows: [DataValue], _ keys: Set<String>, _ what: String) {
      #expect(!rows.isEmpty, "\(what) is empty")
      for row in rows {
        let found = Set(row.asTable?.fields.keys.map { String($0) } ?? [])
        #expect(keys.isSubset(of: found), "\(what) lacks \(keys.subtracting(found))")
        for extra in found.subtracting(keys) {
          #expect(extra.hasSuffix("_local") && found.contains(String(extra.dropLast(6))), "\(what): \(extra)")
        }
        for (key, value) in row.asTable?.fields ?? [:] where key.hasSuffix("_at") || key == "at" {
          #expect(value == .null || Stamp.isInstant(value), "\(what): \(key) is \(value)")
        }
      }
    }

    private func list(_ almanac: Almanac, _ arguments: String...) throws -> [DataValue] {
      let output = try almanac.run(arguments + ["--json"])
      return try #require(try DataValue(json: Array(output.out.utf8)).asTable?.items, "\(output.err)")
    }

    /// Jobs whose rows have every kind of gap.
    private func saveJobs(_ almanac: Almanac) throws {
      try almanac.save(
        "good.lua",
        """
        schedule = { name = "hourly", every = "1h" }
        function initialize() return "ready" end
        function main()
          print("plain")
          require("almanac.log").warn("with fields", { files = 3, names = { "a" } })
          return { copied = 3 }
        end
        """)
      try almanac.save("fails.lua", "schedule = { every = '1h' }\nfunction main() error('no') end")
      try almanac.save(
        "skips.lua",
        "schedule = { every = '1h' }\nfunction main() require('almanac.job').skip('nothing to do') end")
      try almanac.save(
        "waits.lua",
        "schedule = { every = '1h', retry = { count = 1, interval = '1h' } }\nfunction main() error('no') end"
      )
      try almanac.save(
        "slow.lua", "schedule = { every = '1h' }\nfunction main() require('almanac.job').sleep(60) end")
      try almanac.save("demand.lua", "function main() end")
      try almanac.save("off.lua", "schedule = { every = '1h', enabled = false }\nfunction main() end")
      try almanac.save("broken.lua", "schedule = {\n  evry = '1h',\n}\nfunction main() end")
    }

    @Test("`runs` has every key in every row, whatever became of it") func runs() async throws {
      let almanac = try Almanac()
      try saveJobs(almanac)
      #expect(try almanac.run(["runs", "--json", "--state", almanac.state]).out == "[]\n")
      try await almanac.serve(["--grace", "100ms"])
      for job in ["good", "fails", "skips"] { _ = try await almanac.endedRun(of: job) }
      try await almanac.eventually("the others are under way") {
        try almanac.runs(of: "slow").first?["started_at"] != .null
          && almanac.runs(of: "waits").first?["error"] != .null
      }
      let rows = try almanac.rows("runs")
      expectKeys(rows, Self.runKeys, "runs")
      let row = { (job: String) in rows.first { $0["job"].asString == job } ?? .null }
      #expect(row("good")["result"] == ["copied": 3])
      #expect(row("good")["trigger"] == "hourly")
      for key in ["due_until", "reason", "error"] { #expect(row("good")[key] == .null) }
      for key in ["ended_at", "outcome", "reason", "result", "error"] { #expect(row("slow")[key] == .null) }
      #expect(row("slow")["state"] == "running")
      #expect(row("waits")["state"] == "waiting")
      #expect(row("waits")["outcome"] == .null && row("waits")["ended_at"] == .null)
      #expect(row("skips")["outcome"] == "skipped" && row("skips")["reason"] == "nothing to do")
      #expect(row("fails")["error"].asString?.contains("fails.lua:2: no") == true)
      let ids = rows.compactMap { $0["id"].asInt }
      #expect(ids == ids.sorted(by: >), "newest first")
      #expect(rows.allSatisfy { $0["node"].asString?.isEmpty == false && $0["version"] != .null })
      #expect(try almanac.rows("runs", "--failed").map { $0["job"] } == ["fails"])
      #expect(try almanac.rows("runs", "-n", "2").count == 2)
    }

    @Test("`jobs` and `status` have every key, with a daemon and without") func jobs() async throws {
      let almanac = try Almanac()
      try saveJobs(almanac)
      let offline = try almanac.rows("jobs")
      expectKeys(offline, Self.jobKeys, "jobs without a daemon")
      #expect(offline.count == 8)
      #expect(offline.allSatisfy { $0["last_outcome"] == .null && $0["last_ended_at"] == .null })
      let none = try almanac.run(["status", "--json", "--state", almanac.state])
      #expect(none.status == 1 && none.out == "[]\n")
      try await almanac.serve()
      _ = try await almanac.endedRun(of: "good")
      try await almanac.eventually("it runs") { try almanac.runs(of: "slow").first?["started_at"] != .null }
      for listing in ["jobs", "status"] {
        let rows = try almanac.rows(listing)
        expectKeys(rows, Self.jobKeys, listing)
        let row = { (job: String) in rows.first { $0["job"].asString == job } ?? .null }
        #expect(rows.compactMap { $0["job"].asString } == rows.compactMap { $0["job"].asString }.sorted())
        #expect(row("good")["file"].asString?.hasSuffix("good.lua") == true)
        #expect(row("good")["state"] == "idle" && row("good")["enabled"] == true)
        #expect(row("good")["paused"] == false && row("good")["testing"] == false)
        #expect(row("good")["last_outcome"] == "succeeded" && row("good")["error"] == .null)
        let trigger = row("good")["triggers"].asTable?.items.first
        #expect(trigger?["name"] == "hourly")
        #expect(trigger?["trigger"].asString == "every = \"1h\"")
        #expect(trigger?["in_words"] == "every hour")
        #expect(row("slow")["state"] == "running")
        #expect(row("off")["state"] == "disabled" && row("off")["enabled"] == false)
        #expect(row("off")["next_due_at"] == .null)
        #expect(row("demand")["next_due_at"] == .null && row("demand")["triggers"] == .list([]))
        #expect(row("broken")["state"] == "refused")
        #expect(row("broken")["error"].asString?.contains("broken.lua:2: ") == true)
        for key in ["enabled", "testing", "next_due_at", "version", "triggers"] {
          #expect(row("broken")[key] == .null, "\(key)")
        }
      }
    }

    @Test("`next` has every key, of a job, of all, and of a schedule without one") func next() throws {
      let almanac = try Almanac()
      try saveJobs(almanac)
      let keys: Set = ["job", "trigger", "due_at", "due_local", "note"]
      let folders = ["--jobs", almanac.jobs, "--state", almanac.state]
      let all = try DataValue(json: Array(try almanac.run(["next", "--json"] + folders).out.utf8))
      expectKeys(all.asTable?.items ?? [], keys, "next")
      let one = try DataValue(
        json: Array(try almanac.run(["next", "good", "-n", "3", "--json"] + folders).out.utf8))
      expectKeys(one.asTable?.items ?? [], keys, "next good")
      #expect(one.asTable?.items.count == 3)
      #expect(one.asTable?.items.first?["trigger"] == "hourly")
      let loose = try list(
        almanac, "next", "--cron", "30 2 * * *", "--time-zone", "Europe/Vienna", "--from",
        "2027-03-27T00:00:00Z", "-n", "2")
      expectKeys(loose, keys, "next --cron")
      #expect(loose.map { $0["job"] } == [.null, .null])
      #expect(loose.map { $0["due_at"] } == ["2027-03-27T01:30:00.000Z", "2027-03-28T01:00:00.000Z"])
      #expect(
        loose.map { $0["due_local"] } == ["2027-03-27T02:30:00.000+01:00", "2027-03-28T03:00:00.000+02:00"])
      #expect(loose.first?["note"] == .null)
      #expect(loose.last?["note"] != .null)
    }

    @Test("`check` has every key, also where no line is at fault") func check() throws {
      let almanac = try Almanac()
      try saveJobs(almanac)
      try almanac.save("clash.lua", "function main() end")
      try almanac.save("clash/main.lua", "function main() end")
      let rows = try list(almanac, "check", almanac.jobs)
      expectKeys(rows, ["file", "line", "job", "message"], "check")
      #expect(Set(rows.map { $0["job"].asString }) == ["broken", "clash"])
      #expect(rows.first { $0["job"] == "broken" }?["line"] == 2)
      let clash = try #require(rows.first { $0["job"] == "clash" })
      #expect(clash["line"] == .null)
      #expect(clash["file"].asString?.hasSuffix("jobs/clash.lua") == true)
      #expect(clash["message"].asString?.contains("clash/main.lua") == true)
    }

    @Test("`logs` has every key, of a run and of a job's loading") func logs() async throws {
      let almanac = try Almanac()
      try saveJobs(almanac)
      try await almanac.serve()
      let run = try await almanac.endedRun(of: "good")
      var lines: [DataValue] = []
      try await almanac.eventually("the lines are there") {
        lines = try almanac.rows("logs", "good")
        return lines.count >= 3
      }
      expectKeys(lines, ["run_id", "at", "level", "message", "fields"], "logs")
      #expect(lines.map { $0["run_id"] } == [.null, run["id"], run["id"]])
      #expect(lines.map { $0["level"] } == ["info", "info", "warn"])
      #expect(lines.first?["message"].asString?.contains("ready") == true)
      #expect(lines.dropFirst().map { $0["message"] } == ["plain", "with fields"])
      #expect(lines.map { $0["fields"] } == [.null, .null, ["files": 3, "names": .list(["a"])]])
    }

    // MARK: Permissions

    private func mode(_ path: String) throws -> Int {
      try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test("the state directory and what is in it are for their owner only") func permissions() async throws {
      let almanac = try Almanac()
      try await almanac.serve()
      #expect(try mode(almanac.state) == 0o700)
      #expect(try mode(almanac.state + "/hosts") == 0o700)
      #expect(try mode(almanac.state + "/control.sock") == 0o600)
      #expect(try mode(almanac.state + "/lock") == 0o600)
    }

    @Test("the socket is for its owner only also in a directory that others may enter")
    func givenDirectory() async throws {
      let almanac = try Almanac()
      try FileManager.default.createDirectory(
        atPath: almanac.state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
      try await almanac.serve()
      #expect(try mode(almanac.state + "/control.sock") == 0o600)
    }
  }
}
