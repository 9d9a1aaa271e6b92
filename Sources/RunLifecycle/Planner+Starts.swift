import Scheduling

/// From rows that wait to attempts.
extension Planner {
  /// Starts or ends what of the job is ready, the most regular first.
  mutating func startReady(_ slot: Int, at now: Instant) {
    startOnStartup(slot, at: now)
    while let index = nextReady(slot, at: now) {
      let id = jobs[slot].open[index].run.id
      switch ruling(on: jobs[slot].open[index].run, of: jobs[slot], at: now) {
      case .start: start(id, slot, at: now)
      case .end(let verdict): close(id, in: slot, verdict, at: now)
      case .ask(let later): jobs[slot].open[index].checkAt = max(later, now + .milliseconds(1))
      case .hold(let claim, let from, let reason):
        jobs[slot].open[index].run.claim = claim
        jobs[slot].open[index].run.reason = reason
        keepWaiting(index, in: slot, until: from)
      }
    }
  }

  /// What the gates say to a start now.
  enum Ruling: Equatable {
    case start
    case end(Verdict)
    /// Nothing changes; ask again then.
    case ask(Instant)
    /// The row goes on waiting, for another reason.
    case hold(Claim, from: Instant, reason: String)
  }

  /// Asks the gates in their order (SPEC 4.6). Only for a row that is not ``isHeld(_:in:)``.
  func ruling(on run: Run, of job: JobState, at now: Instant) -> Ruling {
    // 1. Enabled.
    if job.isRemoved { return .end(run.lastVerdict("the job was removed")) }
    if !run.isManual && !job.plan.policy.enabled { return .end(run.lastVerdict("the job is disabled")) }
    // Its instant may have gone by since it was claimed: the machine slept, the daemon was killed.
    if run.attempt == 0, run.claim == .onTime,
      now > run.notBefore + max(job.plan.policy.lateWithin, .seconds(1))
    {
      guard case .clock = run.cause, job.plan.policy.startWhenAvailable else {
        return .end(Verdict(outcome: .missed, reason: missedReason(job.plan.policy)))
      }
      return .hold(.madeUp, from: run.notBefore, reason: "made up: \(missedReason(job.plan.policy))")
    }
    // 2 and 3. Window and blackout.
    if !passesWindow(run, in: job), case .closed(let opens, let reason) = job.plan.schedule?.gate(at: now) {
      return closedRuling(run, job, opens: opens, reason: reason)
    }
    // 4. Overlap.
    if let busy = job.running {
      return .end(Verdict(outcome: .skipped, reason: overlapReason(busy)))
    }
    return .start
  }

  private func closedRuling(_ run: Run, _ job: JobState, opens: Instant?, reason: String) -> Ruling {
    guard let opens else { return .end(run.lastVerdict(reason)) }
    if run.attempt > 0 || run.claim != .onTime { return .ask(opens) }
    let triggers = job.plan.schedule?.triggers ?? []
    let defers = triggers.first { $0.label == run.trigger }?.outsideWindow == .defer
    guard defers else { return .end(Verdict(outcome: .skipped, reason: reason)) }
    if job.open.contains(where: { isDeferred($0.run) }) {
      return .end(Verdict(outcome: .skipped, reason: "merged"))
    }
    return .hold(.deferred, from: opens, reason: reason)
  }

  /// True for a row that waits for something other than time: the end of the running run, or the next
  /// start of the daemon.
  func isHeld(_ run: Run, in job: JobState) -> Bool {
    let isPatient = run.attempt > 0 || run.claim != .onTime
    if let drainLimit, isPatient || run.notBefore > drainLimit { return !job.isRemoved }
    return isPatient && job.running != nil
  }

  func isDeferred(_ run: Run) -> Bool { run.claim == .deferred && run.attempt == 0 && run.state == .waiting }

  private func passesWindow(_ run: Run, in job: JobState) -> Bool {
    if case .startup = run.cause { return job.plan.policy.runOnStartup }
    return run.isManual
  }

  /// The row that is asked next: on time before deferred before made up before another attempt.
  private func nextReady(_ slot: Int, at now: Instant) -> Int? {
    var best: Int?
    var bestRank = Int.max
    for index in jobs[slot].open.indices where jobs[slot].open[index].isWaiting {
      guard jobs[slot].open[index].checkAt <= now else { continue }
      let rank = jobs[slot].open[index].run.startRank
      guard rank < bestRank, !isHeld(jobs[slot].open[index].run, in: jobs[slot]) else { continue }
      (best, bestRank) = (index, rank)
    }
    return best
  }

