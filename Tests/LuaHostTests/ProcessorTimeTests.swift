import LuaHost
import Testing
import Values

@Suite("The limit on processor time", .serialized, .timeLimit(.minutes(10))) struct ProcessorTimeTests {
  let harness = Harness()

  @Test(
    "ends a run that is busy for longer",
    arguments: [
      "while true do end",
      "while true do pcall(function() while true do end end) end",
      "coroutine.wrap(function() while true do end end)()",
      // In a thousand short turns.
      "local sleep = require('almanac.job').sleep while true do for i = 1, 20000 do end sleep(0.0001) end",
    ]) func ends(body: String) async throws
  {
    let end = try await harness.run(body: body, limits: StateLimits(cpuLimit: 100_000_000))
    #expect(end.end == .overCPULimit)
    #expect(end.stateLost)
    #expect(end.duration >= .milliseconds(99))
    #expect(end.duration < .seconds(1) + Harness.slack)
  }

  @Test("says where the run was") func place() async throws {
    let end = try await harness.run(body: "while true do end", limits: StateLimits(cpuLimit: 20_000_000))
    #expect(end.log.last?.message == "stopped at jobs/test.lua:2")
  }

  @Test("does not count what the run waits for") func waiting() async throws {
    let end = try await harness.run(
      body: "require('almanac.job').sleep(0.3) return 'rested'", limits: StateLimits(cpuLimit: 100_000_000))
    #expect(end.end == .succeeded(result: "rested"))
  }

  @Test("counts anew for every run") func anew() async throws {
    let id = try await harness.load(
      """
      function main()
        for i = 1, 2e5 do end
        return "done"
      end
      """, limits: StateLimits(cpuLimit: 500_000_000))
    for _ in 0..<50 { #expect(await harness.run(id).end == .succeeded(result: "done")) }
  }

  @Test("leaves closers the grace") func closers() async throws {
    let end = try await harness.run(
      body: """
        local x <close> = setmetatable({}, {__close = function()
          for i = 1, 1e5 do end
          print("closed")
        end})
        while true do end
        """, limits: StateLimits(cpuLimit: 20_000_000))
    #expect(end.end == .overCPULimit)
    #expect(end.log.first?.message == "closed")
  }
}
