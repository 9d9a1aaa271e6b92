import RunLifecycle

/// Which rows of the ledger are wanted; newest first.
public struct RunQuery: Sendable, Equatable {
  /// Only this one.
  public var id: RunID?
  public var job: JobKey?
  /// Only those that ended `failed`, `timed_out`, `cancelled` or `interrupted`.
  public var failedOnly: Bool
  /// Only rows older than this one.
  public var before: RunID?
  /// At most so many.
  public var limit: Int

  public init(
    id: RunID? = nil, job: JobKey? = nil, failedOnly: Bool = false, before: RunID? = nil, limit: Int = 20
  ) {
    self.id = id
    self.job = job
    self.failedOnly = failedOnly
    self.before = before
    self.limit = limit
  }

  /// True for a row that the query asks for, its limit aside.
  public func matches(_ run: Run) -> Bool {
    if let id, run.id != id { return false }
    if let job, run.job != job { return false }
    if let before, run.id >= before { return false }
    return !failedOnly || run.outcome?.isFailure == true
  }
}
