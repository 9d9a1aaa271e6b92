import Scheduling

/// What the store and the executor answer.
extension Planner {
  /// Rows are durable.
  mutating func confirm(_ ids: [RunID], at now: Instant) {
    for id in ids {
      guard let slot = slotOfRun[id], let index = jobs[slot].index(of: id) else { continue }
      guard case .claiming = jobs[slot].open[index].phase else { continue }
      jobs[slot].open[index].phase = .waiting
      if jobs[slot].inFlight == id { jobs[slot].inFlight = nil }
      if let doom = jobs[slot].open[index].doom { close(id, in: slot, doom, at: now) }
      applyPendingChange(slot, at: now)
      advance(slot, at: now)
    }
  }

  /// The store refused rows, and has forgotten them. They are claimed again after a rest: the instants
  /// that pass meanwhile are looked at once they are durable.
  mutating func refuse(_ ids: [RunID], reason: String, at now: Instant) {
    for id in ids {
      guard let slot = slotOfRun[id], let index = jobs[slot].index(of: id) else { continue }
      guard case .claiming(let changes) = jobs[slot].open[index].phase else { continue }
      note(
        .debug, job: jobs[slot].plan.key, run: id, "could not be recorded, and is not started: \(reason)")
      if jobs[slot].open[index].run.isManual {
        // Who asked is told that it failed; nobody waits for it any more.
        jobs[slot].open.remove(at: index)
        slotOfRun[id] = nil
      } else {
        jobs[slot].open[index].phase = .refused(changes)
        jobs[slot].claimAgainAt = now + claimRest
      }
      schedule(slot, at: now)
    }
  }

  /// The first instants of claims have rows already. What else these were for is claimed anew; where that is
  /// nothing, the accounts pass, and nothing starts.
  mutating func giveUp(_ ids: [RunID], at now: Instant) {
    for id in ids {
      guard let slot = slotOfRun[id], let index = jobs[slot].index(of: id) else { continue }
      guard case .claiming(let changes) = jobs[slot].open[index].phase else { continue }
      note(.warning, job: jobs[slot].plan.key, "\(jobs[slot].open[index].run.cause) has a row already")
      if let rest = rest(of: jobs[slot].open[index].run, in: slot) {
        jobs[slot].disengage(id)
        slotOfRun[id] = nil
        slotOfRun[rest.id] = slot
        jobs[slot].open[index].run = rest
        if jobs[slot].inFlight == id { jobs[slot].inFlight = rest.id }
        decisions.append(.claim(rest, changes))
        continue
      }
      leavePlace(index, slot)
      jobs[slot].open.remove(at: index)
      slotOfRun[id] = nil
      jobs[slot].disengage(id)
      if jobs[slot].inFlight == id { jobs[slot].inFlight = nil }
      for index in jobs[slot].triggers.indices
      where jobs[slot].plan.schedule?.triggers[index].isRestartAfter == true {
        // Another instant, a moment later, is as good.
        jobs[slot].triggers[index].account.lastDue = now.roundedUpToMilliseconds + .milliseconds(1)
        refresh(slot, index)
      }
      if !changes.isEmpty { decisions.append(.account(changes)) }
      applyPendingChange(slot, at: now)
      advance(slot, at: now)
    }
  }

  /// Records the instants of a row without its first, which has a row already.
  mutating func recordRest(of run: Run, _ changes: [AccountChange]) {
    note(.warning, job: run.job, "\(run.cause) has a row already")
    guard let slot = slots[run.job] else { return }
    // An account that has moved on since is written with the row that has moved it, and not before.
    let moves = changes.filter { change in
      jobs[slot].triggers.contains { $0.change(of: run.job) == change }
    }
    if let rest = rest(of: run, in: slot) {
      // Together: the accounts pass no instant that is in no row.
      decisions.append(.record(rest, moves))
    } else if !moves.isEmpty {
      decisions.append(.account(moves))
    }
  }

  /// The row without its first instant; `nil` where there is no other.
  private mutating func rest(of run: Run, in slot: Int) -> Run? {
    guard let schedule = jobs[slot].plan.schedule, let last = run.dueUntil else { return nil }
    let passed = TriggerAccount(accountedThrough: run.dueAt, lastDue: run.dueAt)
    let next = schedule.triggers.indices.compactMap { schedule.nextFiring(of: $0, after: passed)?.dueAt }
      .min()
    guard let next, next <= last else { return nil }
    var rest = run
    (rest.id, rest.cause, rest.dueAt) = (newID(), .clock(next), next)
    (rest.dueUntil, rest.count) = next == last ? (nil, 1) : (last, max(2, run.count - 1))
    rest.notBefore = max(run.notBefore, next)
    return rest
  }

