import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("Idle Lua states") struct IdleStateTests {
    private static let counter = "function main() count = (count or 0) + 1 return count end"

    /// Runs the job once and returns what it has counted to.
    private func trigger(_ job: String, _ almanac: Almanac) throws -> Int64? {
      _ = try almanac.command("trigger", job, "--wait")
      return try almanac.runs(of: job).first?["result"].asInt
    }

    @Test("as many stay as are asked for: those of the jobs that ran last") func leastRecentlyUsed()
      async throws
    {
      let almanac = try Almanac()
      for name in ["a", "b", "c"] { try almanac.save("\(name).lua", Self.counter) }
      try await almanac.serve(environment: ["ALMANAC_IDLE_STATES": "2"])
      #expect(try trigger("a", almanac) == 1)
      #expect(try trigger("b", almanac) == 1)
      #expect(try trigger("a", almanac) == 2)
      #expect(try trigger("b", almanac) == 2)
      #expect(try trigger("c", almanac) == 1, "a makes room for it")
      #expect(try trigger("b", almanac) == 3)
      #expect(try trigger("c", almanac) == 2)
      #expect(try trigger("a", almanac) == 1)
    }

    @Test("all stay where nothing else is asked for") func all() async throws {
      let almanac = try Almanac()
      for name in ["a", "b", "c"] { try almanac.save("\(name).lua", Self.counter) }
      try await almanac.serve()
      for round in 1...3 {
        for name in ["a", "b", "c"] { #expect(try trigger(name, almanac) == Int64(round)) }
      }
    }

    @Test("a job whose state was closed is loaded again in time for its due instant") func onTime()
      async throws
    {
      let almanac = try Almanac()
      for number in 0..<30 {
        try almanac.save(
          "job\(number).lua",
          """
          schedule = { every = "1s", start_at = "2020-01-01T00:00:00Z" }
          function initialize() ready = true end
          function main() assert(ready) count = (count or 0) + 1 return count end
          """)
      }
      try await almanac.serve(environment: ["ALMANAC_IDLE_STATES": "0"])
      for number in 0..<30 {
        _ = try await almanac.endedRun(of: "job\(number)", count: 4)
        let rows = try almanac.runs(of: "job\(number)").filter { $0["state"] == "ended" }
        for row in rows {
          #expect(row["outcome"] == "succeeded", "\(row)")
          #expect(row["result"] == 1, "no state has lasted from one run to the next")
          let late = try Stamp.seconds(row["started_at"]) - Stamp.seconds(row["due_at"])
          #expect(late >= 0 && late < 5, "on a quiet machine it is a few milliseconds")
        }
      }
    }
  }
}
