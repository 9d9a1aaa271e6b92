import Scheduling

/// Decides what runs when: every rule of SPEC sections 4 and 5, as a value with one mutating function.
///
/// Events tell it what has happened, decisions say what is to be done; it has no clock and waits for
/// nothing. The daemon, `next`, `simulate` and the tests drive the same code.
///
/// How a due instant becomes a row that has ended:
/// 1. ``collectDue(_:horizon:now:)`` finds it up to `claimAhead` before its time, and claims a row for it,
///    or records why there is no run. At most one claim of a job is in flight, and the account moves with
///    it: a crash at any moment leaves each instant either in a row or still to be found.
/// 2. When the claim is durable and its instant has come, ``ruling(on:of:at:)`` asks the gates.
/// 3. The attempt starts, and ends; ``Transition`` says whether the run does.
///
/// - Complexity: An event costs O(log jobs), and is independent of how many instants were missed.
public struct Planner: Sendable {
  let claimAhead: Interval
  let node: String
  /// Names this start of the daemon.
  let startID: String
  let testMode: Bool
  /// Names the machine's boot.
  let bootID: String
  /// How long a claim that the store refused rests.
  let claimRest = Interval.seconds(1)
  /// How far the clock may be set back with nothing but a pause as a consequence (SPEC 4.5).
  let patience = Interval.hours(3)

  var nextRunID: RunID
  var jobs: [JobState] = []
  var slots: [JobKey: Int] = [:]
  var freeSlots: [Int] = []
  var slotOfRun: [RunID: Int] = [:]
  /// Accounts of jobs that were removed, which the store may not show yet.
  var retired: [JobKey: [StoredAccount]] = [:]
  /// When due instants have to be looked for. Served early or late by half of ``claimAhead``, so that
  /// claims come in groups.
  var claimQueue = WakeQueue()
  /// When rows have to be looked at, to the microsecond.
  var startQueue = WakeQueue()
  var pools: [String: Pool]
  /// Pools that have a free place since the last look at who waits.
  var poolsToServe: Set<String> = []
  /// The slots of the jobs that wait for the end of another one's runs, by its name.
  var dependents: [String: [Int]] = [:]
  /// Since the drain began: rows due later than this do not start.
  var drainLimit: Instant?
  var decisions: [Decision] = []

  /// - Parameters:
  ///   - claimAhead: How long before its due instant a row may be claimed, so that a start waits for no disk.
  ///   - nextRunID: Greater than every id in the ledger.
  ///   - startID: Names this start of the daemon, for the cause of startup runs.
  ///   - bootID: Names the machine's boot, for the cause of runs that it makes due.
  ///   - pools: How many places each concurrency pool has.
  ///   - testMode: Every job runs in test mode.
  public init(
    claimAhead: Interval = .milliseconds(50), node: String, nextRunID: RunID, startID: String,
    bootID: String = "", pools: [String: Int] = [:], testMode: Bool = false
  ) {
    self.claimAhead = claimAhead
    self.node = node
    self.nextRunID = nextRunID
    self.startID = startID
    self.testMode = testMode
    self.bootID = bootID
    self.pools = pools.mapValues { Pool(size: max(1, $0)) }
  }

