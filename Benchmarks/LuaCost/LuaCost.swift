import Foundation

/// Prints what Lua code costs in a job, compared with the `lua5.4` of the system.
///
/// ```
/// swift run --package-path Benchmarks -c release lua-cost .build/release/almanac
/// ```
///
/// Each snippet is run by both in turn, some rounds long, in processes of their own; what counts is the
/// least time that it took each. So a busy machine makes it slower, and hardly less exact. Ends with 1 if
/// a snippet costs more than it may.
@main
struct LuaCost {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let binary = arguments.first else { return print("usage: lua-cost BINARY [ROUNDS] [SNIPPET]") }
    let rounds = arguments.dropFirst().first.flatMap { Int($0) } ?? 5
    let only = arguments.dropFirst(2).first
    let bench = try Bench(binary: binary)
    let result = Result { try measure(bench, rounds: rounds, only: only) }
    bench.remove()
    switch result {
    case .success(let failures): exit(failures > 0 ? 1 : 0)
    case .failure(let error):
      FileHandle.standardError.write(Data("lua-cost: \(error)\n".utf8))
      exit(2)
    }
  }

  /// Prints a line for each snippet, and returns how many cost too much.
  private static func measure(_ bench: Bench, rounds: Int, only: String?) throws -> Int {
    var failures = 0
    for snippet in try bench.snippets() where only.map({ $0 == snippet.name }) ?? true {
      let (stock, job) = try bench.leastTimes(of: snippet.name, rounds: rounds)
      let percent = (job / stock - 1) * 100
      let isOver = snippet.limit > 0 && percent > snippet.limit
      if isOver { failures += 1 }
      let limit = snippet.limit > 0 ? String(format: "%4.0f %%", snippet.limit) : "      "
      print(
        snippet.name.padding(toLength: 32, withPad: " ", startingAt: 0)
          + String(format: "%8.2f ms  %8.2f ms  %+6.1f %%  ", stock * 1000, job * 1000, percent)
          + limit + (isOver ? "  over" : ""))
    }
    return failures
  }
}

struct BenchError: Error, CustomStringConvertible {
  let description: String
}

struct Bench {
  struct Snippet {
    let name: String
    /// How much more it may cost than in `lua5.4`, in percent; 0: it is only told.
    let limit: Double
  }

  private let binary: String
  private let folder: URL
  private let script: URL

  init(binary: String) throws {
    self.binary = binary
    let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "snippets.lua")
    folder = FileManager.default.temporaryDirectory.appending(path: "lua-cost-\(UUID().uuidString)")
    let jobs = folder.appending(path: "jobs")
    try FileManager.default.createDirectory(at: jobs, withIntermediateDirectories: true)
    script = jobs.appending(path: "cost.lua")
    try FileManager.default.copyItem(at: source, to: script)
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  func snippets() throws -> [Snippet] {
    try stock(nil).split(separator: "\n").compactMap { line in
      let parts = line.split(separator: "\t")
      guard parts.count == 2, let limit = Double(parts[0]) else { return nil }
      return Snippet(name: String(parts[1]), limit: limit)
    }
  }

  /// The least seconds that it took `lua5.4` and a job.
  func leastTimes(of snippet: String, rounds: Int) throws -> (stock: Double, job: Double) {
    var least = (stock: Double.infinity, job: Double.infinity)
    for _ in 0..<rounds {
      least.stock = min(least.stock, try seconds(stock(snippet)))
      least.job = min(least.job, try seconds(job(snippet)))
    }
    return least
  }

  private func stock(_ snippet: String?) throws -> String {
    let params = snippet.map { "{snippet = [==[\($0)]==]}" } ?? "nil"
    return try output(
      of: "/usr/bin/env",
      ["lua5.4", "-e", "dofile(arg[1]) print(main({params = \(params)}))", "/dev/null", script.path])
  }

  private func job(_ snippet: String) throws -> String {
    try output(
      of: binary,
      [
        "run", "cost", "--jobs", folder.appending(path: "jobs").path, "--state",
        folder.appending(path: "state").path, "--param", "snippet=\(snippet)",
      ])
  }

  private func seconds(_ text: String) throws -> Double {
    guard let number = Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw BenchError(description: "lua5.4 and \(binary) are to print a time; this came: \(text)")
    }
    return number
  }

  private func output(of program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
