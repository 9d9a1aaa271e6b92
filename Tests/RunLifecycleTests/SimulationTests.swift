import RunLifecycle
import Simulation
import Testing

/// A few worlds in every test run; `make simulate` plays as many as one likes, much faster.
@Suite("The planner in a simulated world") struct SimulationTests {
  @Test("keeps the ledger's promises, whatever happens", arguments: 0..<30)
  func promises(decade: Int) {
    for seed in decade * 10..<decade * 10 + 10 {
      let findings = LedgerAudit.report(onSeed: seed).findings
      #expect(
        findings.isEmpty,
        "`make simulate SEED=\(seed)` repeats it: \(findings.prefix(8).joined(separator: "\n"))")
    }
  }

  @Test("leaves the same trace for the same seed", arguments: [3, 7, 11])
  func determinism(seed: Int) throws {
    func trace() throws -> [String] {
      var world = SimulatedWorld(seed: seed)
      try world.play()
      return world.trace
    }
    #expect(try trace() == trace())
  }
}
