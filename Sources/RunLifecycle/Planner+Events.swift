import Scheduling

/// Starts that no clock causes: what happens to the machine, the daemon, files, other jobs; people.
extension Planner {
  /// Makes rows of what has happened to the job.
  mutating func fireEvents(_ slot: Int, at now: Instant) {
    guard !jobs[slot].events.isEmpty, drainLimit == nil else { return }
    let events = jobs[slot].events
    jobs[slot].events = []
    for event in events { fire(event, slot, at: now) }
  }

  /// Inserts the row of an event. A job that is not live, or is archived, is not due by events.
  ///
  /// - Parameter dueAt: when it happened; later than now by a clock that has been set back meanwhile.
  private mutating func fire(_ event: JobEvent, _ slot: Int, dueAt: Instant? = nil, at now: Instant) {
    let due = dueAt ?? now
    guard jobs[slot].isLive, !jobs[slot].isArchived(at: due) else { return }
    let plan = jobs[slot].plan
    let ready = due > now + claimAhead ? now : due
    var run = Run(
      id: newID(), job: plan.key, trigger: event.trigger, cause: event.cause, dueAt: due,
      notBefore: ready + event.delay, node: node, version: plan.version, params: event.params)
    if let pause = jobs[slot].pause {
      (run.gate, run.reason) = (.paused, pause.reason)
      return record(
        run, Verdict(outcome: .skipped, reason: run.reason, gate: .paused), event.changes, at: now)
    }
    insert(run, event.changes, slot)
  }

  /// What going live means to the job's triggers: the daemon has started, the machine has booted, the
  /// content is new.
  mutating func queueLifeEvents(_ slot: Int, initial: Bool) {
    let plan = jobs[slot].plan
    guard jobs[slot].isLive else { return }
    if initial, plan.policy.runOnStartup {
      jobs[slot].events.append(
        JobEvent(trigger: plan.startupTrigger?.label ?? "startup", cause: .startup(startID)))
    }
    guard let schedule = plan.schedule else { return }
    for (index, trigger) in schedule.triggers.enumerated() where trigger.enabled {
      switch trigger.rule {
      case .event(.startup) where initial && !plan.policy.runOnStartup && trigger == plan.startupTrigger:
        jobs[slot].events.append(
          JobEvent(trigger: trigger.label, cause: .startup(startID), delay: trigger.delay))
      case .event(.boot) where jobs[slot].triggers[index].memo != bootID:
        jobs[slot].triggers[index].memo = bootID
        let change = jobs[slot].triggers[index].change(of: plan.key)
        if initial {
          jobs[slot].events.append(
            JobEvent(
              trigger: trigger.label, cause: .boot(bootID), delay: trigger.delay, changes: [change]))
        } else {
          // The boot came before the trigger.
          decisions.append(.account([change]))
        }
      case .event(.load): queueLoad(trigger, index, slot)
      default: break
      }
    }
  }

  /// Fires for a content of the file that has not been live before; of those that have, the last
  /// hundred are remembered.
  private mutating func queueLoad(_ trigger: Trigger, _ index: Int, _ slot: Int) {
    let plan = jobs[slot].plan
    var seen = (jobs[slot].triggers[index].memo ?? "").split(separator: " ").map(String.init)
    guard !seen.contains(plan.version) else { return }
    seen.append(plan.version)
    jobs[slot].triggers[index].memo = seen.suffix(100).joined(separator: " ")
    jobs[slot].events.append(
      JobEvent(
        trigger: trigger.label, cause: .load(plan.version), delay: trigger.delay,
        changes: [jobs[slot].triggers[index].change(of: plan.key)]))
  }

  /// The daemon drains: triggers that wait for that fire, and then nothing does.
  mutating func beginDrain(at now: Instant) {
    guard drainLimit == nil else { return }
    for slot in slots.values.sorted() where jobs[slot].isLive {
      for trigger in jobs[slot].plan.schedule?.triggers ?? []
      where trigger.rule == .event(.shutdown) && trigger.enabled {
        fire(JobEvent(trigger: trigger.label, cause: .shutdown(startID)), slot, at: now)
        schedule(slot, at: now)
      }
    }
    drainLimit = now + claimAhead
  }

