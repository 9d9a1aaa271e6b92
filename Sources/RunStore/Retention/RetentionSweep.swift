import RunLifecycle
import Scheduling

/// One walk over the ledger, from its oldest row on: which rows are over the bounds and can go.
///
/// A row goes only after a newer one of its job was met that has ended, so the newest of each job stays, and
/// what follows a row is known when it goes. The walk ends at the first row that is within the bounds: rows
/// are numbered as they are claimed, so that none after it can have ended earlier. (After the clock was
/// set back some may have; a later sweep finds them.)
public struct RetentionSweep: Sendable {
  /// The rows of a job that are over the bounds, and wait for a newer one that has ended.
  private struct Waiting {
    var rows: [ExpiredRow] = []
    /// The newest of them, whose successor has not been met.
    var newest: RunID?
  }

  /// What ended before is too old.
  private let cutoff: Instant
  /// Rows with lesser numbers are too many.
  private let firstCounted: RunID
  private var waiting: [JobKey: Waiting] = [:]
  /// The row up to which the walk has come.
  public private(set) var position = RunID(0)
  public private(set) var isDone = false
  /// What was said before belongs to history that has gone.
  public private(set) var horizon: Instant

  /// - Parameter newest: the greatest id of a row.
  public init(_ policy: RetentionPolicy, now: Instant, newest: RunID) {
    cutoff = policy.age.map { now - $0 } ?? .distantPast
    firstCounted = RunID(policy.runs.map { newest.rawValue - Int64($0) + 1 } ?? 0)
    horizon = cutoff
  }

  /// Walks on over the rows that follow ``position``.
  ///
  /// - Parameters:
  ///   - rows: in the order of their ids; none: there are no more.
  ///   - isOverSize: more than the bound of bytes is in use, so that these rows go too.
  /// - Returns: those that can go.
  /// - Complexity: O(rows). Memory: of a row each for jobs whose newest row is over the bounds.
  public mutating func take(_ rows: [HistoryRow], isOverSize: Bool) -> [ExpiredRow] {
    guard !rows.isEmpty else {
      isDone = true
      return []
    }
    var expired: [ExpiredRow] = []
    for row in rows {
      position = row.id
      var held = waiting.removeValue(forKey: row.job) ?? Waiting()
      if let newest = held.newest { held.rows.append(ExpiredRow(id: newest, successor: row.id)) }
      held.newest = nil
      if row.endedAt != nil {
        expired += held.rows
        held.rows = []
      }
      let isCounted = row.id >= firstCounted
      if let endedAt = row.endedAt, isOverSize || !isCounted || endedAt < cutoff {
        held.newest = row.id
        horizon = max(horizon, row.dueAt)
      }
      if held.newest != nil || !held.rows.isEmpty { waiting[row.job] = held }
      if !isOverSize, isCounted, row.dueAt >= cutoff {
        isDone = true
        break
      }
    }
    return expired
  }
}
