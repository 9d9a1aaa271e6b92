import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("A bad job hurts only itself") struct BadJobTests {
    @Test("loops, bombs, crashes and failures beside good jobs") func beside() async throws {
      let almanac = try Almanac()
      for number in 0..<40 {
        try almanac.save(
          "good\(number).lua",
          "schedule = { every = '1s', start_at = '2020-01-01T00:00:00Z' }\nfunction main() return \(number) end"
        )
      }
      let limits = "time_limit = '500ms', stop_grace = '300ms'"
      try almanac.save(
        "loop.lua",
        "schedule = { every = '1h', \(limits) }\nfunction main() while true do pcall(function() while true do end end) end end"
      )
      try almanac.save(
        "memory.lua",
        "schedule = { every = '1h', memory_limit = '8MB' }\nfunction main() local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end end"
      )
      try almanac.save(
        "pattern.lua",
        "schedule = { every = '1h', \(limits) }\nfunction main() return ('a'):rep(200):find(('a-'):rep(8) .. 'b') end"
      )
      try almanac.save("fails.lua", "schedule = { every = '1h' }\nfunction main() error('on purpose') end")
      try almanac.save("broken.lua", "schedule = { every = '1h' }\nfunction main( return end")
      let daemon = try await almanac.serve()
      let loop = try await almanac.endedRun(of: "loop")
      #expect(loop["outcome"] == "timed_out")
      let memory = try await almanac.endedRun(of: "memory")
      #expect(memory["outcome"] == "failed")
      #expect(memory["error"].asString?.contains("memory") == true)
      let pattern = try await almanac.endedRun(of: "pattern")
      #expect(pattern["outcome"] == "timed_out")
      let fails = try await almanac.endedRun(of: "fails")
      #expect(fails["outcome"] == "failed")
      #expect(fails["error"].asString?.contains("fails.lua:2: on purpose") == true)
      #expect(
        try almanac.rows("jobs").first { $0["job"] == "broken" }?["error"].asString?.contains("broken.lua:2:")
          == true)
      // A host that somebody kills takes nobody with it for long.
      for host in Processes.children(of: daemon.processIdentifier) { kill(host, SIGSEGV) }
      let before = try ended(almanac).mapValues(\.count)
      try await almanac.eventually("the good jobs go on") {
        let now = try ended(almanac)
        return (0..<40).allSatisfy { (now["good\($0)"]?.count ?? 0) >= (before["good\($0)"] ?? 0) + 2 }
      }
      for (job, rows) in try ended(almanac) where job.hasPrefix("good") {
        for row in rows { #expect(row["outcome"] == "succeeded", "\(job): \(row)") }
      }
      #expect(daemon.isRunning)
    }

    /// The rows that have ended, by job.
    private func ended(_ almanac: Almanac) throws -> [String: [DataValue]] {
      let rows = try almanac.rows("runs", "-n", "100000").filter { $0["state"] == "ended" }
      return Dictionary(grouping: rows) { $0["job"].asString ?? "?" }
    }
  }
}
