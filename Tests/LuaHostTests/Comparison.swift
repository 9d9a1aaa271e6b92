import Foundation
import Testing
import Values

/// A Lua file in `Fixtures` whose `main` tries random things, told a seed and how many, and returns a line for
/// each.
struct Comparison {
  private let script: String

  init(_ name: String) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)")
    script = try String(contentsOf: file, encoding: .utf8)
  }

  /// Records the first line that stock Lua writes otherwise.
  func check(seed: Int, count: Int, in harness: Harness) async throws {
    let stock = try StockLua.run("\(script)\nreturn main { params = { seed = \(seed), count = \(count) } }")
    let id = try await harness.load(script)
    let run: DataValue = ["params": ["seed": .int(Int64(seed)), "count": .int(Int64(count))]]
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
