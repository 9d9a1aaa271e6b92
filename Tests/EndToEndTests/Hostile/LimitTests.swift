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

    @Test("the ledger has the most memory that a run took") func peak() async throws {
      let almanac = try Almanac()
      try almanac.save("large.lua", "function main() return #('x'):rep(8 << 20) end")
      try almanac.save(
        "over.lua",
        "schedule = { memory_limit = '4MB' }\nfunction main() local t = {} while true do t[#t + 1] = {} end end"
      )
      try almanac.save("skipped.lua", "schedule = { at = '2099-01-01', testing = true }\nfunction main() end")
      try await almanac.serve()
      for (job, range) in [("large", 8 << 20...20 << 20), ("over", 4 << 20...8 << 20)] {
        _ = try almanac.command("trigger", job, "--wait")
        let row = try #require(try almanac.runs(of: job).first)
        let peak = try #require(row["peak_memory_bytes"].asInt, "\(row)")
        #expect(range.contains(Int(peak)), "\(job): \(peak)")
      }
      _ = try almanac.command("trigger", "skipped", "--wait")
      #expect(
        try #require(try almanac.runs(of: "skipped").first)["peak_memory_bytes"] == .null, "it did not run")
    }

    @Test("what a job says does not steer the terminal, nor forge other lines") func terminal() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "painter.lua",
        """
        function main()
          print("one\\n2026-01-01T00:00:00.000Z error good #1: forged")
          print("\\27[2Jtwo\\rthree\\8\\u{9B}31m\\u{202E}four")
          error("\\27]0;title\\7five", 0)
        end
        """)
      try await almanac.serve()
      let trigger = try almanac.command("trigger", "painter", "--wait")
      let seen = [
        almanac.log, trigger.err, try almanac.command("runs").out, try almanac.command("logs", "painter").out,
      ]
      for text in seen {
        #expect(text.contains("five") || text.contains("four"))
        for bad in ["\u{1B}", "\r", "\u{8}", "\u{7}", "\u{9B}", "\u{202E}"] {
          #expect(!text.unicodeScalars.contains { String($0) == bad }, "\(text)")
        }
        #expect(!text.split(separator: "\n").contains { $0.hasPrefix("2026-01-01") })
      }
      #expect(
        try almanac.runs(of: "painter").first?["error"] == "\u{1B}]0;title\u{7}five", "data stay as they are")
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
