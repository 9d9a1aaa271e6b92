import GRDB
import RunLifecycle
import Scheduling

/// A ledger row as it stands in the table.
extension Run {
  static let columns = """
    id, job, trigger, cause, due_at_us, due_until_us, count, claim, not_before_us, started_at_us, ended_at_us, \
    attempt, state, outcome, attempt_outcome, reason, result, error, node, version, params, testing, previous, \
    gate, peak_memory
    """
  static let select = "SELECT \(columns) FROM runs"

  static func fetch(_ db: Database, _ clauses: String, _ arguments: StatementArguments = []) throws -> [Run] {
    try Row.fetchAll(db.cachedStatement(sql: "\(select) \(clauses)"), arguments: arguments).map(
      Run.init(row:))
  }

  init(row: Row) {
    func instant(_ index: Int) -> Instant? {
      (row[index] as Int64?).map { Instant(microseconds: $0) }
    }
    let dueAt = Instant(microseconds: row[4])
    self.init(
      id: RunID(row[0] as Int64), job: JobKey(row[1] as Int32), trigger: row[2],
      cause: Cause(column: row[3], dueAt: dueAt), dueAt: dueAt, dueUntil: instant(5), count: row[6],
      claim: Claim(rawValue: row[7]) ?? .onTime, notBefore: Instant(microseconds: row[8]),
      startedAt: instant(9), endedAt: instant(10), attempt: row[11],
      state: RunState(rawValue: row[12]) ?? .ended, node: row[18], version: row[19], testing: row[21])
    outcome = (row[13] as String?).flatMap { Outcome(rawValue: $0) }
    attemptOutcome = (row[14] as String?).flatMap { Outcome(rawValue: $0) }
    (reason, result, error, params) = (row[15], row[16], row[17], row[20])
    previous = (row[22] as Int64?).map { RunID($0) }
    gate = (row[23] as String?).flatMap { StartGate(rawValue: $0) }
    peakMemory = row[24]
  }
}

extension Cause {
  /// The cause's column: a clock's instant stands in the row already.
  var column: String {
    if case .clock = self { "clock" } else { description }
  }

  init(column: String, dueAt: Instant) {
    self = column == "clock" ? .clock(dueAt) : Cause(column) ?? .manual(column)
  }
}
