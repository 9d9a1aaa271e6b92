import GRDB
import RunLifecycle
import RunStore
import Values

/// What jobs keep, as prepared statements inside one transaction of the ledger.
final class KeptTransaction {
  private let findBytes: BoundStatement
  private let put: BoundStatement
  private let remove: BoundStatement
  private let addToTotal: BoundStatement
  private let putStep: BoundStatement
  private let dropSteps: BoundStatement
  /// Whether there is any step: most ledgers have none, and a finish then costs nothing more.
  private var hasSteps: Bool

  init(_ db: Database) throws {
    findBytes = try BoundStatement(db, "SELECT bytes FROM key_values WHERE job = ? AND key = ?")
    put = try BoundStatement(
      db,
      """
      INSERT INTO key_values (job, key, value, bytes) VALUES (?, ?, ?, ?)
      ON CONFLICT (job, key) DO UPDATE SET value = excluded.value, bytes = excluded.bytes
      """)
    remove = try BoundStatement(db, "DELETE FROM key_values WHERE job = ? AND key = ?")
    addToTotal = try BoundStatement(
      db,
      """
      INSERT INTO key_value_totals (job, bytes) VALUES (?, ?)
      ON CONFLICT (job) DO UPDATE SET bytes = bytes + excluded.bytes
      """)
    putStep = try BoundStatement(
      db,
      """
      INSERT INTO steps (run, name, result)
      SELECT ?1, ?2, ?3 FROM runs WHERE id = ?1 AND state <> 'ended'
      ON CONFLICT (run, name) DO UPDATE SET result = excluded.result
      """)
    dropSteps = try BoundStatement(db, "DELETE FROM steps WHERE run = ?")
    hasSteps = try BoundStatement(db, "SELECT EXISTS (SELECT 1 FROM steps)").fetchInteger() == 1
  }

  func keep(_ writes: [KeyValueWrite], of job: JobKey) throws {
    var change = 0
    for write in writes {
      findBytes.bind(1, Int64(job.rawValue))
      findBytes.bind(2, write.key)
      change += write.size - Int(clamping: try findBytes.fetchInteger() ?? 0)
      let statement = write.value == nil ? remove : put
      statement.bind(1, Int64(job.rawValue))
      statement.bind(2, write.key)
      if let value = write.value {
        statement.bind(3, value)
        statement.bind(4, Int64(write.size))
      }
      try statement.run()
    }
    guard change != 0 else { return }
    addToTotal.bind(1, Int64(job.rawValue))
    addToTotal.bind(2, Int64(change))
    try addToTotal.run()
  }

  func keep(_ step: KeptStep) throws {
    putStep.bind(1, step.run.rawValue)
    putStep.bind(2, step.name)
    putStep.bind(3, step.result)
    try putStep.run()
    guard putStep.changedRows == 1 else {
      throw StoreError(.conflict, "run \(step.run): there is no open row to keep a step of")
    }
    hasSteps = true
  }

  func dropSteps(of run: RunID) throws {
    guard hasSteps else { return }
    dropSteps.bind(1, run.rawValue)
    try dropSteps.run()
  }
}
