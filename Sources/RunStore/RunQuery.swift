import RunLifecycle
import Scheduling

/// Which rows of the ledger are wanted; newest first.
public struct RunQuery: Sendable, Equatable {
  /// Only this one.
  public var id: RunID?
  public var job: JobKey?
  /// Only those that ended `failed`, `timed_out`, `cancelled` or `interrupted`.
  public var failedOnly: Bool
  /// Only rows older than this one.
  public var before: RunID?
  /// Only rows that reach into this time: from their due instant to the end of their range, or of their run;
  /// one that has not ended reaches to the end of time.
  public var within: ClosedRange<Instant>?
  /// At most so many.
  public var limit: Int

  public init(
    id: RunID? = nil, job: JobKey? = nil, failedOnly: Bool = false, before: RunID? = nil,
    within: ClosedRange<Instant>? = nil, limit: Int = 20
  ) {
    self.id = id
    self.job = job
    self.failedOnly = failedOnly
    self.before = before
    self.within = within
    self.limit = limit
  }

  /// True for a row that the query asks for, its limit aside.
  public func matches(_ run: Run) -> Bool {
    if let id, run.id != id { return false }
    if let job, run.job != job { return false }
    if let before, run.id >= before { return false }
    if let within, run.dueAt > within.upperBound || run.reachesUntil < within.lowerBound { return false }
    return !failedOnly || run.outcome?.isFailure == true
  }
}

extension Run {
  /// The end of the time that the row tells of.
  fileprivate var reachesUntil: Instant {
    guard state == .ended else { return .distantFuture }
    return [dueUntil, endedAt].reduce(dueAt) { max($0, $1 ?? $0) }
  }
}
