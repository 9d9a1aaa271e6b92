import Scheduling

/// What happens when a job is due while it is still running.
public enum Overlap: Sendable, Equatable {
  /// The firing is skipped.
  case skip
  /// It waits its turn; no more than so many wait, `nil`: without limit.
  case queue(limit: Int?)
  /// It runs beside the others; no more than so many run, `nil`: without limit.
  case parallel(limit: Int?)
  /// What runs is stopped, and it starts then.
  case replace
}

/// What becomes of due instants that were missed.
public enum CatchUp: String, Sendable, CaseIterable {
  case none
  /// One run, for the newest.
  case newest
  /// A run for each, oldest first, one at a time.
  case all
}

/// The settings of a job that decide whether and when it runs (SPEC 4.2).
public struct RunPolicy: Sendable, Equatable {
  public var enabled = true
  public var testing = false
  /// One more trigger, `on = "startup"`, that ignores the window.
  public var runOnStartup = false
  /// Execution time limit of an attempt; `nil`: none.
  public var timeLimit: Interval? = .hours(24)
  public var stopGrace: Interval = .seconds(5)
  public var retry: RetryPolicy?
  /// As the job says it; see ``overlap(for:)``.
  public var overlap: Overlap?
  /// A due instant that is found no older than this starts as if on time.
  public var lateWithin: Interval = .minutes(1)
  public var catchUp: CatchUp = .none
  /// Older instants are not made up.
  public var catchUpWithin: Interval?
  /// 0 (first) to 9, among runs that wait for the same thing.
  public var priority = 5
  /// The concurrency pool that a run needs a place in.
  public var pool: String?
  /// What has to hold at the start.
  public var requires: Requirements?
  /// The job has a `when` that is asked just before the start.
  public var hasWhen = false
  /// So long after the last trigger's end the job is archived.
  public var archiveAfter: Interval?

  public init() {}

  /// The job's setting; without one, what a payload came with is queued, and anything else skipped.
  public func overlap(for cause: Cause) -> Overlap {
    overlap ?? (cause.bringsPayload ? .queue(limit: nil) : .skip)
  }
}

/// What has to hold at a start beside the schedule.
public struct Requirements: Sendable, Equatable {
  /// A default route is up.
  public var network = false
  /// The machine does not run on its battery.
  public var acPower = false
  /// The processors have little to do.
  public var idle = false
  /// Bytes that have to be free where the job's files are.
  public var freeDisk: Int64?
  /// An absolute path that has to exist.
  public var file: String?
  /// How long they are asked for again before the run is skipped.
  public var wait: Interval?

  public init() {}
}
