import GRDB
import KillPoints
import RunLifecycle
import RunStore
import Scheduling

/// Log lines in a SQLite database of their own, so that a flood of them never makes the ledger wait.
public final class SQLiteLogStore: LogStore {
  private let open: OpenDatabase
  private var database: any DatabaseReader { open.reader }

  /// Opens the logs at this path, and makes them if there are none.
  public init(at path: String) throws {
    open = .writing(try GuardedDatabase(.logs, at: path))
  }

  /// Opens the logs at this path for reading, beside a daemon or without one.
  public init(readOnlyAt path: String) throws {
    open = .reading(try DatabaseFile.logs.openReadOnly(path))
  }

  public func close() throws { try open.close() }

  public func verify() throws { try open.writer?.verify() }

  public func append(_ lines: [LogLine]) throws {
    guard !lines.isEmpty else { return }
    try write { db in
      let insert = try BoundStatement(
        db, "INSERT INTO lines (run, job, at_us, level, message, fields) VALUES (?, ?, ?, ?, ?, ?)")
      for line in lines {
        insert.bind(1, line.run?.rawValue)
        insert.bind(2, Int64(line.job.rawValue))
        insert.bind(3, line.at.microseconds)
        insert.bind(4, line.level)
        insert.bind(5, line.message)
        insert.bind(6, line.fields)
        try insert.run()
      }
      KillPoint.inLogTransaction.pass()
    }
    KillPoint.logCommitted.pass()
  }

  public func lines(_ query: LogQuery) throws -> [LogLine] {
    guard query.limit > 0 else { return [] }
    var conditions = "seq > ?"
    var arguments: StatementArguments = [query.after]
    if let run = query.run {
      conditions += " AND run = ?"
      arguments += [run.rawValue]
    }
    if let job = query.job {
      conditions += " AND job = ?"
      arguments += [job.rawValue]
    }
    let isFollowing = query.after > 0
    arguments += [query.limit]
    let lines = try database.read { db in
      try Row.fetchAll(
        db.cachedStatement(
          sql: """
            SELECT seq, run, job, at_us, level, message, fields FROM lines WHERE \(conditions)
            ORDER BY seq \(isFollowing ? "" : "DESC") LIMIT ?
            """), arguments: arguments
      ).map { LogLine(row: $0) }
    }
    return isFollowing ? lines : lines.reversed()
  }

  // MARK: Retention

  public func removeLines(of runs: [RunID], limit: Int) throws -> Int {
    let count = try write { db in
      let delete = try BoundStatement(
        db, "DELETE FROM lines WHERE seq IN (SELECT seq FROM lines WHERE run = ? ORDER BY seq LIMIT ?)")
      var count = 0
      for run in runs where count < limit {
        delete.bind(1, run.rawValue)
        delete.bind(2, Int64(limit - count))
        try delete.run()
        count += delete.changedRows
      }
      return count
    }
    KillPoint.linesRemoved.pass()
    return count
  }

  public func removeLinesOfLoads(before instant: Instant, limit: Int) throws -> Int {
    try write { db in
      let delete = try BoundStatement(
        db,
        """
        DELETE FROM lines WHERE seq IN (
          SELECT seq FROM lines WHERE run IS NULL AND at_us < ? ORDER BY at_us LIMIT ?)
        """)
      delete.bind(1, instant.microseconds)
      delete.bind(2, Int64(limit))
      try delete.run()
      return delete.changedRows
    }
  }

  public func bytesInUse() throws -> Int { try database.read { try DatabaseFile.bytesInUse($0) } }

  public func giveBackSpace() throws -> Bool { try write { try DatabaseFile.giveBackSpace($0) } }

  private func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
    guard let writer = open.writer else {
      throw StoreError(.conflict, "the logs were opened for reading only")
    }
    do { return try writer.write(body) } catch let error as DatabaseError {
      throw StoreError(.fault, "the logs cannot be written: \(error.message ?? "\(error)")")
    }
  }
}

extension LogLine {
  fileprivate init(row: Row) {
    self.init(
      seq: row[0], run: (row[1] as Int64?).map { RunID($0) }, job: JobKey(row[2] as Int32),
      at: Instant(microseconds: row[3]), level: row[4], message: row[5], fields: row[6])
  }
}