  /// Files have come or changed; without a snapshot, only what the trigger has seen is new.
  mutating func watched(
    _ key: JobKey, _ triggerKey: String, snapshot: String?, params: String?, memo: String, at now: Instant
  ) {
    guard let slot = slots[key], jobs[slot].isLive,
      let index = jobs[slot].triggers.firstIndex(where: { $0.key == triggerKey }),
      let trigger = jobs[slot].plan.schedule?.triggers[index]
    else { return }
    jobs[slot].triggers[index].memo = memo
    let change = jobs[slot].triggers[index].change(of: key)
    guard let snapshot, trigger.enabled, trigger.isLive(at: now) else {
      return decisions.append(.account([change]))
    }
    fire(
      JobEvent(
        trigger: trigger.label, cause: .watch(snapshot), delay: trigger.delay, params: params,
        changes: [change]), slot, at: now)
  }

  // MARK: After other jobs

  /// A run has ended: tells the jobs that wait for that.
  mutating func tellDependents(of run: Run, named name: String, at now: Instant) {
    for slot in dependents[name] ?? [] where jobs[slot].isLive { tell(slot, of: run, named: name, at: now) }
  }

  /// The job is live (again): tells it of the ends that it has not heard of.
  mutating func hear(_ key: JobKey, of ends: [EndedRun], at now: Instant) {
    guard let slot = slots[key], jobs[slot].isLive else { return }
    for end in ends { tell(slot, of: end.run, named: end.job, at: now, meanwhile: true) }
    schedule(slot, at: now)
  }

  /// - Parameter meanwhile: the end came when the job was not live; a trigger that is accounted for up to there
  ///   has had it.
  private mutating func tell(
    _ slot: Int, of run: Run, named name: String, at now: Instant, meanwhile: Bool = false
  ) {
    // What follows a dry run would be no dry one.
    guard !run.isDry, let outcome = run.outcome?.rawValue, let ended = run.endedAt,
      let schedule = jobs[slot].plan.schedule
    else { return }
    // Of several triggers that wait for the same end, the first names the one run.
    var hasFired = false
    for (index, trigger) in schedule.triggers.enumerated() where trigger.enabled {
      guard case .after(let conditions) = trigger.rule, trigger.isLive(at: ended) else { continue }
      if meanwhile, ended <= jobs[slot].triggers[index].account.accountedThrough { continue }
      let met = conditions.indices.filter {
        conditions[$0].job == name && conditions[$0].isMet(by: outcome)
      }
      guard !met.isEmpty,
        let event = meet(met, of: conditions.count, by: run, at: ended, trigger, index, slot)
      else { continue }
      if hasFired {
        decisions.append(.account(event.changes))
      } else {
        fire(event, slot, dueAt: ended, at: now)
      }
      hasFired = true
    }
  }

  /// Notes which conditions of a trigger are met; once all are, it is due, and they count anew.
  ///
  /// The row is made at once, in the transaction of the end that it follows; when the daemon drains, the next
  /// start finds it.
  private mutating func meet(
    _ met: [Int], of count: Int, by run: Run, at ended: Instant, _ trigger: Trigger, _ index: Int, _ slot: Int
  ) -> JobEvent? {
    var isComplete = true
    if count > 1 {
      var all = Set((jobs[slot].triggers[index].memo ?? "").split(separator: " ").compactMap { Int($0) })
      all.formUnion(met)
      isComplete = all.count == count
      jobs[slot].triggers[index].memo =
        isComplete ? "" : all.sorted().map(String.init).joined(separator: " ")
    }
    let account = jobs[slot].triggers[index].account
    jobs[slot].triggers[index].account.accountedThrough = max(account.accountedThrough, ended)
    let change = jobs[slot].triggers[index].change(of: jobs[slot].plan.key)
    guard isComplete else {
      decisions.append(.account([change]))
      return nil
    }
    return JobEvent(
      trigger: trigger.label, cause: .after(run.id), delay: trigger.delay, changes: [change])
  }

  /// Enters the job with those whose ends it waits for.
  mutating func follow(_ schedule: Schedule?, _ slot: Int) {
    unfollow(slot)
    for trigger in schedule?.triggers ?? [] {
      guard case .after(let conditions) = trigger.rule else { continue }
      for condition in conditions where dependents[condition.job]?.contains(slot) != true {
        dependents[condition.job, default: []].append(slot)
      }
    }
  }

  mutating func unfollow(_ slot: Int) {
    for trigger in jobs[slot].plan.schedule?.triggers ?? [] {
      guard case .after(let conditions) = trigger.rule else { continue }
      for condition in conditions {
        dependents[condition.job]?.removeAll { $0 == slot }
        if dependents[condition.job]?.isEmpty == true { dependents[condition.job] = nil }
      }
    }
  }

