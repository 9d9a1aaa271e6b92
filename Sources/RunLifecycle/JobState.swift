import Scheduling

/// What the planner holds of one job.
struct JobState: Sendable {
  var plan: JobPlan
  /// Its file is gone; what runs may end.
  var isRemoved = false
  var pause: Pause?
  var triggers: [TriggerState] = []
  /// Its rows that have not ended, in the order in which they were made.
  var open: [OpenRun] = []
  /// The rows that are running, in the order of their starts.
  var running: [RunID] = []
  /// The rows that have passed the overlap gate and wait for what comes after it: a condition, a place in
  /// their pool. For other firings they are as good as running.
  var admitted: [RunID] = []
  /// The claim whose durability is awaited before further due instants are looked at, so that a job's
  /// account never moves past an instant whose row is not there yet.
  var inFlight: RunID?
  /// When a claim that the store refused is tried again.
  var claimAgainAt: Instant?
  /// A new version, or the removal, that waits for the claim in flight.
  var pendingChange: PlannerEvent?
  /// What has happened and is to become rows at the next look.
  var events: [JobEvent] = []

  init(plan: JobPlan) { self.plan = plan }

  /// True if its triggers make the job due.
  var isLive: Bool { !isRemoved && plan.policy.enabled }

  func index(of id: RunID) -> Int? { open.firstIndex { $0.run.id == id } }

  /// How many runs take part in overlap, this one aside.
  func busyCount(besides id: RunID) -> Int {
    running.count { $0 != id } + admitted.count { $0 != id }
  }

  /// The first run that another one of the job has to wait for.
  func busyRun(besides id: RunID?) -> RunID? {
    running.first { $0 != id } ?? admitted.first { $0 != id }
  }

  /// A missed instant that is made up is open: with `catch_up = "all"`, the others stand behind it.
  var isCatchingUp: Bool { plan.policy.catchUp == .all && open.contains { $0.run.claim == .madeUp } }

  /// When the job counts as archived.
  var archivedAt: Instant? {
    guard let after = plan.policy.archiveAfter else { return nil }
    return plan.schedule?.end.map { $0 + after }
  }

  func isArchived(at now: Instant) -> Bool { archivedAt.map { $0 <= now } ?? false }

  /// Takes the row out of those that take part in overlap.
  mutating func disengage(_ id: RunID) {
    running.removeAll { $0 == id }
    admitted.removeAll { $0 == id }
  }
}

/// Something other than the clock that makes a job due.
struct JobEvent: Sendable {
  /// The trigger's label.
  var trigger: String
  var cause: Cause
  var delay: Interval = .zero
  var params: String?
  /// What the trigger remembers once the row is durable.
  var changes: [AccountChange] = []
}

/// One trigger of a job: how far it is accounted for, and what comes next.
struct TriggerState: Sendable {
  var key: String
  var fingerprint: String
  var account: TriggerAccount
  var memo: String?
  /// The next firing; `nil`: none comes, or not before the run that is going has ended.
  var next: Firing?

  func change(of job: JobKey) -> AccountChange {
    AccountChange(job: job, triggerKey: key, fingerprint: fingerprint, account: account, memo: memo)
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

  /// What a waiting row waits for that is not time.
  enum Wait: Sendable, Equatable {
    /// What is required.
    case conditions
    /// The job's `when`.
    case when
    /// A place in this pool.
    case pool(String)
  }

  /// Which of the gates that the world answers for have been passed.
  enum Stage: Sendable, Equatable {
    case fresh
    case conditionsMet
    case allMet
  }

  var run: Run
  var phase: Phase
  /// When the gates are asked next.
  var checkAt: Instant
  var wait: Wait?
  var stage = Stage.fresh
  /// When what it requires was first asked for.
  var requiredSince: Instant?
  /// The pool in which it has a place.
  var place: String?
  /// When it is stopped, and why: its window closes, its repetition ends.
  var stopAt: (instant: Instant, why: String)?
  var isStopping = false
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
