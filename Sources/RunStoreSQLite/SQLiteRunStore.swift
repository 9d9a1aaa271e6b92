import GRDB
import GRDBSQLite
import KillPoints
import RunLifecycle
import RunStore
import Scheduling

/// The ledger in a SQLite database: write-ahead log, `synchronous = FULL`.
///
/// Writes go through prepared statements that are bound without intermediate values; reads run beside
/// them on connections of their own.
public final class SQLiteRunStore: RunStore {
  private let open: OpenDatabase
  private var database: any DatabaseReader { open.reader }

  /// Opens the ledger at this path, and makes it if there is none.
  public init(at path: String) throws {
    open = .writing(try GuardedDatabase(.ledger, at: path))
  }

  /// Opens the ledger at this path for reading, beside a daemon or without one.
  public init(readOnlyAt path: String) throws {
    open = .reading(try DatabaseFile.ledger.openReadOnly(path))
  }

  public func close() throws { try open.close() }

  public func verify(byWriting: Bool) throws {
    try open.writer?.verify()
    guard byWriting else { return }
    // The same number again: a page that is really written, and says nothing new.
    try write { db in
      let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
      try db.execute(sql: "PRAGMA user_version = \(version)")
    }
  }

  public func jobKeys(for names: [String]) throws -> [String: JobKey] {
    try write { db in
      var keys: [String: JobKey] = [:]
      let find = try db.cachedStatement(sql: "SELECT key FROM jobs WHERE name = ?")
      let add = try db.cachedStatement(sql: "INSERT INTO jobs (name) VALUES (?)")
      for name in names where keys[name] == nil {
        if let key = try Int32.fetchOne(find, arguments: [name]) {
          keys[name] = JobKey(key)
        } else {
          try add.execute(arguments: [name])
          keys[name] = JobKey(Int32(truncatingIfNeeded: db.lastInsertedRowID))
        }
      }
      return keys
    }
  }

  public func jobs() throws -> [JobRecord] {
    try database.read { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT key, name, head, paused_at_us, paused_by FROM jobs ORDER BY name")
      var found: [(record: JobRecord, head: RunID?)] = []
      while let row = try rows.next() {
        let head = (row[2] as Int64?).map { RunID($0) }
        let pause = (row[3] as Int64?).map {
          Pause(since: Instant(microseconds: $0), by: (row[4] as String?) ?? "")
        }
        found.append((JobRecord(key: JobKey(row[0] as Int32), name: row[1], pause: pause), head))
      }
      for index in found.indices {
        found[index].record.lastEnded = try Self.firstInChain(from: found[index].head, db) {
          $0.state == .ended
        }
      }
      return found.map(\.record)
    }
  }

  public func accounts(of jobs: [JobKey]) throws -> [JobKey: [StoredAccount]] {
    try database.read { db in
      var accounts: [JobKey: [StoredAccount]] = [:]
      let select =
        "SELECT job, trigger_key, fingerprint, accounted_through_us, last_due_us, memo FROM accounts"
      func collect(_ rows: RowCursor) throws {
        while let row = try rows.next() {
          let account = TriggerAccount(
            accountedThrough: Instant(microseconds: row[3]),
            lastDue: (row[4] as Int64?).map { Instant(microseconds: $0) })
          accounts[JobKey(row[0] as Int32), default: []].append(
            StoredAccount(triggerKey: row[1], fingerprint: row[2], account: account, memo: row[5]))
        }
      }
      if jobs.isEmpty { try collect(Row.fetchCursor(db, sql: select)) }
      for job in Set(jobs) {
        let one = try db.cachedStatement(sql: select + " WHERE job = ?")
        try collect(Row.fetchCursor(one, arguments: [job.rawValue]))
      }
      return accounts
    }
  }

