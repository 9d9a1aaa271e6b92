import Foundation
import LuaHost
import Testing
import Values

/// The pattern functions are the host's own, so that a match can be ended. They are to be the same as Lua's
/// in all else: results, captures and messages.
@Suite("Patterns", .timeLimit(.minutes(10))) struct PatternTests {
  let harness = Harness()

  /// How often the 300,000 patterns of a normal run are tried, each time others.
  static let rounds = ProcessInfo.processInfo.environment["ALMANAC_PATTERN_ROUNDS"].flatMap(Int.init) ?? 1
  static let blocks = 30
  static let casesInBlock = 10_000

  @Test("do what stock Lua does, for random patterns and subjects", arguments: 0..<(blocks * rounds))
  func sameAsStock(block: Int) async throws {
    let script = try Self.script()
    let call = "main { params = { seed = \(block), count = \(Self.casesInBlock) } }"
    let stock = try StockLua.run("\(script)\nreturn \(call)")
    let id = try await harness.load(script)
    let run: DataValue = ["params": ["seed": .int(Int64(block)), "count": .int(Int64(Self.casesInBlock))]]
    let end = await harness.run(id, run)
    harness.host.close(id)
    let own = try #require(end.end.result?.asBytes, "\(end.end)")
    guard own != stock else { return }
    let lines = zip(stock.split(separator: 10), own.split(separator: 10))
    let (expected, found) = try #require(lines.first { $0 != $1 })
    Issue.record(
      """
      stock Lua: \(String(decoding: expected, as: UTF8.self))
      the host:  \(String(decoding: found, as: UTF8.self))
      """)
  }

  private static func script() throws -> String {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/patterns.lua")
    return try String(contentsOf: file, encoding: .utf8)
  }
}

extension DataValue {
  /// The bytes of a string, whether or not they are UTF-8.
  var asBytes: [UInt8]? {
    switch self {
    case .string(let text): Array(text.utf8)
    case .bytes(let bytes): Array(bytes)
    default: nil
    }
  }
}