  // MARK: People

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
    } else if let busy = jobs[slot].busyRun(besides: nil), plan.policy.overlap(for: run.cause) == .skip {
      // Told at once, without a row that waits first.
      let why = "overlap: run \(busy) was still running"
      record(run, Verdict(outcome: .skipped, reason: why, gate: .overlap), [], at: now)
    } else {
      insert(run, [], slot)
      schedule(slot, at: now)
    }
  }

  /// From now on the job does not start but by hand.
  mutating func pause(_ key: JobKey, by who: String, at now: Instant) {
    guard let slot = slots[key], !jobs[slot].isRemoved, jobs[slot].pause == nil else { return }
    if drainLimit == nil { collectDue(slot, horizon: now, now: now) }
    let pause = Pause(since: now, by: who)
    jobs[slot].pause = pause
    decisions.append(.pause(key, pause))
    advance(slot, at: now)
  }

  /// The pause is over: its firings end as one row, and what it held goes on.
  mutating func resume(_ key: JobKey, by who: String, at now: Instant) {
    guard let slot = slots[key], let pause = jobs[slot].pause else { return }
    collectDue(slot, horizon: now, now: now)
    jobs[slot].pause = nil
    decisions.append(.pause(key, nil))
    endPausedRow(slot, "\(pause.reason), resumed by \(who)", at: now)
    advance(slot, at: now)
  }

  mutating func endPausedRow(_ slot: Int, _ reason: String, at now: Instant) {
    for id in jobs[slot].open.filter({ $0.run.claim == .paused }).map(\.run.id) {
      close(id, in: slot, Verdict(outcome: .skipped, reason: reason, gate: .paused), at: now)
    }
  }
}

/// What the world answers.
extension Planner {
  mutating func conditionsChecked(_ id: RunID, unmet: String?, at now: Instant) {
    guard let slot = slotOfRun[id], let index = jobs[slot].index(of: id),
      jobs[slot].open[index].wait == .conditions
    else { return }
    jobs[slot].open[index].wait = nil
    guard let unmet else {
      jobs[slot].open[index].stage = .conditionsMet
      return advance(slot, at: now)
    }
    let run = jobs[slot].open[index].run
    let patience = jobs[slot].plan.policy.requires?.wait ?? .zero
    let since = jobs[slot].open[index].requiredSince ?? now
    guard now < since + patience, !jobs[slot].isRemoved else {
      let waited = patience > .zero ? " (asked for \(patience))" : ""
      close(id, in: slot, run.lastVerdict("requires: \(unmet)\(waited)", .requires), at: now)
      return advance(slot, at: now)
    }
    // It stays before other firings of the job, and asks again; its place in a pool is for who can go on.
    leavePlace(index, slot)
    let rest = min(max(Interval(microseconds: patience.microseconds / 20), .seconds(1)), .seconds(10))
    let reason = "requires: \(unmet); asked again until \(since + patience)"
    if run.reason != reason {
      jobs[slot].open[index].run.wait(as: .queued, .requires, reason)
      decisions.append(.update(jobs[slot].open[index].run, []))
    }
    jobs[slot].open[index].checkAt = min(now + rest, since + patience)
    schedule(slot, at: now)
  }

  mutating func whenAnswered(_ id: RunID, _ answer: WhenAnswer, at now: Instant) {
    guard let slot = slotOfRun[id], let index = jobs[slot].index(of: id),
      jobs[slot].open[index].wait == .when
    else { return }
    jobs[slot].open[index].wait = nil
    let run = jobs[slot].open[index].run
    switch answer {
    case .yes: jobs[slot].open[index].stage = .allMet
    case .no(let why):
      close(id, in: slot, run.lastVerdict("when: \(why ?? "it said no")", .when), at: now)
    case .failed(let error):
      close(
        id, in: slot, Verdict(outcome: .failed, reason: "when failed", gate: .when, error: error), at: now)
    }
    advance(slot, at: now)
  }
}

extension JobPlan {
  /// The first trigger that fires when the daemon starts.
  var startupTrigger: Trigger? { schedule?.triggers.first { $0.rule == .event(.startup) && $0.enabled } }
}

extension Trigger {
  /// True from `start_at` to `end_at`.
  func isLive(at instant: Instant) -> Bool {
    startAt.map { $0 <= instant } ?? true && endAt.map { instant < $0 } ?? true
  }
}
