import Scheduling

/// Jobs come, change and go.
extension Planner {
  /// A job is new, changed, or there when the daemon starts.
  mutating func goLive(
    _ plan: JobPlan, accounts: [StoredAccount], lastEnded: Run?, pause: Pause?, initial: Bool, at now: Instant
  ) {
    let event = PlannerEvent.jobLive(
      plan, accounts: accounts, lastEnded: lastEnded, pause: pause, initial: initial)
    if let slot = slots[plan.key] {
      guard settle(slot, before: event, at: now) else { return }
      let known = jobs[slot].triggers.map {
        StoredAccount(
          triggerKey: $0.key, fingerprint: $0.fingerprint, account: $0.account, memo: $0.memo)
      }
      let wasRemoved = jobs[slot].isRemoved
      let left = retired.removeValue(forKey: plan.key) ?? []
      unfollow(slot)
      jobs[slot].plan = plan
      jobs[slot].isRemoved = false
      if wasRemoved { jobs[slot].pause = pause }
      openAccounts(slot, known: wasRemoved ? left : known, at: now)
      relabelWaiting(slot, at: now)
      leaveLines(slot, at: now)
      if plan.policy.enabled { askOpeningsAgain(slot, at: now) } else { askAllAgain(slot, at: now) }
      follow(plan.schedule, slot)
      startQueue.rank(slot, plan.policy.priority)
      queueLifeEvents(slot, initial: false)
      advance(slot, at: now)
      return
    }
    let known = retired.removeValue(forKey: plan.key) ?? accounts
    let slot = freeSlots.popLast() ?? jobs.count
    if slot == jobs.count { jobs.append(JobState(plan: plan)) } else { jobs[slot] = JobState(plan: plan) }
    slots[plan.key] = slot
    jobs[slot].pause = pause
    if initial, let ended = lastEnded?.endedAt, ended > now + patience {
      note(
        .warning, job: plan.key,
        "the clock says \(now), but run \(lastEnded?.id.description ?? "") ended at \(ended)")
    }
    openAccounts(slot, known: known, at: now)
    if initial { noteChangesWhileAway(slot, known) }
    follow(plan.schedule, slot)
    startQueue.rank(slot, plan.policy.priority)
    queueLifeEvents(slot, initial: initial)
    schedule(slot, at: now)
  }

  /// What was due under a schedule that is gone is in no row: nobody knows it any more.
  private mutating func noteChangesWhileAway(_ slot: Int, _ known: [StoredAccount]) {
    for old in known where old.fingerprint != StoredAccount.retired {
      let state = jobs[slot].triggers.first { $0.key == old.triggerKey }
      guard state?.fingerprint != old.fingerprint else { continue }
      note(
        .info, job: jobs[slot].plan.key,
        "\(old.triggerKey) was changed while no daemon was there: what was due by it after"
          + " \(old.account.accountedThrough) is in no row")
    }
  }

  /// The job's file is gone. A run in progress ends on the version that it started with.
  mutating func remove(_ key: JobKey, at now: Instant) {
    guard let slot = slots[key], !jobs[slot].isRemoved else { return }
    guard settle(slot, before: .jobRemoved(key), at: now) else { return }
    var changes: [AccountChange] = []
    var left: [StoredAccount] = []
    for trigger in jobs[slot].triggers {
      let stored = StoredAccount(
        triggerKey: trigger.key, fingerprint: StoredAccount.retired, account: trigger.account,
        memo: trigger.memo)
      left.append(stored)
      changes.append(.retiring(stored, of: key))
    }
    if !changes.isEmpty { decisions.append(.account(changes)) }
    retired[key] = left
    jobs[slot].isRemoved = true
    jobs[slot].triggers = []
    jobs[slot].events = []
    unfollow(slot)
    endPausedRow(
      slot, "\(jobs[slot].pause?.reason ?? "paused"), until the job was removed", at: now)
    leaveLines(slot, at: now)
    askAllAgain(slot, at: now)
    advance(slot, at: now)
  }

  /// Accounts for what was due under the old version. False: that takes a claim, and the change waits for it.
  private mutating func settle(_ slot: Int, before change: PlannerEvent, at now: Instant) -> Bool {
    if jobs[slot].inFlight == nil, drainLimit == nil {
      collectDue(slot, horizon: now, now: now, dropsBacklog: dropsAccounts(change, jobs[slot]))
    }
    guard jobs[slot].inFlight == nil else {
      jobs[slot].pendingChange = change
      schedule(slot, at: now)
      return false
    }
    jobs[slot].pendingChange = nil
    return true
  }

