import Foundation
import Testing
import Values

extension RealBinary {
  /// Each hostile script runs as a job in a real daemon, one after the other, beside forty good jobs.
  @Suite("Hostile jobs beside good ones") struct HostileJobTests {
    /// How much longer than on a quiet machine a run may take to end, in seconds. On a quiet machine, run the
    /// tests with `ALMANAC_TEST_SLACK=0`: then the bounds are those that are promised.
    static let slack = ProcessInfo.processInfo.environment["ALMANAC_TEST_SLACK"].flatMap(Double.init) ?? 10

    @Test("what escapes a naive host ends within its limits", .takesLong) func escapes() async throws {
      try await play(HostileScript.escapes)
    }

    @Test("whatever else a script may try ends within its limits", .takesLong) func more() async throws {
      try await play(HostileScript.more)
    }

    @Test("loops that hide in callbacks, and data by the megabyte, end within its limits", .takesLong)
    func ideas() async throws {
      try await play(HostileScript.ideas)
    }

    private func play(_ scripts: [HostileScript]) async throws {
      let almanac = try Almanac()
      let good = GoodJobs(almanac)
      try good.save()
      for script in scripts { try almanac.save("\(script.name).lua", script.file) }
      let daemon = try await almanac.serve()
      var slowest = (script: "", seconds: 0.0)
      for script in scripts {
        let output = try almanac.command("trigger", script.name, "--wait")
        #expect(!output.err.contains("Fatal error"), "\(script.name): \(output.err)")
        let row = try #require(try almanac.runs(of: script.name).first, "\(script.name): \(output.err)")
        let seconds = try check(row, of: script)
        if seconds > slowest.seconds { slowest = (script.name, seconds) }
      }
      #expect(daemon.isRunning)
      print(
        "the slowest of \(scripts.count) hostile jobs, \(slowest.script), took \(milliseconds(slowest.seconds))"
      )
      try await good.check()
    }

    /// Checks how the run ended; returns how long it took.
    private func check(_ row: DataValue, of script: HostileScript) throws -> Double {
      #expect(row["state"] == "ended", "\(script.name): \(row)")
      let seconds = try Stamp.seconds(row["ended_at"]) - Stamp.seconds(row["started_at"])
      let said = row["error"].asString ?? row["reason"].asString ?? ""
      let grace =
        switch script.end {
        case .timedOutAfterGrace, .somehow: HostileScript.stopGrace
        case .timedOut, .outOfMemory, .fails, .succeeds: 0.0
        }
      let bound = script.timeLimit + grace + 0.1 + Self.slack
      #expect(seconds <= bound, "\(script.name) took \(seconds) s: \(said)")
      let outcome = row["outcome"].asString
      switch script.end {
      case .timedOut, .timedOutAfterGrace: #expect(outcome == "timed_out", "\(script.name): \(said)")
      case .outOfMemory:
        #expect(outcome == "failed", "\(script.name)")
        #expect(
          said.contains("memory limit of \(HostileScript.memoryLimit) exceeded"), "\(script.name): \(said)")
      case .fails(let text):
        #expect(outcome == "failed", "\(script.name): \(said)")
        #expect(text.isEmpty || said.contains(text), "\(script.name): \(said)")
      case .succeeds: #expect(outcome == "succeeded", "\(script.name): \(said)")
      case .somehow:
        #expect(["succeeded", "failed", "timed_out"].contains(outcome), "\(script.name): \(row)")
      }
      return seconds
    }
  }
}

/// Forty jobs that are due every second, and are to notice nothing.
struct GoodJobs {
  static let count = 40
  private let almanac: Almanac

  init(_ almanac: Almanac) { self.almanac = almanac }

  func save() throws {
    for number in 0..<Self.count {
      try almanac.save(
        "good\(number).lua",
        """
        schedule = { every = "1s", start_at = "2020-01-01T00:00:00Z" }
        function main(run) return \(number) end
        """)
    }
  }

  /// Waits until all have run once more, and checks that none of them has missed an instant since its first.
  ///
  /// - Returns: How late the latest of them started, in seconds.
  @discardableResult func check() async throws -> Double {
    let now = Date().timeIntervalSince1970
    var rows: [String: [DataValue]] = [:]
    try await almanac.eventually("the good jobs go on") {
      rows = Dictionary(grouping: try self.ended()) { $0["job"].asString ?? "?" }
      return try (0..<Self.count).allSatisfy {
        try (rows["good\($0)"]?.first).map { try Stamp.seconds($0["due_at"]) > now } ?? false
      }
    }
    var lateness: [Double] = []
    var overlapping = 0
    for number in 0..<Self.count {
      let own = rows["good\(number)"] ?? []
      let due = try own.map { try Int(Stamp.seconds($0["due_at"])) }.sorted()
      let first = try #require(due.first)
      #expect(due == Array(first..<first + due.count), "good\(number) has gaps: \(due)")
      for row in own {
        if row["outcome"] == "skipped", row["reason"].asString?.hasPrefix("overlap") == true {
          overlapping += 1
        } else {
          #expect(row["outcome"] == "succeeded", "\(row)")
        }
        if row["started_at"] != .null {
          lateness.append(try Stamp.seconds(row["started_at"]) - Stamp.seconds(row["due_at"]))
        }
      }
    }
    // A machine that is busy with other things may hold all of them up for a second or two.
    #expect(overlapping == 0 || RealBinary.HostileJobTests.slack > 0 && overlapping * 4 < lateness.count)
    lateness.sort()
    let (p99, latest) = (lateness[lateness.count * 99 / 100], lateness.last ?? 0)
    print(
      "\(lateness.count) runs of good jobs: p99 \(milliseconds(p99)) late, at most \(milliseconds(latest))")
    return latest
  }

  private func ended() throws -> [DataValue] {
    try almanac.rows("runs", "-n", "1000000").filter { $0["state"] == "ended" }
  }
}

private func milliseconds(_ seconds: Double) -> String { "\(Int((seconds * 1000).rounded())) ms" }
