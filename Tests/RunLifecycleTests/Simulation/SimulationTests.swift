import Foundation
import RunLifecycle
import Scheduling
import Testing

@Suite("The planner in a simulated world") struct SimulationTests {
  /// `ALMANAC_SEEDS=2000` plays more than the three hundred of every test run.
  static let decades =
    0..<(ProcessInfo.processInfo.environment["ALMANAC_SEEDS"].flatMap { Int($0) } ?? 300) / 10

  @Test("keeps the ledger's promises, whatever happens", arguments: decades)
  func promises(decade: Int) throws {
    for seed in decade * 10..<decade * 10 + 10 {
      var world = SimulatedWorld(seed: seed)
      try world.play(for: .minutes(20), crashes: seed % 4)
      let findings = try LedgerAudit.findings(in: world)
      #expect(findings.isEmpty, "seed \(seed): \(findings.prefix(8).joined(separator: "\n"))")
    }
  }

  @Test("leaves the same ledger for the same seed")
  func determinism() throws {
    func ledger() throws -> [Run] {
      var world = SimulatedWorld(seed: 7)
      try world.play(for: .minutes(20), crashes: 2)
      return try LedgerAudit(world).rows
    }
    #expect(try ledger() == ledger())
  }
}
