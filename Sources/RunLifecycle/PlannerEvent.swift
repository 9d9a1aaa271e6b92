import Scheduling

/// What the world tells the planner.
///
/// At the daemon's start, job by job as they come: first ``jobLive(_:accounts:lastEnded:initial:)``, then
/// ``endedMeanwhile(_:_:)``, then ``recovered(_:evidence:)`` for every open row, then ``timePassed``: only that
/// looks for due instants.
public enum PlannerEvent: Sendable, Equatable {
  /// A job is new, or its content has changed, or (`initial`) the daemon starts with it. Startup triggers
  /// fire only then. The accounts are used only for a job that the planner does not know, and so
  /// is the pause.
  case jobLive(JobPlan, accounts: [StoredAccount], lastEnded: Run?, pause: Pause? = nil, initial: Bool)
  case jobRemoved(JobKey)
  /// Ends that the job may wait for and that came when it was not live, oldest first. What its triggers are
  /// accounted for already is passed over.
  case endedMeanwhile(JobKey, [EndedRun])
  /// To be sent at ``Planner/nextWake``; earlier or later does no harm.
  case timePassed
  /// The rows are durable. May come before or after their instants.
  case claimed([RunID])
  /// The store could not record these claims, and has forgotten them: nothing of them may start. They are
  /// planned again.
  case claimFailed([RunID], reason: String)
  /// Their first instants have rows already: the clock was set back, and they are read a second time.
  case claimTaken([RunID])
  /// The first instant of a row that was to be recorded has a row already, for the same reason.
  case recordTaken(Run, [AccountChange])
  /// The executor has called `main`.
  case attemptStarted(RunID, at: Instant)
  case attemptEnded(RunID, AttemptEnd)
  /// Somebody wants the job to run now. The answer is a claim, or a record that says why not, whose cause
  /// has this request.
  case manual(request: String, job: JobKey, params: String?, testing: Bool)
  /// Files that a trigger watches have come or changed; or, without a snapshot, are what it starts from.
  ///
  /// - Parameters:
  ///   - snapshot: Names what was found, for the cause.
  ///   - memo: What the trigger remembers once the row is durable.
  case watched(JobKey, triggerKey: String, snapshot: String?, params: String?, memo: String)
  /// The answer to `checkConditions`; what does not hold, in words.
  case conditionsChecked(RunID, unmet: String?)
  /// The answer to `askWhen`.
  case whenAnswered(RunID, WhenAnswer)
  case pause(JobKey, by: String)
  case resume(JobKey, by: String)
  /// An open row that a former daemon left.
  case recovered(Run, evidence: Evidence)
  case cancel(RunID, by: String)
  case clockStepped(from: Instant, to: Instant)
  /// Nothing new is claimed any more. What was claimed for the next few milliseconds still starts.
  case drain
  /// The grace of a drain is over: whatever runs is stopped.
  case stopRunning(reason: String)
}

/// A run that has ended, and its job's name.
public struct EndedRun: Sendable, Equatable {
  public var job: String
  public var run: Run

  public init(job: String, run: Run) {
    self.job = job
    self.run = run
  }
}

/// What a job's `when` said.
public enum WhenAnswer: Sendable, Equatable {
  case yes
  case no(String?)
  case failed(String)
}

/// Since when a job is paused, and by whom.
public struct Pause: Sendable, Equatable {
  public var since: Instant
  public var by: String

  public init(since: Instant, by: String) {
    self.since = since
    self.by = by
  }

  /// As rows and gates give it for their reason.
  var reason: String { "paused by \(by) since \(since)" }
}

/// What is known of a run's latest attempt after the daemon that led it has gone.
public enum Evidence: Sendable, Equatable {
  /// No attempt later than the row says has called `main`, and if the row says `running`, that attempt has not.
  case mainNotCalled
  /// `main` was called for this attempt, the latest that is known.
  case mainCalled(attempt: Int, at: Instant?)
  /// The machine went down too: anything may have happened.
  case unknown
}
