import Scheduling

/// Further attempts of a run that failed, timed out or was interrupted.
public struct RetryPolicy: Sendable, Equatable {
  /// How many attempts may follow the first.
  public var count: Int
  public var interval: Interval
  /// Each interval is this many times the one before.
  public var backoff: Double
  public var maxInterval: Interval?

  public init(count: Int, interval: Interval, backoff: Double = 1, maxInterval: Interval? = nil) {
    self.count = count
    self.interval = interval
    self.backoff = backoff
    self.maxInterval = maxInterval
  }

  /// The interval between the end of attempt `attempt` (from 1) and the next start.
  public func interval(after attempt: Int) -> Interval {
    var microseconds = Double(interval.microseconds)
    // A power by hand: the module stands on nothing. No interval is longer than a thousand years.
    let longest = Double(Interval.days(365_000).microseconds)
    if backoff != 1 {
      for _ in 1..<max(1, min(attempt, 10_000)) where microseconds < longest { microseconds *= backoff }
    }
    let capped = min(microseconds, maxInterval.map { Double($0.microseconds) } ?? longest, longest)
    return Interval(microseconds: capped.isFinite && capped > 0 ? Int64(capped) : 0)
  }
}

/// What happens when a job is due while it is still running.
public enum Overlap: Sendable, Equatable {
  case skip
}

/// The settings of a job that decide whether and when it runs (SPEC 4.2).
public struct RunPolicy: Sendable, Equatable {
  public var enabled: Bool
  public var testing: Bool
  /// One more trigger, `on = "startup"`, that ignores the window.
  public var runOnStartup: Bool
  /// Execution time limit of an attempt; `nil`: none.
  public var timeLimit: Interval?
  public var stopGrace: Interval
  public var retry: RetryPolicy?
  public var overlap: Overlap
  /// A due instant that is found no older than this starts as if on time.
  public var lateWithin: Interval
  /// A job that missed due instants runs once, for the newest, as soon as it can.
  public var startWhenAvailable: Bool

  public init(
    enabled: Bool = true, testing: Bool = false, runOnStartup: Bool = false,
    timeLimit: Interval? = .hours(24),
    stopGrace: Interval = .seconds(5), retry: RetryPolicy? = nil, overlap: Overlap = .skip,
    lateWithin: Interval = .minutes(1), startWhenAvailable: Bool = false
  ) {
    self.enabled = enabled
    self.testing = testing
    self.runOnStartup = runOnStartup
    self.timeLimit = timeLimit
    self.stopGrace = stopGrace
    self.retry = retry
    self.overlap = overlap
    self.lateWithin = lateWithin
    self.startWhenAvailable = startWhenAvailable
  }
}