  public func inherit(_ heir: JobKey, from name: String) throws -> Bool {
    try write { db in
      let old = try Int32.fetchOne(db, sql: "SELECT key FROM jobs WHERE name = ?", arguments: [name])
      let head = try Int64.fetchOne(
        db, sql: "SELECT head FROM jobs WHERE key = ?", arguments: [heir.rawValue])
      guard let old, old != heir.rawValue, head == nil else { return false }
      let keys: StatementArguments = ["heir": heir.rawValue, "old": old]
      try db.execute(
        sql:
          "UPDATE jobs SET (head, paused_at_us, paused_by) = (SELECT head, paused_at_us, paused_by FROM jobs"
          + " WHERE key = :old) WHERE key = :heir", arguments: keys)
      try db.execute(
        sql: "UPDATE jobs SET head = NULL, paused_at_us = NULL, paused_by = NULL WHERE key = ?",
        arguments: [old])
      try db.execute(sql: "UPDATE runs SET job = :heir WHERE job = :old", arguments: keys)
      try db.execute(sql: "DELETE FROM accounts WHERE job = ?", arguments: [heir.rawValue])
      try db.execute(sql: "UPDATE accounts SET job = :heir WHERE job = :old", arguments: keys)
      for table in ["key_values", "key_value_totals"] {
        try db.execute(sql: "DELETE FROM \(table) WHERE job = ?", arguments: [heir.rawValue])
        try db.execute(sql: "UPDATE \(table) SET job = :heir WHERE job = :old", arguments: keys)
      }
      return true
    }
  }

  public func commit(_ changes: [LedgerChange]) throws {
    guard !changes.isEmpty else { return }
    try write { db in
      let transaction = try LedgerTransaction(db)
      for change in changes { try transaction.apply(change) }
      KillPoint.inLedgerTransaction.pass()
    }
    KillPoint.ledgerCommitted.pass()
  }

  public func openRuns() throws -> [Run] {
    try database.read { db in
      try Run.fetch(db, "WHERE state <> 'ended' ORDER BY id")
    }
  }

  public func nextRunID() throws -> RunID {
    try database.read { db in
      RunID((try Int64.fetchOne(db, sql: "SELECT max(id) FROM runs") ?? 0) + 1)
    }
  }

  public func runs(_ query: RunQuery) throws -> [Run] {
    guard query.limit > 0 else { return [] }
    return try database.read { db in
      if let id = query.id { return try Run.fetch(db, "WHERE id = ?", [id.rawValue]).filter(query.matches) }
      if let job = query.job, query.within == nil {
        let head = try Int64.fetchOne(
          db, sql: "SELECT head FROM jobs WHERE key = ?", arguments: [job.rawValue])
        return try Self.chain(from: head.map { RunID($0) }, db, limit: query.limit, where: query.matches)
      }
      return try Self.rows(query, db)
    }
  }

