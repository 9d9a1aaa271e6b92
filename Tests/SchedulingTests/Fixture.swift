import FoundationEssentials

@testable import Scheduling

/// Reads files that lie beside the tests.
enum Fixture {
  static func text(_ name: String, file: String = #filePath) throws -> String {
    let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
      separator: "/")
    return try String(contentsOfFile: "\(folder)/Fixtures/\(name)", encoding: .utf8)
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path)))
  }
}

/// The instant of an ISO text, in UTC unless it says otherwise.
func instant(_ text: String, _ zone: Zone = .utc) throws -> Instant { try Instant(parsing: text, in: zone) }

/// A generator that gives the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
