import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("Retention") struct RetentionTests {
    @Test("removes what is over the bounds, also of jobs that are no longer there, and the commands say so")
    func removes() async throws {
      let almanac = try Almanac()
      for job in ["old", "new"] {
        try almanac.save("\(job).lua", "function main() print('hello') return 1 end")
      }
      let first = try await almanac.serve()
      for _ in 0..<12 {
        for job in ["old", "new"] {
          _ = try almanac.run(["trigger", job, "--wait", "--state", almanac.state])
        }
      }
      #expect(try almanac.command("stop").status == 0)
      first.waitUntilExit()
      #expect(try almanac.rows("runs", "-n", "100").count == 24)
      try FileManager.default.removeItem(atPath: almanac.jobs + "/old.lua")
      try await almanac.serve(environment: ["ALMANAC_RETENTION_RUNS": "6"])
      try await almanac.eventually("the oldest rows are gone") {
        try almanac.rows("runs", "-n", "100").count <= 8
      }
      let kept = try almanac.rows("runs", "-n", "100").compactMap { $0["id"].asInt }
      #expect(Set(19...24).isSubset(of: kept), "\(kept)")
      #expect(try !almanac.runs(of: "old").isEmpty)
      let output = try almanac.command("logs", "1")
      #expect(output.status == 3 && output.err.contains("run 1 is no longer there: older rows were removed"))
      #expect(try almanac.command("logs", "24").out.contains("hello"))
      #expect(try almanac.command("runs", "new").err.contains("older rows were removed by retention"))
      #expect(try almanac.command("logs", "99").err.contains("there is no run 99"))
    }

    @Test("holds for runs by hand too, where no daemon is") func byHand() throws {
      let almanac = try Almanac()
      try almanac.save("hand.lua", "function main() return 1 end")
      for _ in 0..<6 {
        let output = try almanac.run(
          ["run", "hand", "--jobs", almanac.jobs, "--state", almanac.state],
          environment: ["ALMANAC_RETENTION_RUNS": "2"])
        #expect(output.status == 0)
      }
      #expect(try almanac.runs(of: "hand").count <= 3)
    }
  }
}
