/// How a run ended (SPEC 5).
public enum Outcome: String, Hashable, Codable, Sendable, CaseIterable {
  case succeeded
  case failed
  case timedOut = "timed_out"
  case cancelled
  /// The daemon, the host process or the node died under it: what it had done is unknown.
  case interrupted
  /// Test mode: `main` was not called.
  case tested
  /// Due, but a gate was closed, or the job said so.
  case skipped
  /// The daemon was not there, and nobody asked to make it up.
  case missed

  /// True for the outcomes of a run whose `main` was called, and did not do what it should.
  public var isFailure: Bool {
    switch self {
    case .failed, .timedOut, .cancelled, .interrupted: true
    case .succeeded, .tested, .skipped, .missed: false
    }
  }
}

/// Where a ledger row stands. It only ever moves forward, but for a run that waits for its next attempt.
public enum RunState: String, Hashable, Codable, Sendable, CaseIterable {
  case waiting
  case running
  case ended
}

/// A gate that a start has to pass (SPEC 4.6), in the order in which they are asked.
public enum StartGate: String, Hashable, Codable, Sendable, CaseIterable {
  case enabled
  case paused
  /// It is not too late for it.
  case late
  case window
  case blackout
  case overlap
  case requires
  case when
  case pool
}

/// Why a row may wait before its first attempt.
public enum Claim: String, Hashable, Codable, Sendable, CaseIterable {
  /// It starts at its instant, or within `late_within` of it.
  case onTime = "on_time"
  /// It may start as long as the window is open, whenever that is.
  case deferred
  /// Its instant was missed; it starts as soon as it can.
  case madeUp = "made_up"
  /// It was on time, and waits for its turn: for the run before it, a place in its pool, a condition.
  case queued
  /// It stands for all firings since the job was paused, and never starts.
  case paused
}
