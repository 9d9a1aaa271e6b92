import FoundationEssentials
import JobWriting
import Jobs
import Scheduling

/// A schedule table as an import writes it, decoded as the daemon decodes a job's.
struct ImportedSchedule {
  let definition: JobDefinition

  /// - Throws: What the decoder says of it.
  init(_ table: LuaTable, job: String = "job", zone: Zone = .utc) throws {
    let source = JobSource(name: job, folder: "/", mainPath: "/job.lua", main: [])
    definition = try ScheduleDecoder.decode(LuaValue.table(table).dataValue, of: source, daemonZone: zone)
      .get()
  }

  /// The due instants after a moment, in seconds since 1970.
  func due(after base: Int, count: Int) -> [Int] {
    let start = Instant(microseconds: Int64(base) * 1_000_000 + 1)
    return (definition.schedule?.explained(from: start, limit: count) ?? []).map {
      Int($0.dueAt.microseconds / 1_000_000)
    }
  }
}

/// Reads files that lie beside the tests.
enum Fixture {
  static func lines(_ name: String, file: String = #filePath) throws -> [[String]] {
    let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
      separator: "/")
    let text = try String(contentsOfFile: "\(folder)/Fixtures/\(name)", encoding: .utf8)
    return text.split(separator: "\n").map { line in
      line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }
}
