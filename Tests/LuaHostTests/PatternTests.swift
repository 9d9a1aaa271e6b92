import Foundation
import Testing

/// The pattern functions are the host's own, so that a match can be ended. They are to be the same as Lua's
/// in all else: results, captures and messages.
@Suite("Patterns", .timeLimit(.minutes(10))) struct PatternTests {
  let harness = Harness()

  /// How often the 300,000 patterns of a normal run are tried, each time others.
  static let rounds = ProcessInfo.processInfo.environment["ALMANAC_PATTERN_ROUNDS"].flatMap(Int.init) ?? 1
  static let blocks = 30

  @Test("do what stock Lua does, for random patterns and subjects", arguments: 0..<(blocks * rounds))
  func sameAsStock(block: Int) async throws {
    try await Comparison("patterns.lua").check(seed: block, count: 10_000, in: harness)
  }
}