  /// Claims again what the store refused.
  mutating func retryClaim(_ slot: Int, at now: Instant) {
    guard let again = jobs[slot].claimAgainAt, again <= now else { return }
    jobs[slot].claimAgainAt = nil
    for index in jobs[slot].open.indices {
      guard case .refused(let changes) = jobs[slot].open[index].phase else { continue }
      jobs[slot].open[index].phase = .claiming(changes)
      decisions.append(.claim(jobs[slot].open[index].run, changes))
    }
  }

  /// `main` was called: the row says when.
  mutating func attemptStarted(_ id: RunID, at instant: Instant) {
    guard let slot = slotOfRun[id], let index = jobs[slot].index(of: id) else { return }
    guard jobs[slot].open[index].isRunning, jobs[slot].open[index].run.attempt == 1 else { return }
    jobs[slot].open[index].run.startedAt = instant
  }

  mutating func attemptEnded(_ id: RunID, _ end: AttemptEnd, at now: Instant) {
    guard let slot = slotOfRun[id], let index = jobs[slot].index(of: id),
      jobs[slot].open[index].isRunning
    else { return note(.debug, run: id, "an attempt ended that was not running") }
    follow(end, ofRunAt: index, in: slot, at: now)
    advance(slot, at: now)
  }

  /// Ends the run, or makes it wait for its next attempt.
  mutating func follow(_ end: AttemptEnd, ofRunAt index: Int, in slot: Int, at now: Instant) {
    switch end.kind {
    case .notStarted, .fell: jobs[slot].open[index].unstarted += 1
    default: jobs[slot].open[index].unstarted = 0
    }
    jobs[slot].open[index].run.notePeak(end.peakMemory)
    let policy = jobs[slot].plan.policy
    let isManual = jobs[slot].open[index].run.isManual
    let transition = Transition(
      retry: policy.retry, timeLimit: timeLimit(of: jobs[slot].open[index].run, jobs[slot].plan),
      run: jobs[slot].open[index].run.id, mayRetry: !jobs[slot].isRemoved && (policy.enabled || isManual))
    let disposition = transition.disposition(
      after: end, attempt: jobs[slot].open[index].run.attempt, unstarted: jobs[slot].open[index].unstarted)
    switch disposition {
    case .finish(let verdict): close(jobs[slot].open[index].run.id, in: slot, verdict, at: end.at)
    case .retry(let at, let verdict):
      jobs[slot].open[index].run.await(verdict)
      let run = jobs[slot].open[index].run
      if run.isDry, at > end.at {
        // Who looks at what would be done does not wait out its minutes.
        note(.info, job: run.job, run: run.id, "dry: would be tried again in \(at - end.at), and is at once")
      }
      keepWaiting(index, in: slot, until: run.isDry ? end.at : at)
    case .again:
      jobs[slot].open[index].run.takeAttemptBack()
      // One that was under way starts again at once; one that was not, if it is not too late for it.
      if case .fell = end.kind {
        keepWaiting(index, in: slot, until: now)
      } else {
        keepWaiting(index, in: slot, until: jobs[slot].open[index].run.notBefore)
      }
    }
  }

  /// Somebody wants a run to end.
  mutating func cancel(_ id: RunID, by: String, at now: Instant) {
    guard let slot = slotOfRun[id], let index = jobs[slot].index(of: id) else {
      return note(.info, run: id, "there is no such run to cancel")
    }
    let entry = jobs[slot].open[index]
    if entry.phase == .running {
      decisions.append(.stop(id, .cancelled(by: by)))
      jobs[slot].open[index].isStopping = true
    } else {
      let outcome: Outcome = entry.run.attempt > 0 ? .cancelled : .skipped
      close(
        id, in: slot, Verdict(outcome: outcome, reason: "cancelled by \(by)", error: entry.run.error), at: now
      )
      advance(slot, at: now)
    }
  }

  /// Stops whatever runs.
  mutating func stopRunning(reason: String) {
    for (_, slot) in slots.sorted(by: { $0.key < $1.key }) {
      for id in jobs[slot].running { decisions.append(.stop(id, .drained(reason))) }
    }
  }
}

extension Run {
  /// An attempt has ended, and another will follow.
  mutating func await(_ verdict: Verdict) {
    attemptOutcome = verdict.outcome
    reason = verdict.reason
    gate = nil
    error = verdict.error
    result = nil
  }

  /// Keeps the highest of what the attempts took.
  mutating func notePeak(_ bytes: Int64?) {
    guard let bytes else { return }
    peakMemory = max(peakMemory ?? 0, bytes)
  }

  /// The attempt did not take place: `main` was not called.
  mutating func takeAttemptBack() {
    attempt = max(0, attempt - 1)
    if attempt == 0 { startedAt = nil }
  }
}
