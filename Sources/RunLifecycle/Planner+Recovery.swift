import Scheduling

/// What a former daemon left open.
extension Planner {
  /// Takes an open row over. What ran is interrupted and takes the retry rule; what was not called waits
  /// as it did. Nothing runs twice unasked.
  mutating func recover(_ run: Run, evidence: Evidence, at now: Instant) {
    guard slotOfRun[run.id] == nil else { return }
    var run = run
    let called = attemptCalled(of: &run, evidence: evidence, at: now)
    let wasTakenBack = run.state == .running && !called
    if wasTakenBack { run.takeAttemptBack() }
    guard let slot = slots[run.job] else {
      // Its job is gone, or does not load: there is nothing that could be tried again.
      let verdict = called ? Verdict(outcome: .interrupted, reason: Self.interruptedReason) : nil
      run.settle(
        verdict ?? run.lastVerdict("the job was not there, or did not load, when the daemon came back"),
        at: now)
      decisions.append(.finish(run, []))
      return
    }
    run.state = called ? .running : .waiting
    if case .shutdown = run.cause, !called {
      // What was to happen when the daemon went is too late.
      run.settle(run.lastVerdict("the daemon had gone before it could start"), at: now)
      decisions.append(.finish(run, []))
      return
    }
    // Back by years: as when the clock is set while the daemon is there.
    let isAhead = run.dueAt > now + patience && run.notBefore > now && run.claim != .paused
    if isAhead, !called, run.attempt == 0, run.claim == .onTime, run.cause.kind == "clock" {
      run.settle(run.lastVerdict(Self.setBackReason), at: now)
      decisions.append(.finish(run, []))
      return
    }
    if isAhead { run.notBefore = now }
    slotOfRun[run.id] = slot
    let position = jobs[slot].open.firstIndex { $0.run.id > run.id } ?? jobs[slot].open.count
    jobs[slot].open.insert(OpenRun(run, phase: called ? .running : .waiting), at: position)
    if called { jobs[slot].running.append(run.id) }
    if wasTakenBack || isAhead { decisions.append(.update(run, [])) }
    if called {
      // Its start had taken their place, even if nobody could write that down any more.
      endSuperseded(by: run.id, slot, at: now)
    }
    if called, let position = jobs[slot].index(of: run.id) {
      follow(AttemptEnd(.interrupted(Self.interruptedReason), at: now), ofRunAt: position, in: slot, at: now)
    }
    if jobs[slot].pause == nil, run.claim == .paused {
      endPausedRow(slot, run.reason ?? "paused", at: now)
    }
    if !called, run.version != jobs[slot].plan.version { adoptVersion(run.id, slot, at: now) }
    if !jobs[slot].open.isEmpty { dropRestarts(slot) }
    schedule(slot, at: now)
  }

  static let interruptedReason = "the daemon went away while it ran"

  /// True if an attempt was under way; the row then has its number and its start.
  private func attemptCalled(of run: inout Run, evidence: Evidence, at now: Instant) -> Bool {
    switch evidence {
    case .mainNotCalled: return false
    case .mainCalled(let attempt, let at):
      // Evidence of an attempt whose end the row tells already is none of a later one.
      guard attempt > run.attempt || (run.state == .running && attempt == run.attempt) else { return false }
      run.attempt = attempt
      if run.startedAt == nil { run.startedAt = at ?? now }
      return true
    case .unknown:
      // A row that could not have started by now has not; of any other, the worst is assumed. No row is claimed
      // longer before its instant: then the clock has been set back.
      let isBehind = run.dueAt > now + claimAhead
      guard run.state == .running || run.notBefore <= now || isBehind else { return false }
      if run.state == .waiting { run.attempt += 1 }
      if run.startedAt == nil { run.startedAt = run.notBefore }
      return true
    }
  }
}
