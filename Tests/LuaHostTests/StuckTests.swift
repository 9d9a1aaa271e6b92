import LuaHost
import Synchronization
import Testing
import Values

@Suite("What cannot be stopped", .timeLimit(.minutes(10))) struct StuckTests {
  @Test("is told, once, and only when its thread has really gone on") func told() async throws {
    let isReleased = Atomic(false)
    let module = HostModule(
      name: "almanac.spin",
      functions: [
        HostFunction(name: "spin", isOutside: false) { _ in
          while !isReleased.load(ordering: .relaxed) {}
          return .values([])
        }
      ])
    let harness = Harness(modules: [module])
    let id = try await harness.load("function main() require('almanac.spin').spin() end")
    let run = harness.start(id, timeLimit: .milliseconds(50), grace: .milliseconds(50))
    let begin = ContinuousClock.now
    await harness.recorder.stuckRuns.value(for: run)
    #expect(ContinuousClock.now - begin < .seconds(1) + Harness.slack)
    isReleased.store(true, ordering: .relaxed)
    #expect(await harness.end(of: run).end == .timedOut)
  }
}
