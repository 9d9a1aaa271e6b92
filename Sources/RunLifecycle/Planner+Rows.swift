import Scheduling

/// How rows are made and ended: each way once.
extension Planner {
  /// Inserts a waiting row for a due instant; nothing further of the job is claimed before it is durable.
  mutating func claim(_ run: Run, _ changes: [AccountChange], _ slot: Int) {
    jobs[slot].inFlight = run.id
    insert(run, changes, slot)
  }

  /// Inserts a waiting row.
  mutating func insert(_ run: Run, _ changes: [AccountChange], _ slot: Int) {
    jobs[slot].open.append(OpenRun(run, phase: .claiming(changes)))
    slotOfRun[run.id] = slot
    dropRestarts(slot)
    decisions.append(.claim(run, changes))
  }

  /// Inserts a row that has ended. One that is not due for some milliseconds yet ends when it is.
  mutating func record(_ run: Run, _ verdict: Verdict, _ changes: [AccountChange], at now: Instant) {
    var run = run
    run.settle(verdict, at: max(now, run.dueUntil ?? run.dueAt))
    decisions.append(.record(run, changes))
    if let slot = slots[run.job] { tellDependents(of: run, named: jobs[slot].plan.name, at: now) }
  }

  /// Ends an open row. One that is not durable yet ends as soon as it is.
  mutating func close(_ id: RunID, in slot: Int, _ verdict: Verdict, at now: Instant) {
    guard let index = jobs[slot].index(of: id) else { return }
    if !jobs[slot].open[index].isDurable {
      jobs[slot].open[index].doom = verdict
      return
    }
    leavePlace(index, slot)
    var run = jobs[slot].open.remove(at: index).run
    slotOfRun[id] = nil
    jobs[slot].disengage(id)
    run.settle(verdict, at: now)
    decisions.append(.finish(run, restartRestarts(slot, at: now)))
    tellDependents(of: run, named: jobs[slot].plan.name, at: now)
  }

  /// Keeps an open row, whose next attempt may start from that instant on.
  mutating func keepWaiting(_ index: Int, in slot: Int, until instant: Instant) {
    if jobs[slot].open[index].isRunning { stepBack(index, slot) }
    jobs[slot].open[index].stopAt = nil
    jobs[slot].open[index].run.state = .waiting
    jobs[slot].open[index].run.notBefore = instant
    jobs[slot].open[index].phase = .waiting
    jobs[slot].open[index].checkAt = instant
    decisions.append(.update(jobs[slot].open[index].run, []))
  }

  /// A fixed delay counts from the end of the latest run.
  private mutating func restartRestarts(_ slot: Int, at now: Instant) -> [AccountChange] {
    guard let schedule = jobs[slot].plan.schedule else { return [] }
    var changes: [AccountChange] = []
    for index in jobs[slot].triggers.indices where schedule.triggers[index].isRestartAfter {
      guard jobs[slot].triggers[index].fingerprint != StoredAccount.retired else { continue }
      jobs[slot].triggers[index].account.lastDue = now.roundedUpToMilliseconds
      jobs[slot].triggers[index].next = nil
      changes.append(jobs[slot].triggers[index].change(of: jobs[slot].plan.key))
    }
    return changes
  }

  /// A `restart_after` that was due is so no more: a run of the job is open.
  mutating func dropRestarts(_ slot: Int) {
    guard let schedule = jobs[slot].plan.schedule else { return }
    for index in jobs[slot].triggers.indices where schedule.triggers[index].isRestartAfter {
      jobs[slot].triggers[index].next = nil
    }
  }

  /// A `restart_after` trigger has a next due instant once nothing of the job is open.
  mutating func refreshRestarts(_ slot: Int) {
    guard jobs[slot].open.isEmpty, let schedule = jobs[slot].plan.schedule else { return }
    for index in jobs[slot].triggers.indices
    where jobs[slot].triggers[index].next == nil && schedule.triggers[index].isRestartAfter {
      refresh(slot, index)
    }
  }

  /// Works out a trigger's next firing.
  mutating func refresh(_ slot: Int, _ index: Int) {
    let schedule = jobs[slot].plan.schedule
    let waitsForEnd = schedule?.triggers[index].isRestartAfter == true && !jobs[slot].open.isEmpty
    jobs[slot].triggers[index].next =
      jobs[slot].isLive && !waitsForEnd
      ? schedule?.nextFiring(of: index, after: jobs[slot].triggers[index].account) : nil
  }
}

extension Run {
  /// Makes the row one that has ended.
  mutating func settle(_ verdict: Verdict, at instant: Instant) {
    state = .ended
    outcome = verdict.outcome
    attemptOutcome = nil
    reason = verdict.reason
    gate = verdict.gate
    error = verdict.error
    result = verdict.result
    endedAt = max(instant, startedAt ?? instant)
  }

  /// What a run ends with that is not tried again after all: its latest attempt's outcome; a run that had
  /// none was skipped.
  func lastVerdict(_ why: String, _ gate: StartGate? = nil) -> Verdict {
    guard attempt > 0 else { return Verdict(outcome: .skipped, reason: why, gate: gate) }
    return Verdict(outcome: attemptOutcome ?? .interrupted, reason: why, gate: gate, error: error)
  }
}