  /// Returns what is to be done after this event, in the order in which it has to become durable.
  public mutating func handle(_ event: PlannerEvent, at now: Instant) -> [Decision] {
    switch event {
    case .jobLive(let plan, let accounts, let lastEnded, let pause, let initial):
      goLive(plan, accounts: accounts, lastEnded: lastEnded, pause: pause, initial: initial, at: now)
    case .jobRemoved(let key): remove(key, at: now)
    case .endedMeanwhile(let key, let ends): hear(key, of: ends, at: now)
    case .timePassed: passTime(now)
    case .claimed(let ids): confirm(ids, at: now)
    case .claimFailed(let ids, let reason): refuse(ids, reason: reason, at: now)
    case .claimTaken(let ids): giveUp(ids, at: now)
    case .recordTaken(let run, let changes): recordRest(of: run, changes)
    case .attemptStarted(let id, let at): attemptStarted(id, at: at)
    case .attemptEnded(let id, let end): attemptEnded(id, end, at: now)
    case .manual(let request, let key, let params, let testing):
      startManually(key, request: request, params: params, testing: testing, at: now)
    case .watched(let key, let trigger, let snapshot, let params, let memo):
      watched(key, trigger, snapshot: snapshot, params: params, memo: memo, at: now)
    case .conditionsChecked(let id, let unmet): conditionsChecked(id, unmet: unmet, at: now)
    case .whenAnswered(let id, let answer): whenAnswered(id, answer, at: now)
    case .pause(let key, let who): pause(key, by: who, at: now)
    case .resume(let key, let who): resume(key, by: who, at: now)
    case .recovered(let run, let evidence): recover(run, evidence: evidence, at: now)
    case .cancel(let id, let by): cancel(id, by: by, at: now)
    case .clockStepped(let from, let to): clockStepped(from: from, to: to)
    case .drain: beginDrain(at: now)
    case .stopRunning(let reason): stopRunning(reason: reason)
    }
    servePools(at: now)
    // Taken, not copied: a buffer that two hold is copied by the next append.
    defer { decisions = [] }
    return decisions
  }

  /// When ``PlannerEvent/timePassed`` is to be sent next; `nil` while nothing will ever happen by itself.
  public var nextWake: Instant? {
    let claims =
      drainLimit == nil
      ? claimQueue.next.map { $0 + Interval(microseconds: claimAhead.microseconds / 2) } : nil
    guard let starts = startQueue.next else { return claims }
    return claims.map { min($0, starts) } ?? starts
  }

  private mutating func passTime(_ now: Instant) {
    while let slot = startQueue.take(through: now) { advance(slot, at: now) }
    guard drainLimit == nil else { return }
    while let slot = claimQueue.take(through: now) {
      collectDue(slot, horizon: now + claimAhead, now: now)
      schedule(slot, at: now)
    }
  }

  /// Looks at the job whenever something about it has changed: ends and starts what can be, looks for due
  /// instants, and sets when to look again.
  mutating func advance(_ slot: Int, at now: Instant) {
    retryClaim(slot, at: now)
    startReady(slot, at: now)
    schedule(slot, at: now)
  }

  /// Sets when the job has to be looked at again.
  mutating func schedule(_ slot: Int, at now: Instant) {
    refreshRestarts(slot)
    startQueue.set(slot, at: nextCheck(of: slot))
    let due = mayCollect(slot) ? earliestDue(slot) : nil
    // In a pause nothing is claimed ahead.
    let ahead = jobs[slot].pause == nil ? claimAhead : .zero
    claimQueue.set(slot, at: due.map { $0 - ahead })
    if jobs[slot].isRemoved && jobs[slot].open.isEmpty && jobs[slot].pendingChange == nil { forget(slot) }
  }

  /// When a row of the job may start, or a refused claim is tried again.
  private func nextCheck(of slot: Int) -> Instant? {
    var earliest = jobs[slot].claimAgainAt
    if !jobs[slot].events.isEmpty && drainLimit == nil { earliest = .distantPast }
    for entry in jobs[slot].open {
      let look: Instant?
      switch entry.phase {
      case .running: look = entry.stopAt?.instant
      case .waiting where entry.wait == nil && !isHeld(entry.run, in: jobs[slot]): look = entry.checkAt
      case .waiting, .claiming, .refused: look = nil
      }
      if let look { earliest = earliest.map { min($0, look) } ?? look }
    }
    return earliest
  }

  private func earliestDue(_ slot: Int) -> Instant? {
    var earliest: Instant?
    for trigger in jobs[slot].triggers {
      guard let due = trigger.next?.dueAt else { continue }
      earliest = earliest.map { min($0, due) } ?? due
    }
    return earliest
  }

  mutating func newID() -> RunID {
    defer { nextRunID = RunID(nextRunID.rawValue &+ 1) }
    return nextRunID
  }

  mutating func note(_ level: NoteLevel, job: JobKey? = nil, run: RunID? = nil, _ text: String) {
    decisions.append(.note(level, job: job, run: run, text))
  }
}