  /// Rows found by their columns; a job's by its chain, which is walked in the database.
  private static func rows(_ query: RunQuery, _ db: Database) throws -> [Run] {
    var with = ""
    var conditions = ["id < ?"]
    var arguments: StatementArguments = [query.before?.rawValue ?? .max]
    if query.failedOnly {
      conditions.append("outcome IN ('failed', 'timed_out', 'cancelled', 'interrupted')")
    }
    if let within = query.within {
      conditions.append(
        """
        due_at_us <= ? AND (state <> 'ended' OR \
        max(due_at_us, ifnull(due_until_us, due_at_us), ifnull(ended_at_us, due_at_us)) >= ?)
        """)
      arguments += [within.upperBound.microseconds, within.lowerBound.microseconds]
    }
    if let job = query.job {
      with = """
        WITH RECURSIVE chain(id) AS (
          SELECT head FROM jobs WHERE key = ? AND head IS NOT NULL
          UNION ALL
          SELECT runs.previous FROM chain JOIN runs USING (id) WHERE runs.previous IS NOT NULL)
        """
      conditions.append("id IN (SELECT id FROM chain)")
      arguments = [job.rawValue] + arguments
    }
    let sql = "\(with) \(Run.select) WHERE \(conditions.joined(separator: " AND ")) ORDER BY id DESC LIMIT ?"
    return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments + [query.limit]).map {
      Run(row: $0)
    }
  }

  public func lastEnded(_ jobs: [JobKey]) throws -> [JobKey: Run] {
    try database.read { db in
      let head = try db.cachedStatement(sql: "SELECT head FROM jobs WHERE key = ?")
      var found: [JobKey: Run] = [:]
      for job in jobs {
        let first = try Int64.fetchOne(head, arguments: [job.rawValue]).map { RunID($0) }
        found[job] = try Self.firstInChain(from: first, db) { $0.state == .ended }
      }
      return found
    }
  }

  // MARK: Retention

  public func history(after id: RunID, limit: Int) throws -> [HistoryRow] {
    try database.read { db in
      let select = try db.cachedStatement(
        sql: "SELECT id, job, due_at_us, state, ended_at_us FROM runs WHERE id > ? ORDER BY id LIMIT ?")
      return try Row.fetchAll(select, arguments: [id.rawValue, limit]).map { row in
        let ended = (row[3] as String) == RunState.ended.rawValue
        return HistoryRow(
          id: RunID(row[0] as Int64), job: JobKey(row[1] as Int32), dueAt: Instant(microseconds: row[2]),
          endedAt: ended ? Instant(microseconds: row[4] ?? row[2]) : nil)
      }
    }
  }

  public func remove(_ rows: [ExpiredRow]) throws {
    guard !rows.isEmpty else { return }
    try write { db in
      // A row before this one, which is still there, is from now on the successor's; usually there is none.
      let link = try BoundStatement(
        db,
        """
        UPDATE runs SET previous = (SELECT previous FROM runs WHERE id = ?1)
        WHERE id = ?2 AND previous = ?1 AND EXISTS (
          SELECT 1 FROM runs AS gone JOIN runs AS kept ON kept.id = gone.previous
          WHERE gone.id = ?1 AND gone.state = 'ended')
        """)
      let delete = try BoundStatement(db, "DELETE FROM runs WHERE id = ? AND state = 'ended'")
      for row in rows {
        link.bind(1, row.id.rawValue)
        link.bind(2, row.successor.rawValue)
        try link.run()
        delete.bind(1, row.id.rawValue)
        try delete.run()
      }
    }
    KillPoint.rowsRemoved.pass()
  }

  public func bytesInUse() throws -> Int { try database.read { try DatabaseFile.bytesInUse($0) } }

  public func giveBackSpace() throws -> Bool { try write { try DatabaseFile.giveBackSpace($0) } }

  func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
    do {
      return try database.read(body)
    } catch let error as DatabaseError {
      throw StoreError(.fault, "the ledger cannot be read: \(error.message ?? "\(error)")")
    }
  }

  private func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
    guard let writer = open.writer else {
      throw StoreError(.conflict, "the ledger was opened for reading only")
    }
    do {
      return try writer.write(body)
    } catch let error as DatabaseError {
      throw StoreError(
        error.resultCode.primaryResultCode == .SQLITE_CONSTRAINT ? .conflict : .fault,
        "the ledger cannot be written: \(error.message ?? "\(error)")")
    }
  }

  private static func firstInChain(
    from head: RunID?, _ db: Database, where matches: (Run) -> Bool
  ) throws -> Run? {
    try chain(from: head, db, limit: 1, where: matches).first
  }

  /// Follows a job's rows from the newest to the oldest.
  private static func chain(
    from head: RunID?, _ db: Database, limit: Int, where matches: (Run) -> Bool
  ) throws -> [Run] {
    let one = try db.cachedStatement(sql: Run.select + " WHERE id = ?")
    var found: [Run] = []
    var next = head
    while let id = next, found.count < limit,
      let run = try Row.fetchOne(one, arguments: [id.rawValue]).map({ Run(row: $0) })
    {
      if matches(run) { found.append(run) }
      next = run.previous
    }
    return found
  }
}
