import Scheduling

/// The clock was set (SPEC 4.5).
extension Planner {
  /// Forward, there is nothing to do: what was jumped over is found late, as after downtime. Back, what
  /// counts elapsed time is moved along, what had come goes on, and nothing that has fired fires again.
  mutating func clockStepped(from: Instant, to: Instant) {
    let step = to - from
    guard step.microseconds != 0 else { return }
    // As exact as a step can be told from the time that has passed.
    let tenths = (abs(step.microseconds) + 50_000) / 100_000
    let how = step < .zero ? "back" : "forward"
    note(
      .warning,
      "the clock was set \(how) by \(Interval(microseconds: tenths * 100_000)), from \(from) to \(to)")
    guard step < .zero else { return }
    let isFar = from - to > patience
    for slot in Set(slots.values).sorted() {
      shiftRows(slot, from: from, to: to, isFar: isFar)
      shiftAccounts(slot, by: step, isFar: isFar, to: to)
      advance(slot, at: to)
    }
  }

  private mutating func shiftRows(_ slot: Int, from: Instant, to now: Instant, isFar: Bool) {
    jobs[slot].claimAgainAt = jobs[slot].claimAgainAt.map { min($0, now + claimRest) }
    for id in jobs[slot].open.map(\.run.id) {
      guard let index = jobs[slot].index(of: id), !jobs[slot].open[index].isRunning else { continue }
      let since = jobs[slot].open[index].requiredSince
      jobs[slot].open[index].requiredSince = since.map { min($0, now) }
      let run = jobs[slot].open[index].run
      guard run.claim != .paused, max(run.notBefore, jobs[slot].open[index].checkAt) > now else { continue }
      if run.notBefore <= from || run.waitsForOpening {
        // What had come does not come again. A window is asked at once: it says when it opens by the clock
        // that is right.
        move(index, slot, until: now)
      } else if run.attempt > 0 || !isCalendar(run, jobs[slot]) {
        move(index, slot, until: max(now, run.notBefore + (now - from)))
      } else if isFar {
        close(id, in: slot, Verdict(outcome: .skipped, reason: Self.setBackReason), at: now)
      }
    }
  }

  static let setBackReason = "the clock was set back"

  /// Has a row that waits ask at another instant.
  ///
  /// One that is not durable yet keeps what it is written with: after a crash it waits as if nothing had been set.
  private mutating func move(_ index: Int, _ slot: Int, until instant: Instant) {
    jobs[slot].open[index].checkAt = instant
    jobs[slot].open[index].run.notBefore = instant
    if jobs[slot].open[index].isWaiting { decisions.append(.update(jobs[slot].open[index].run, [])) }
  }

  /// True for a row whose instant is one of the calendar's, whatever the clock reads.
  private func isCalendar(_ run: Run, _ job: JobState) -> Bool {
    guard case .clock = run.cause else { return false }
    return job.plan.schedule?.triggers.first { $0.label == run.trigger }?.isCalendar ?? true
  }

  private mutating func shiftAccounts(_ slot: Int, by step: Interval, isFar: Bool, to now: Instant) {
    guard let schedule = jobs[slot].plan.schedule else { return }
    var changes: [AccountChange] = []
    for index in jobs[slot].triggers.indices {
      let trigger = schedule.triggers[index]
      var account = jobs[slot].triggers[index].account
      if !trigger.isCalendar {
        account.shift(by: step, of: trigger)
      } else if isFar, account.accountedThrough > now {
        correct(&account, of: jobs[slot].plan.key, trigger.label, at: now)
      }
      guard account != jobs[slot].triggers[index].account else { continue }
      jobs[slot].triggers[index].account = account
      refresh(slot, index)
      changes.append(jobs[slot].triggers[index].change(of: jobs[slot].plan.key))
    }
    if !changes.isEmpty { decisions.append(.account(changes)) }
  }

  /// An account that lies far in the future, since the clock had been wrong, becomes now.
  mutating func correct(_ account: inout TriggerAccount, of job: JobKey, _ label: String, at now: Instant) {
    note(
      .warning, job: job,
      "\(label) was accounted for up to \(account.accountedThrough), which is in the future: it counts from now"
    )
    account.accountedThrough = now
    account.lastDue = account.lastDue.map { min($0, now) }
  }
}

extension TriggerAccount {
  /// Keeps the time that is left to the next firing of a trigger that counts elapsed time, to a millisecond.
  ///
  /// The instants since then are read a second time, and may have had their rows. The microseconds keep
  /// them apart: each step back counts them on.
  fileprivate mutating func shift(by step: Interval, of trigger: Trigger) {
    guard let last = lastDue else { return }
    let mark = (last.microseconds % 1000 + 1001) % 1000
    let moved = (last + step).microseconds
    let rest = (moved % 1000 + 1000) % 1000
    let shift = step + Interval(microseconds: mark - rest)
    lastDue = last + shift
    accountedThrough = accountedThrough + shift
  }
}

extension Run {
  /// True for a row that a window or a blackout holds until it opens.
  fileprivate var waitsForOpening: Bool {
    claim == .deferred && attempt == 0 || gate == .window || gate == .blackout
  }
}
