import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("After kill -9") struct CrashTests {
    /// A job that is due every second on a grid, and leaves a line for each call of `main`.
    private func job(_ number: Int) -> String {
      """
      local fs = require "almanac.fs"
      local job = require "almanac.job"
      schedule = {
        every = "1s", start_at = "2020-01-01T00:00:00Z", late_within = "500ms",
        retry = { count = 1, interval = "300ms" },
        start_when_available = \(number % 2 == 0),
      }
      function main(run)
        assert(fs.append("../ran-\(number).txt", run.id .. " " .. run.attempt .. "\\n"))
        job.sleep("\(number % 5 * 100)ms")
        return "ok"
      end
      """
    }

    @Test("no row stays open, no due instant is lost or there twice, and what succeeded ran")
    func ledgerNeverLies() async throws {
      let almanac = try Almanac()
      let jobs = 10
      for number in 0..<jobs { try almanac.save("tick\(number).lua", job(number)) }
      for round in 0..<8 {
        let daemon = try await almanac.serve()
        try await Task.sleep(for: .milliseconds(Int.random(in: 100...1800)))
        kill(daemon.processIdentifier, SIGKILL)
        daemon.waitUntilExit()
        // Sometimes long enough that instants are missed.
        if round % 3 == 0 { try await Task.sleep(for: .milliseconds(1700)) }
      }
      let daemon = try await almanac.serve()
      try await Task.sleep(for: .milliseconds(1500))
      #expect(try almanac.command("stop").status == 0)
      daemon.waitUntilExit()
      for number in 0..<jobs { try check(almanac, "tick\(number)", lines: "ran-\(number).txt") }
    }

    /// Derives the due instants from the grid alone.
    private func check(_ almanac: Almanac, _ job: String, lines file: String) throws {
      let rows = try almanac.runs(of: job).reversed()
      #expect(rows.count > 3)
      var covered: [Int: Int] = [:]
      for row in rows {
        let state = row["state"].asString
        let isRetry = state == "waiting" && (row["attempt"].asInt ?? 0) > 0
        #expect(state == "ended" || isRetry, "\(job): row \(row["id"]) is \(state ?? "?")")
        let (first, last) = (
          try second(row["due_at"]), try row["due_until"] == .null ? nil : second(row["due_until"])
        )
        let range = first...(last ?? first)
        #expect(row["count"].asInt == Int64(range.count), "\(job): \(row)")
        for due in range { covered[due, default: 0] += 1 }
      }
      let (first, last) = (try #require(covered.keys.min()), try #require(covered.keys.max()))
      for due in first...last {
        #expect(covered[due] == 1, "\(job): the instant \(due) is covered \(covered[due] ?? 0) times")
      }
      var calls: [String: Int] = [:]
      for line in (almanac.read(file) ?? "").split(separator: "\n") { calls[String(line), default: 0] += 1 }
      for (call, count) in calls { #expect(count == 1, "\(job): main was called \(count) times for \(call)") }
      for row in rows where row["outcome"] == "succeeded" {
        let call = "\(row["id"].asInt ?? 0) \(row["attempt"].asInt ?? 0)"
        #expect(calls[call] == 1, "\(job): run \(call) succeeded and left no line")
      }
    }

    private func second(_ value: DataValue) throws -> Int {
      let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
      let instant = try format.parse(try #require(value.asString)).timeIntervalSince1970
      #expect(instant == instant.rounded(), "not on the grid: \(value)")
      return Int(instant)
    }

    @Test("a run that was cut off is interrupted, and its retry applies") func interrupted() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "long.lua",
        """
        schedule = { every = "1h", retry = { count = 1, interval = "100ms" } }
        function main(run)
          if run.attempt == 1 then require("almanac.job").sleep(60) end
          return "attempt " .. run.attempt
        end
        """)
      try almanac.save(
        "once.lua", "schedule = { every = '1h' }\nfunction main() require('almanac.job').sleep(60) end")
      let daemon = try await almanac.serve()
      try await almanac.eventually("both run") {
        try almanac.runs(of: "long").first?["state"] == "running"
          && almanac.runs(of: "once").first?["state"] == "running"
      }
      kill(daemon.processIdentifier, SIGKILL)
      daemon.waitUntilExit()
      try await almanac.serve()
      let row = try await almanac.endedRun(of: "long")
      #expect(row["outcome"] == "succeeded")
      #expect(row["attempt"] == 2)
      let once = try await almanac.endedRun(of: "once")
      #expect(once["outcome"] == "interrupted")
      #expect(once["reason"] != .null)
    }

    @Test("no host process outlives its daemon") func noOrphans() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "busy.lua", "schedule = { every = '1h', time_limit = '0s' }\nfunction main() while true do end end")
      let daemon = try await almanac.serve()
      try await almanac.eventually("it runs") { try almanac.runs(of: "busy").first?["state"] == "running" }
      let hosts = Processes.children(of: daemon.processIdentifier)
      #expect(!hosts.isEmpty)
      kill(daemon.processIdentifier, SIGKILL)
      daemon.waitUntilExit()
      try await almanac.eventually("the hosts are gone") { hosts.allSatisfy { !Processes.isAlive($0) } }
    }
  }
}

/// Processes as /proc shows them.
enum Processes {
  static func children(of parent: Int32) -> [Int32] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.compactMap { Int32($0) }.filter { stat(of: $0)?.parent == parent }
  }

  /// False for one that is gone, or dead and not yet buried.
  static func isAlive(_ pid: Int32) -> Bool { stat(of: pid).map { $0.state != "Z" } ?? false }

  /// What the process holds of the machine's memory.
  static func residentBytes(of pid: Int32) throws -> Int {
    let pages = try String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8).split(separator: " ")
    return try #require(Int(pages[1])) * Int(getpagesize())
  }

  static func parent(of pid: Int32) -> Int32? { stat(of: pid)?.parent }

  private static func stat(of pid: Int32) -> (state: Substring, parent: Int32)? {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 1, let parent = Int32(fields[1]) else { return nil }
    return (fields[0], parent)
  }
}
