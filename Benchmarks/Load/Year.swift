import Foundation
import RunLifecycle
import RunStore
import RunStoreSQLite
import Scheduling

/// A year of a job that runs each second and says a line each time, written and swept as the daemon does it every
/// ten minutes: how large the databases become, and what the sweeps cost.
enum Year {
  private static let stretch: Int64 = 600

  static func run(days: Int) throws {
    let folder = NSTemporaryDirectory() + "almanac-year-\(ProcessInfo.processInfo.processIdentifier)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let paths = ["ledger", "logs"].map { "\(folder)/\($0).sqlite" }
    let (store, logs) = (try SQLiteRunStore(at: paths[0]), try SQLiteLogStore(at: paths[1]))
    guard let job = try store.jobKeys(for: ["tick"])["tick"] else { return }
    let start = Instant(microseconds: 1_767_225_600_000_000)
    let began = Date()
    var (sweeping, longest, removed, largest) = (0.0, 0.0, 0, 0)
    for from in stride(from: Int64(0), to: Int64(days) * 86_400, by: Int(stretch)) {
      let rows = (from..<from + stretch).map { row(RunID($0 + 1), job, due: start + .seconds($0)) }
      try store.commit(rows.map { .record($0, []) })
      try logs.append(
        rows.map {
          LogLine(run: $0.id, job: job, at: $0.dueAt, level: "info", message: "copied 3 files to the backup")
        })
      var keeper = try HistoryKeeper(
        .standard, store: store, logs: logs, now: start + .seconds(from + stretch))
      var goesOn = true
      while goesOn {
        let before = Date()
        goesOn = try keeper.step()
        let took = Date().timeIntervalSince(before)
        (sweeping, longest) = (sweeping + took, max(longest, took))
      }
      removed += keeper.report.runs
      largest = max(largest, try bytes(paths))
      if from % (30 * 86_400) == 0 {
        print("day \(from / 86_400): \(megabytes(try bytes(paths))) on the disk, \(removed) rows removed")
      }
    }
    let rows = days * 86_400
    print("\(rows) rows in \(Int(Date().timeIntervalSince(began))) s; \(removed) removed again")
    print("largest \(megabytes(largest)) on the disk, write-ahead logs included")
    print(
      String(
        format: "sweeps %.1f s (%.1f us a row), longest step %.1f ms", sweeping,
        sweeping * 1e6 / Double(rows), longest * 1000))
  }

  private static func row(_ id: RunID, _ job: JobKey, due: Instant) -> Run {
    var run = Run(
      id: id, job: job, trigger: "every = \"1s\"", cause: .clock(due), dueAt: due, startedAt: due,
      endedAt: due + .milliseconds(40), attempt: 1, state: .ended, outcome: .succeeded, node: "localhost",
      version: "1f0c3a5be4d2")
    run.result = "\"ok\""
    return run
  }

  private static func bytes(_ paths: [String]) throws -> Int {
    try paths.flatMap { [$0, $0 + "-wal"] }.reduce(0) { sum, path in
      let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
      return sum + (size ?? 0)
    }
  }

  private static func megabytes(_ bytes: Int) -> String { "\(bytes >> 20) MB" }
}
