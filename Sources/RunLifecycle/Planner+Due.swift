import Scheduling

/// From due instants to rows.
extension Planner {
  /// Accounts for the due instants up to the horizon: records what is skipped or missed, and claims a row
  /// for the first that is to run. The rest waits until that claim is durable.
  mutating func collectDue(_ slot: Int, horizon: Instant, now: Instant) {
    guard jobs[slot].inFlight == nil, jobs[slot].isLive, let schedule = jobs[slot].plan.schedule else {
      return
    }
    let policy = jobs[slot].plan.policy
    while true {
      var walk = DueWalk(
        schedule: schedule, triggers: jobs[slot].triggers, lateWithin: policy.lateWithin,
        busy: busyReason(slot), hasHeld: jobs[slot].open.contains { isDeferred($0.run) },
        runsHeld: jobs[slot].open.contains { $0.isRunning && $0.run.claim == .deferred }, now: now,
        horizon: horizon)
      guard var stretch = walk.next() else { return }
      walk.extend(&stretch)
      if stretch.fate == .missed, policy.startWhenAvailable, isNewestMissed(walk) {
        makeUp(stretch, walk, slot, at: now)
        return
      }
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
    case .hold(let from):
      run.claim = .deferred
      run.notBefore = max(from, stretch.startAt)
      claim(run, changes, slot)
    case .missed:
      record(run, Verdict(outcome: .missed, reason: missedReason(jobs[slot].plan.policy)), changes, at: now)
    case .skipped(let reason):
      record(run, Verdict(outcome: .skipped, reason: reason), changes, at: now)
    }
  }

  /// Claims a run for the newest missed instant; the others before it are missed.
  private mutating func makeUp(_ stretch: Stretch, _ walk: DueWalk, _ slot: Int, at now: Instant) {
    for entry in jobs[slot].open
    where entry.run.claim == .madeUp && entry.run.attempt == 0 && entry.run.state == .waiting {
      close(entry.run.id, in: slot, Verdict(outcome: .missed, reason: "superseded by a newer one"), at: now)
    }
    var newest = newRun(for: stretch, slot)
    newest.cause = .clock(stretch.last)
    (newest.dueAt, newest.dueUntil, newest.count) = (stretch.last, nil, 1)
    (newest.claim, newest.notBefore) = (.madeUp, stretch.last)
    if let (rest, states) = walk.withoutNewest(stretch) {
      let run = newRun(for: rest, slot)
      newest.id = newID()
      let verdict = Verdict(outcome: .missed, reason: missedReason(jobs[slot].plan.policy))
      record(run, verdict, adopt(states, slot), at: now)
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