  /// The gates are open: whatever waited in its place ends, and `main` is called.
  private mutating func start(_ id: RunID, _ slot: Int, at now: Instant) {
    endSuperseded(by: id, slot, at: now)
    guard let index = jobs[slot].index(of: id) else { return }
    let plan = jobs[slot].plan
    jobs[slot].open[index].run.version = plan.version
    let run = jobs[slot].open[index].run
    if testMode || plan.policy.testing || run.testing {
      // A run that was under way when test mode came keeps what its attempts have come to.
      let verdict =
        run.attempt > 0 ? run.lastVerdict("test mode") : Verdict(outcome: .tested, reason: "test mode")
      jobs[slot].open[index].run.testing = true
      return close(id, in: slot, verdict, at: now)
    }
    jobs[slot].running = id
    jobs[slot].open[index].phase = .running
    jobs[slot].open[index].run.begin(at: now)
    let started = jobs[slot].open[index].run
    decisions.append(
      .start(started, timeLimit: timeLimit(of: started, plan), stopGrace: plan.policy.stopGrace))
  }

  /// Ends what waits in the place of the run that starts.
  mutating func endSuperseded(by id: RunID, _ slot: Int, at now: Instant) {
    guard jobs[slot].open.count > 1, let index = jobs[slot].index(of: id) else { return }
    let starting = jobs[slot].open[index].run
    for entry in jobs[slot].open where entry.run.id != id && entry.run.state == .waiting {
      let run = entry.run
      let why = "superseded by run \(id)"
      if run.attempt > 0 {
        close(run.id, in: slot, run.lastVerdict("\(why) before attempt \(run.attempt + 1)"), at: now)
      } else if run.claim == .madeUp, !starting.isManual {
        close(run.id, in: slot, Verdict(outcome: .missed, reason: why), at: now)
      } else if run.claim == .deferred, case .clock = starting.cause {
        close(run.id, in: slot, Verdict(outcome: .skipped, reason: "merged with run \(id)"), at: now)
      }
    }
  }

  /// The trigger's limit, else the job's; none if it is zero.
  func timeLimit(of run: Run, _ plan: JobPlan) -> Interval? {
    let own = plan.schedule?.triggers.first { $0.label == run.trigger }?.timeLimit
    let limit = own ?? plan.policy.timeLimit
    return limit.flatMap { $0 > .zero ? $0 : nil }
  }

  func overlapReason(_ busy: RunID) -> String { "overlap: run \(busy) was still running" }

  /// Why a firing that is found now cannot start now.
  func busyReason(_ slot: Int) -> String? { jobs[slot].running.map(overlapReason) }

  func missedReason(_ policy: RunPolicy) -> String {
    "not started within late_within (\(policy.lateWithin)) of its due instant"
  }
}

/// Starts that no clock causes.
extension Planner {
  /// Fires the startup triggers of a job, once a start of the daemon.
  private mutating func startOnStartup(_ slot: Int, at now: Instant) {
    guard jobs[slot].startupDue, drainLimit == nil else { return }
    jobs[slot].startupDue = false
    let plan = jobs[slot].plan
    let trigger = plan.startupTrigger
    guard jobs[slot].isLive, plan.policy.runOnStartup || trigger != nil else { return }
    insert(
      Run(
        id: newID(), job: plan.key, trigger: trigger?.label ?? "startup", cause: .startup(startID),
        dueAt: now,
        notBefore: now + (plan.policy.runOnStartup ? .zero : trigger?.delay ?? .zero), node: node,
        version: plan.version), [], slot)
  }

  /// A person or a program wants the job to run now.
  mutating func startManually(
    _ key: JobKey, request: String, params: String?, testing: Bool, at now: Instant
  ) {
    guard let slot = slots[key], !jobs[slot].isRemoved else {
      return note(.warning, job: key, "there is no such job to start")
    }
    let plan = jobs[slot].plan
    let run = Run(
      id: newID(), job: key, trigger: "manual", cause: .manual(request), dueAt: now, node: node,
      version: plan.version, params: params, testing: testing)
    if drainLimit != nil {
      record(run, Verdict(outcome: .skipped, reason: "the daemon is stopping"), [], at: now)
    } else if let busy = jobs[slot].running {
      record(run, Verdict(outcome: .skipped, reason: overlapReason(busy)), [], at: now)
    } else {
      insert(run, [], slot)
      schedule(slot, at: now)
    }
  }
}

extension JobPlan {
  /// The first trigger that fires when the daemon starts.
  var startupTrigger: Trigger? { schedule?.triggers.first { $0.rule == .event(.startup) && $0.enabled } }
}

extension Run {
  /// The place of a waiting row among those of its job that are ready together.
  fileprivate var startRank: Int {
    guard attempt == 0 else { return 3 }
    return switch claim {
    case .onTime: 0
    case .deferred: 1
    case .madeUp: 2
    }
  }

  /// The next attempt starts.
  mutating func begin(at now: Instant) {
    state = .running
    attempt += 1
    if startedAt == nil { startedAt = now }
    reason = nil
  }
}
