import Scheduling

/// How one call of `main` ended, or why it was not made.
public struct AttemptEnd: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case succeeded(resultJSON: String?)
    case failed(String)
    /// The text says which limit, if not the time limit.
    case timedOut(String?)
    /// `job.skip`.
    case skipped(String?)
    /// `job.retry_after`.
    case retryAfter(Interval, String?)
    /// `job.fatal`: no further attempt.
    case fatal(String)
    /// Stopped because somebody asked; the text says who.
    case cancelled(String)
    /// The host process or the daemon went away under it.
    case interrupted(String)
    /// `main` was not called: the host fell before, or the job's state could not be made.
    case notStarted(String)
    /// Its host fell, through no fault of its own, before `main` had called outside: nothing of it was
    /// seen by anybody, so it starts again at once, uncounted.
    case fell(String)
    /// Test mode, found out by the executor.
    case tested
  }

  public var kind: Kind
  public var at: Instant
  /// The most bytes that the job's Lua state took during it, where that is known.
  public var peakMemory: Int64?

  public init(_ kind: Kind, at: Instant, peakMemory: Int64? = nil) {
    self.kind = kind
    self.at = at
    self.peakMemory = peakMemory
  }
}
