import Testing

/// `string.format` is the host's own, so that a long one can be ended.
@Suite("string.format", .timeLimit(.minutes(5))) struct FormatTests {
  let harness = Harness()

  @Test("does what stock Lua's does, for random formats and values", arguments: 0..<8)
  func sameAsStock(block: Int) async throws {
    try await Comparison("formats.lua").check(seed: block, count: 10_000, in: harness)
  }
}
