import RunLifecycle
import Scheduling

/// What retention needs to know of a row.
public struct HistoryRow: Sendable, Equatable {
  public var id: RunID
  public var job: JobKey
  public var dueAt: Instant
  /// `nil` while the row is open.
  public var endedAt: Instant?

  public init(id: RunID, job: JobKey, dueAt: Instant, endedAt: Instant?) {
    self.id = id
    self.job = job
    self.dueAt = dueAt
    self.endedAt = endedAt
  }
}

/// A row that can go, and the job's row after it, whose `previous` it is.
public struct ExpiredRow: Sendable, Equatable {
  public var id: RunID
  public var successor: RunID

  public init(id: RunID, successor: RunID) {
    self.id = id
    self.successor = successor
  }
}
