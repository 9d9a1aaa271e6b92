import Scheduling

/// What the planner holds of one job.
struct JobState: Sendable {
  var plan: JobPlan
  /// Its file is gone; what runs may end.
  var isRemoved = false
  var triggers: [TriggerState] = []
  /// Its rows that have not ended, in the order in which they were made.
  var open: [OpenRun] = []
  var running: RunID?
  /// The claim whose durability is awaited before further due instants are looked at, so that a job's
  /// account never moves past an instant whose row is not there yet.
  var inFlight: RunID?
  /// When a claim that the store refused is tried again.
  var claimAgainAt: Instant?
  /// A new version, or the removal, that waits for the claim in flight.
  var pendingChange: PlannerEvent?
  /// The daemon has just started: startup triggers fire.
  var startupDue = false

  /// True if the clock makes the job due.
  var isLive: Bool { !isRemoved && plan.policy.enabled }

  func index(of id: RunID) -> Int? { open.firstIndex { $0.run.id == id } }
}

/// One trigger of a job: how far it is accounted for, and what comes next.
struct TriggerState: Sendable {
  var key: String
  var fingerprint: String
  var account: TriggerAccount
  /// The next firing; `nil`: none comes, or not before the run that is going has ended.
  var next: Firing?

  func change(of job: JobKey) -> AccountChange {
    AccountChange(job: job, triggerKey: key, fingerprint: fingerprint, account: account)
  }
}

/// A row of the ledger that has not ended.
struct OpenRun: Sendable {
  enum Phase: Sendable, Equatable {
    /// The row is not durable yet; these account moves go with it.
    case claiming([AccountChange])
    /// The store could not record it; it is claimed again.
    case refused([AccountChange])
    case waiting
    case running
  }

  var run: Run
  var phase: Phase
  /// When the gates are asked next.
  var checkAt: Instant
  /// How often in a row it started in vain.
  var unstarted = 0
  /// A row that has to end as soon as it is durable.
  var doom: Verdict?

  /// True once the row is in the store.
  var isDurable: Bool { isWaiting || isRunning }

  var isWaiting: Bool { if case .waiting = phase { true } else { false } }
  var isRunning: Bool { if case .running = phase { true } else { false } }

  init(_ run: Run, phase: Phase) {
    self.run = run
    self.phase = phase
    checkAt = run.notBefore
  }
}
