import GRDB
import GRDBSQLite
import RunLifecycle
import RunStore
import Scheduling

/// The changes of the ledger as prepared statements, inside one transaction.
struct LedgerTransaction {
  private let insert: BoundStatement
  private let replace: BoundStatement
  private let start: BoundStatement
  private let readHead: BoundStatement
  private let setHead: BoundStatement
  private let move: BoundStatement
  private let kept: KeptTransaction
  private let pause: BoundStatement

  init(_ db: Database) throws {
    let marks = Array(repeating: "?", count: 25).joined(separator: ", ")
    insert = try BoundStatement(db, "INSERT INTO runs (\(Run.columns)) VALUES (\(marks))")
    replace = try BoundStatement(
      db,
      """
      UPDATE runs SET trigger = ?, due_until_us = ?, count = ?, claim = ?, not_before_us = ?, started_at_us = ?,
        ended_at_us = ?, attempt = ?, state = ?, outcome = ?, attempt_outcome = ?, reason = ?, result = ?,
        error = ?, version = ?, testing = ?, gate = ?, peak_memory = ?
      WHERE id = ? AND state <> 'ended'
      """)
    start = try BoundStatement(
      db,
      """
      UPDATE runs SET state = 'running', attempt = ?1, started_at_us = coalesce(started_at_us, ?2),
        reason = NULL, gate = NULL
      WHERE id = ?3 AND state = 'waiting' AND attempt < ?1
      """)
    readHead = try BoundStatement(db, "SELECT head FROM jobs WHERE key = ?")
    setHead = try BoundStatement(db, "UPDATE jobs SET head = ? WHERE key = ?")
    move = try BoundStatement(
      db,
      """
      INSERT INTO accounts (job, trigger_key, fingerprint, accounted_through_us, last_due_us, memo)
      VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint,
        accounted_through_us = excluded.accounted_through_us, last_due_us = excluded.last_due_us,
        memo = excluded.memo
      """)
    kept = try KeptTransaction(db)
    pause = try BoundStatement(db, "UPDATE jobs SET paused_at_us = ?, paused_by = ? WHERE key = ?")
  }

  func apply(_ change: LedgerChange) throws {
    switch change {
    case .claim(let run, let moves), .record(let run, let moves):
      try insert(run)
      try move(moves)
    case .started(let id, let at, let attempt):
      start.bind(1, Int64(attempt))
      start.bind(2, at.microseconds)
      start.bind(3, id.rawValue)
      try start.run()
    case .update(let run, let moves):
      try replace(run)
      try move(moves)
    case .finish(let run, let moves, let writes):
      try replace(run)
      try move(moves)
      try kept.keep(writes, of: run.job)
      try kept.dropSteps(of: run.id)
    case .keepStep(let step, let writes):
      try kept.keep(step)
      try kept.keep(writes, of: step.job)
    case .account(let moves): try move(moves)
    case .pause(let job, let state):
      pause.bind(1, state?.since.microseconds)
      pause.bind(2, state?.by)
      pause.bind(3, Int64(job.rawValue))
      try pause.run()
    }
  }

  /// Inserts a row as the new head of its job's chain.
  private func insert(_ run: Run) throws {
    readHead.bind(1, Int64(run.job.rawValue))
    let previous = try readHead.fetchInteger()
    insert.bind(1, run.id.rawValue)
    insert.bind(2, Int64(run.job.rawValue))
    insert.bind(3, run.trigger)
    insert.bind(4, run.cause.column)
    insert.bind(5, run.dueAt.microseconds)
    insert.bind(6, run.dueUntil?.microseconds)
    insert.bind(7, Int64(run.count))
    insert.bind(8, run.claim.rawValue)
    insert.bind(9, run.notBefore.microseconds)
    insert.bind(10, run.startedAt?.microseconds)
    insert.bind(11, run.endedAt?.microseconds)
    insert.bind(12, Int64(run.attempt))
    insert.bind(13, run.state.rawValue)
    insert.bind(14, run.outcome?.rawValue)
    insert.bind(15, run.attemptOutcome?.rawValue)
    insert.bind(16, run.reason)
    insert.bind(17, run.result)
    insert.bind(18, run.error)
    insert.bind(19, run.node)
    insert.bind(20, run.version)
    insert.bind(21, run.params)
    insert.bind(22, run.testing ? 1 : 0)
    insert.bind(23, previous)
    insert.bind(24, run.gate?.rawValue)
    insert.bind(25, run.peakMemory)
    try insert.run()
    setHead.bind(1, run.id.rawValue)
    setHead.bind(2, Int64(run.job.rawValue))
    try setHead.run()
  }

  private func replace(_ run: Run) throws {
    replace.bind(1, run.trigger)
    replace.bind(2, run.dueUntil?.microseconds)
    replace.bind(3, Int64(run.count))
    replace.bind(4, run.claim.rawValue)
    replace.bind(5, run.notBefore.microseconds)
    replace.bind(6, run.startedAt?.microseconds)
    replace.bind(7, run.endedAt?.microseconds)
    replace.bind(8, Int64(run.attempt))
    replace.bind(9, run.state.rawValue)
    replace.bind(10, run.outcome?.rawValue)
    replace.bind(11, run.attemptOutcome?.rawValue)
    replace.bind(12, run.reason)
    replace.bind(13, run.result)
    replace.bind(14, run.error)
    replace.bind(15, run.version)
    replace.bind(16, run.testing ? 1 : 0)
    replace.bind(17, run.gate?.rawValue)
    replace.bind(18, run.peakMemory)
    replace.bind(19, run.id.rawValue)
    try replace.run()
    guard replace.changedRows == 1 else {
      throw StoreError(.conflict, "run \(run.id): there is no open row to change")
    }
  }

  private func move(_ changes: [AccountChange]) throws {
    for change in changes {
      move.bind(1, Int64(change.job.rawValue))
      move.bind(2, change.triggerKey)
      move.bind(3, change.fingerprint)
      move.bind(4, change.account.accountedThrough.microseconds)
      move.bind(5, change.account.lastDue?.microseconds)
      move.bind(6, change.memo)
      try move.run()
    }
  }
}
