import Testing
import Values

extension RealBinary {
  @Suite("The limits of a job") struct LimitTests {
    @Test("cpu_limit ends a run that is busy, and tells why") func processorTime() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "busy.lua", "schedule = { every = '1h', cpu_limit = '200ms' }\nfunction main() while true do end end")
      try almanac.save(
        "idle.lua",
        "schedule = { every = '1h', cpu_limit = '200ms' }\nfunction main() require('almanac.job').sleep(0.5) end"
      )
      try await almanac.serve()
      let busy = try await almanac.endedRun(of: "busy")
      #expect(busy["outcome"] == "timed_out")
      #expect(busy["reason"] == "cpu_limit of 200ms exceeded")
      #expect(try await almanac.endedRun(of: "idle")["outcome"] == "succeeded")
    }

    @Test("log_limit drops what comes after, and says how much") func log() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "chatty.lua",
        """
        schedule = { log_limit = '10KB' }
        function main() for i = 1, 1000 do print(('x'):rep(99)) end return 'done' end
        """)
      try await almanac.serve()
      #expect(try almanac.command("trigger", "chatty", "--wait").status == 0)
      let log = try almanac.command("logs", "chatty").out
      #expect(log.contains("log limit of 10KB reached: "))
      #expect(log.utf8.count < 30_000)
    }
  }
}