  /// True if the account of a trigger that is live ends with the change: what it has not come to is not made
  /// up any more.
  private func dropsAccounts(_ change: PlannerEvent, _ job: JobState) -> Bool {
    guard case .jobLive(let plan, _, _, _, _) = change, plan.policy.enabled, let schedule = plan.schedule
    else {
      return true
    }
    return job.triggers.contains { state in
      state.fingerprint != StoredAccount.retired
        && !schedule.triggers.indices.contains {
          schedule.triggers[$0].enabled && schedule.triggers[$0].accountKey == state.key
            && schedule.fingerprint(of: $0) == state.fingerprint
        }
    }
  }

  /// Carries out the change that waited for a claim.
  mutating func applyPendingChange(_ slot: Int, at now: Instant) {
    guard jobs[slot].inFlight == nil, let change = jobs[slot].pendingChange else { return }
    jobs[slot].pendingChange = nil
    switch change {
    case .jobLive(let plan, let accounts, let lastEnded, let pause, let initial):
      goLive(plan, accounts: accounts, lastEnded: lastEnded, pause: pause, initial: initial, at: now)
    case .jobRemoved(let key): remove(key, at: now)
    default: break
    }
  }

  /// Gives each trigger its account: an unchanged one keeps it; a new or changed one counts from now, an
  /// `every` from its last due instant on.
  private mutating func openAccounts(_ slot: Int, known: [StoredAccount], at now: Instant) {
    let job = jobs[slot].plan.key
    let live = jobs[slot].plan.policy.enabled
    var changes: [AccountChange] = []
    var states: [TriggerState] = []
    // Nothing that was claimed ahead is due again for a trigger that is new a moment before.
    let claimed = known.map(\.account.accountedThrough).filter { $0 <= now + claimAhead }.max()
    if let schedule = jobs[slot].plan.schedule {
      for (index, trigger) in schedule.triggers.enumerated() {
        let key = trigger.accountKey
        let old = known.first { $0.triggerKey == key }
        let isCounting = live && trigger.enabled
        let fingerprint = isCounting ? schedule.fingerprint(of: index) : StoredAccount.retired
        var account = old?.account ?? TriggerAccount(accountedThrough: now, lastDue: nil)
        if old == nil || old?.fingerprint != fingerprint {
          account.accountedThrough = startOfCount(of: trigger.rule, at: now, claimed: claimed)
        }
        if account.accountedThrough > now + patience { correct(&account, of: job, trigger.label, at: now) }
        // What was seen before the trigger was changed, or not live, is not what it counts from.
        let keepsMemo = old?.fingerprint == fingerprint || trigger.isOnceForEach
        let state = TriggerState(
          key: key, fingerprint: fingerprint, account: account, memo: keepsMemo ? old?.memo : nil, next: nil)
        if old?.account != account || old?.fingerprint != fingerprint, !trigger.isBareEvent {
          changes.append(state.change(of: job))
        }
        states.append(state)
      }
    }
    for old in known where old.fingerprint != StoredAccount.retired {
      if !states.contains(where: { $0.key == old.triggerKey }) { changes.append(.retiring(old, of: job)) }
    }
    if !changes.isEmpty { decisions.append(.account(changes)) }
    jobs[slot].triggers = states
    for index in states.indices { refresh(slot, index) }
  }

  /// The account of a trigger that goes live: nothing before now is due. What is due at once is so at a
  /// whole millisecond, as instants are shown.
  private func startOfCount(of rule: Trigger.Rule, at now: Instant, claimed: Instant?) -> Instant {
    let tick = Interval(microseconds: 1)
    let first = max(now, claimed.map { $0 + tick } ?? now)
    return switch rule {
    case .every, .restartAfter: first.roundedUpToMilliseconds - tick
    default: first - tick
    }
  }

  /// Rows that wait under a trigger that is not there any more: another one that fires at their instant
  /// takes them over, or they end.
  private mutating func relabelWaiting(_ slot: Int, at now: Instant) {
    for id in jobs[slot].open.map(\.run.id) { relabel(id, slot, at: now) }
  }

