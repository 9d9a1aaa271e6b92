import Scheduling

/// What the planner wants done, in the order in which it has to become durable.
public enum Decision: Sendable, Equatable {
  /// Insert a waiting row and move accounts, in one transaction. Answered by `claimed` or `claimFailed`.
  case claim(Run, [AccountChange])
  /// Insert a row that has ended: skipped, missed.
  case record(Run, [AccountChange])
  /// Only move accounts.
  case account([AccountChange])
  /// A row has changed and stays open, as one that waits for its next attempt. Must be durable before a
  /// later ``start(_:timeLimit:stopGrace:)`` of the run is carried out.
  case update(Run, [AccountChange])
  /// Call `main` now, for `run.attempt`. The row need not be written first: a claim is durable, and what
  /// has happened since is told by evidence.
  case start(Run, timeLimit: Interval?, stopGrace: Interval)
  /// The row ends.
  case finish(Run, [AccountChange])
  /// Ask the executor to stop it; `attemptEnded` follows.
  case stop(RunID, StopCause)
  /// The job is paused, or no longer. To be durable before who asked is told.
  case pause(JobKey, Pause?)
  /// Find out whether what the run requires holds. Answered by `conditionsChecked`.
  case checkConditions(Run, Requirements)
  /// Ask the job's `when`. Answered by `whenAnswered`.
  case askWhen(Run)
  /// For the daemon's log.
  case note(NoteLevel, job: JobKey?, run: RunID?, String)
}

public enum StopCause: Sendable, Equatable {
  case cancelled(by: String)
  /// A newer run takes its place.
  case replaced(by: RunID)
  /// Its time is over: the text says what has ended.
  case closed(String)
  /// The daemon stops.
  case drained(String)
}

public enum NoteLevel: String, Sendable, Equatable {
  case debug
  case info
  case warning
}
