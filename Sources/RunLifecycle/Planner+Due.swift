import Scheduling

/// From due instants to rows.
extension Planner {
  /// Accounts for the due instants up to the horizon: records what is skipped or missed, and claims a row
  /// for the first that is to run. The rest waits until that claim is durable.
  ///
  /// - Parameter dropsBacklog: What would be made up one by one is missed: its trigger is going.
  mutating func collectDue(_ slot: Int, horizon: Instant, now: Instant, dropsBacklog: Bool = false) {
    guard mayCollect(slot) || (dropsBacklog && jobs[slot].inFlight == nil), jobs[slot].isLive,
      let schedule = jobs[slot].plan.schedule
    else { return }
    let policy = jobs[slot].plan.policy
    let isPaused = jobs[slot].pause != nil
    while true {
      var walk = DueWalk(
        schedule: schedule, triggers: jobs[slot].triggers, lateWithin: policy.lateWithin, isPaused: isPaused,
        forgetBefore: policy.catchUp == .none ? nil : policy.catchUpWithin.map { now - $0 },
        busy: busyReason(slot), hasHeld: jobs[slot].open.contains { isDeferred($0.run) },
        runsHeld: jobs[slot].open.contains { $0.isRunning && $0.run.claim == .deferred }, now: now,
        horizon: isPaused ? min(horizon, now) : horizon)
      let isBacklog = policy.catchUp == .all && !dropsBacklog && walk.peek()?.fate == .missed
      guard var stretch = walk.next(single: isBacklog) else { return }
      if isBacklog { return makeUpNext(stretch, walk, slot) }
      walk.extend(&stretch)
      if stretch.fate == .missed, policy.catchUp == .newest, isNewestMissed(walk) {
        return makeUp(stretch, walk, slot, at: now)
      }
      if stretch.fate == .paused { return takePaused(stretch, walk, slot, at: now) }
      take(stretch, walk, slot, at: now)
      if stretch.fate.isClaim { return }
    }
  }

  /// Writes down what becomes of a stretch, with the accounts of its triggers.
  private mutating func take(_ stretch: Stretch, _ walk: DueWalk, _ slot: Int, at now: Instant) {
    let changes = adopt(walk.triggers, slot)
    var run = newRun(for: stretch, slot)
    switch stretch.fate {
    case .start:
      claim(run, changes, slot)
    case .hold(let from, let closed):
      run.claim = .deferred
      if let closed { run.wait(as: .deferred, StartGate(closed: closed), closed) }
      run.notBefore = max(from, stretch.startAt)
      claim(run, changes, slot)
    case .missed:
      record(run, missedVerdict(slot), changes, at: now)
    case .forgotten:
      let within = jobs[slot].plan.policy.catchUpWithin ?? .zero
      record(
        run, Verdict(outcome: .missed, reason: "older than catch_up_within (\(within))", gate: .late),
        changes,
        at: now)
    case .skipped(let reason, let gate):
      record(run, Verdict(outcome: .skipped, reason: reason, gate: gate), changes, at: now)
    case .paused: break
    }
  }

  /// Firings in a pause are one row, which grows until the pause ends, or the clock is set back.
  private mutating func takePaused(_ stretch: Stretch, _ walk: DueWalk, _ slot: Int, at now: Instant) {
    let changes = adopt(walk.triggers, slot)
    func isContinued(_ entry: OpenRun) -> Bool {
      entry.run.claim == .paused && entry.run.dueUntil ?? entry.run.dueAt < stretch.first
    }
    if let index = jobs[slot].open.firstIndex(where: isContinued) {
      jobs[slot].open[index].run.dueUntil = stretch.last
      jobs[slot].open[index].run.count += stretch.count
      decisions.append(.update(jobs[slot].open[index].run, changes))
    } else {
      endPausedRow(
        slot, "\(jobs[slot].pause?.reason ?? "paused"), until the clock was set back", at: now)
      var run = newRun(for: stretch, slot)
      run.wait(as: .paused, .paused, jobs[slot].pause?.reason ?? "paused")
      claim(run, changes, slot)
    }
  }

  /// Claims a run for the oldest missed instant; the others stay where they are until it has ended.
  private mutating func makeUpNext(_ stretch: Stretch, _ walk: DueWalk, _ slot: Int) {
    let changes = adopt(walk.triggers, slot)
    var run = newRun(for: stretch, slot)
    run.wait(as: .madeUp, .late, madeUpReason(jobs[slot].plan.policy))
    run.notBefore = run.dueAt
    claim(run, changes, slot)
  }

  /// True if due instants may be looked for: the account must not pass a row that is not durable, nor one
  /// of a backlog that is made up one by one.
  func mayCollect(_ slot: Int) -> Bool {
    jobs[slot].inFlight == nil && drainLimit == nil && !jobs[slot].isCatchingUp
  }

  private func missedVerdict(_ slot: Int) -> Verdict {
    Verdict(outcome: .missed, reason: missedReason(jobs[slot].plan.policy), gate: .late)
  }

  /// Claims a run for the newest missed instant; the others before it are missed.
  private mutating func makeUp(_ stretch: Stretch, _ walk: DueWalk, _ slot: Int, at now: Instant) {
    for entry in jobs[slot].open
    where entry.run.claim == .madeUp && entry.run.attempt == 0 && entry.run.state == .waiting {
      close(
        entry.run.id, in: slot, Verdict(outcome: .missed, reason: "superseded by a newer one", gate: .late),
        at: now)
    }
    var newest = newRun(for: stretch, slot)
    newest.cause = .clock(stretch.last)
    (newest.dueAt, newest.dueUntil, newest.count) = (stretch.last, nil, 1)
    newest.wait(as: .madeUp, .late, madeUpReason(jobs[slot].plan.policy))
    newest.notBefore = stretch.last
    if let (rest, states) = walk.withoutNewest(stretch) {
      let run = newRun(for: rest, slot)
      newest.id = newID()
      record(run, missedVerdict(slot), adopt(states, slot), at: now)
    }
    claim(newest, adopt(walk.triggers, slot), slot)
  }

  /// True if no later instant up to the horizon was missed, or starts by itself.
  private func isNewestMissed(_ walk: DueWalk) -> Bool {
    var ahead = walk
    while let (_, fate) = ahead.peek() {
      if fate == .missed || fate.isClaim { return false }
      guard var stretch = ahead.next() else { return true }
      ahead.extend(&stretch)
    }
    return true
  }

  /// Takes the accounts over from the walk, and returns how they have moved.
  private mutating func adopt(_ triggers: [TriggerState], _ slot: Int) -> [AccountChange] {
    let job = jobs[slot].plan.key
    var changes: [AccountChange] = []
    for (index, trigger) in triggers.enumerated() where trigger.account != jobs[slot].triggers[index].account
    {
      changes.append(trigger.change(of: job))
    }
    jobs[slot].triggers = triggers
    return changes
  }

  private mutating func newRun(for stretch: Stretch, _ slot: Int) -> Run {
    let plan = jobs[slot].plan
    return Run(
      id: newID(), job: plan.key, trigger: plan.schedule?.triggers[stretch.trigger].label ?? "",
      cause: .clock(stretch.first), dueAt: stretch.first, dueUntil: stretch.count > 1 ? stretch.last : nil,
      count: stretch.count, notBefore: stretch.startAt, node: node, version: plan.version)
  }
}
