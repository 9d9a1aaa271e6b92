import Campaign
import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("After kill -9") struct CrashTests {
    @Test("no row stays open, no due instant is lost or there twice, and what succeeded ran", .takesLong)
    func ledgerNeverLies() throws {
      let seed = Int.random(in: 1...999_999)
      let campaign = try Campaign(
        binary: Almanac.binary, root: NSTemporaryDirectory() + "almanac-test-" + UUID().uuidString, seed: seed
      )
      let findings = try campaign.play(rounds: 8)
      #expect(
        findings.isEmpty,
        """
        \(campaign.root), `make campaign ROUNDS=8 SEED=\(seed)`: \(findings.prefix(8).joined(separator: "\n"))
        """)
      if findings.isEmpty { campaign.remove() }
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
