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
  case update(Run)
  /// Call `main` now, for `run.attempt`. The row need not be written first: a claim is durable, and what
  /// has happened since is told by evidence.
  case start(Run, timeLimit: Interval?, stopGrace: Interval)
  /// The row ends.
  case finish(Run, [AccountChange])
  /// Ask the executor to stop it; `attemptEnded` follows.
  case stop(RunID, StopCause)
  /// For the daemon's log.
  case note(NoteLevel, job: JobKey?, run: RunID?, String)
}

public enum StopCause: Sendable, Equatable {
  case cancelled(by: String)
  /// The daemon stops.
  case drained(String)
}

public enum NoteLevel: String, Sendable, Equatable {
  case debug
  case info
  case warning
}