  private mutating func relabel(_ id: RunID, _ slot: Int, at now: Instant) {
    let schedule = jobs[slot].plan.schedule
    guard let index = jobs[slot].index(of: id) else { return }
    let run = jobs[slot].open[index].run
    guard case .clock(let due) = run.cause, run.state == .waiting, run.attempt == 0 else { return }
    if schedule?.triggers.contains(where: { $0.label == run.trigger && $0.enabled }) == true { return }
    let before = TriggerAccount(accountedThrough: due - Interval(microseconds: 1), lastDue: nil)
    let heir = schedule?.triggers.indices.first {
      schedule?.triggers[$0].isCalendar == true && schedule?.nextFiring(of: $0, after: before)?.dueAt == due
    }
    if let heir, let label = schedule?.triggers[heir].label {
      jobs[slot].open[index].run.trigger = label
    } else {
      close(
        id, in: slot, Verdict(outcome: .skipped, reason: "its trigger was removed", gate: .enabled), at: now)
    }
  }

  /// A row that a former daemon left under another version of its job.
  mutating func adoptVersion(_ id: RunID, _ slot: Int, at now: Instant) {
    relabel(id, slot, at: now)
    guard let index = jobs[slot].index(of: id), jobs[slot].open[index].isWaiting else { return }
    askOpeningAgain(index, slot, at: now)
  }

  /// Rows that wait for another attempt, or an opening, ask at once: they end, as the job is disabled or gone.
  private mutating func askAllAgain(_ slot: Int, at now: Instant) {
    for index in jobs[slot].open.indices where jobs[slot].open[index].isWaiting {
      let run = jobs[slot].open[index].run
      // One that somebody started goes on in a job that is disabled.
      guard run.dueAt <= now, jobs[slot].isRemoved || !run.isManual else { continue }
      jobs[slot].open[index].checkAt = now
    }
  }

  /// Rows that wait for an opening ask at once when they may start: windows and blackouts may be others now.
  private mutating func askOpeningsAgain(_ slot: Int, at now: Instant) {
    for index in jobs[slot].open.indices where jobs[slot].open[index].isWaiting {
      let run = jobs[slot].open[index].run
      // While the job was disabled or gone it may have asked early.
      if run.attempt > 0 {
        jobs[slot].open[index].checkAt = max(jobs[slot].open[index].checkAt, run.notBefore)
      }
      askOpeningAgain(index, slot, at: now)
    }
  }

  private mutating func askOpeningAgain(_ index: Int, _ slot: Int, at now: Instant) {
    let run = jobs[slot].open[index].run
    guard run.gate == .window || run.gate == .blackout else { return }
    let trigger = jobs[slot].plan.schedule?.triggers.first { $0.label == run.trigger }
    // An attempt that follows another has asked before, so that its interval is over; a row that is due long after
    // now is one of before the clock was set back.
    let hasCome = run.attempt > 0 || run.dueAt > now + claimAhead
    let earliest = hasCome ? now : run.dueAt + (trigger?.delay ?? .zero)
    keepWaiting(index, in: slot, until: max(now, earliest))
  }

  /// Drops a job that is removed and of which nothing is open.
  mutating func forget(_ slot: Int) {
    guard slots[jobs[slot].plan.key] == slot else { return }
    unfollow(slot)
    slots[jobs[slot].plan.key] = nil
    startQueue.set(slot, at: nil)
    claimQueue.set(slot, at: nil)
    freeSlots.append(slot)
  }
}

extension Trigger {
  /// True if its due instants do not depend on when it last fired.
  var isCalendar: Bool {
    switch rule {
    case .every: startAt != nil
    case .restartAfter, .event, .after, .watch: false
    default: true
    }
  }

  var isRestartAfter: Bool {
    if case .restartAfter = rule { true } else { false }
  }

  /// True for an event of the daemon's own life, of which nothing is kept.
  var isBareEvent: Bool { rule == .event(.startup) || rule == .event(.shutdown) }

  /// True for an event that counts once for each of what it remembers.
  var isOnceForEach: Bool { rule == .event(.boot) || rule == .event(.load) }

  var isEvery: Bool {
    if case .every = rule { true } else { false }
  }
}

extension Instant {
  /// The instant, or the next whole millisecond after it.
  var roundedUpToMilliseconds: Instant {
    let rest = microseconds % 1000
    return rest == 0 ? self : self + Interval(microseconds: rest < 0 ? -rest : 1000 - rest)
  }
}
