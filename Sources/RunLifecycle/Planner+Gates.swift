import Scheduling

/// The gates of SPEC 4.6, in their order.
extension Planner {
  /// What the gates say to a start now.
  enum Ruling: Equatable {
    /// All that can be told here is open.
    case go
    case end(Verdict)
    /// The row goes on waiting, for another reason.
    case hold(Claim, from: Instant, StartGate, reason: String)
    /// What runs is stopped first.
    case replace
  }

  /// Asks the gates in their order. Only for a row that is not ``isHeld(_:in:)``.
  func ruling(on run: Run, of job: JobState, at now: Instant) -> Ruling {
    let policy = job.plan.policy
    // 1. Enabled, paused; and not too late.
    if job.isRemoved { return .end(run.lastVerdict("the job was removed", .enabled)) }
    if !run.isManual, !policy.enabled { return .end(run.lastVerdict("the job is disabled", .enabled)) }
    if let pause = job.pause, !run.isManual { return pausedRuling(run, job, pause) }
    if run.mayBeLate, now > run.notBefore + max(policy.lateWithin, .seconds(1)) {
      return lateRuling(run, policy, at: now)
    }
    // 2 and 3. Window and blackout.
    if !passesWindow(run, in: job), case .closed(let opens, let reason) = job.plan.schedule?.gate(at: now) {
      return closedRuling(run, job, opens: opens, reason: reason, at: now)
    }
    // 4. Overlap.
    guard let busy = job.busyRun(besides: run.id) else { return .go }
    return overlapRuling(run, job, busy)
  }

  private func pausedRuling(_ run: Run, _ job: JobState, _ pause: Pause) -> Ruling {
    let reason = pause.reason
    // It becomes the row of all firings in the pause, unless later ones have rows of their own already.
    guard case .clock = run.cause, !job.open.contains(where: { $0.run.claim == .paused }),
      job.triggers.allSatisfy({ $0.next == nil || $0.account.accountedThrough <= run.dueAt })
    else { return .end(run.lastVerdict(reason, .paused)) }
    return .hold(.paused, from: run.notBefore, .paused, reason: reason)
  }

  /// Its instant has gone by since it was claimed: the machine slept, the daemon was killed.
  private func lateRuling(_ run: Run, _ policy: RunPolicy, at now: Instant) -> Ruling {
    let isForgotten = policy.catchUpWithin.map { run.dueAt < now - $0 } ?? false
    guard case .clock = run.cause, policy.catchUp != .none, !isForgotten else {
      return .end(Verdict(outcome: .missed, reason: missedReason(policy), gate: .late))
    }
    return .hold(.madeUp, from: run.notBefore, .late, reason: madeUpReason(policy))
  }

  private func closedRuling(
    _ run: Run, _ job: JobState, opens: Instant?, reason: String, at now: Instant
  ) -> Ruling {
    let gate = StartGate(closed: reason)
    guard let opens else { return .end(run.lastVerdict(reason, gate)) }
    if run.isPatient {
      return .hold(run.claim, from: max(opens, now + .milliseconds(1)), gate, reason: reason)
    }
    let triggers = job.plan.schedule?.triggers ?? []
    let defers = triggers.first { $0.label == run.trigger }?.outsideWindow == .defer
    guard defers else { return .end(Verdict(outcome: .skipped, reason: reason, gate: gate)) }
    if !run.cause.bringsPayload, job.open.contains(where: { isDeferred($0.run) }) {
      return .end(Verdict(outcome: .skipped, reason: "merged", gate: gate))
    }
    return .hold(.deferred, from: opens, gate, reason: reason)
  }

  private func overlapRuling(_ run: Run, _ job: JobState, _ busy: RunID) -> Ruling {
    func skip(_ reason: String) -> Ruling {
      .end(Verdict(outcome: .skipped, reason: "overlap: \(reason)", gate: .overlap))
    }
    switch job.plan.policy.overlap(for: run.cause) {
    case .skip: return skip("run \(busy) was still running")
    case .queue(let limit):
      if let limit {
        let queued = job.open.count {
          $0.run.claim == .queued && $0.run.attempt == 0 && !job.admitted.contains($0.run.id)
        }
        if queued >= limit { return skip("run \(busy) was still running, and \(queued) in the queue") }
      }
      return .hold(
        .queued, from: run.notBefore, .overlap,
        reason: "overlap: waits its turn; run \(busy) was still running")
    case .parallel(let limit):
      guard let limit, job.busyCount(besides: run.id) >= limit else { return .go }
      return skip("\(limit) runs were still running, which max_parallel allows")
    case .replace: return .replace
    }
  }

  /// True for a row that waits for something other than time: the end of another run, the end of a pause,
  /// or the next start of the daemon.
  func isHeld(_ run: Run, in job: JobState) -> Bool {
    if job.isRemoved { return run.isPatient && !job.running.isEmpty }
    if run.claim == .paused { return true }
    if let drainLimit, run.isPatient || run.notBefore > drainLimit { return true }
    guard run.isPatient else { return false }
    if job.pause != nil, !run.isManual { return true }
    return !hasRoom(for: run, in: job)
  }

  /// True if the overlap policy lets a run start beside those that run.
  private func hasRoom(for run: Run, in job: JobState) -> Bool {
    guard case .parallel(let limit) = job.plan.policy.overlap(for: run.cause) else {
      return job.busyRun(besides: run.id) == nil
    }
    return limit.map { job.busyCount(besides: run.id) < $0 } ?? true
  }

  func isDeferred(_ run: Run) -> Bool { run.claim == .deferred && run.attempt == 0 && run.state == .waiting }

  func passesWindow(_ run: Run, in job: JobState) -> Bool {
    if case .startup = run.cause { return job.plan.policy.runOnStartup }
    return run.isManual
  }

  /// Why a firing that is found now cannot start now; `nil`: it could, or waits.
  func busyReason(_ slot: Int) -> String? {
    let job = jobs[slot]
    guard let busy = job.busyRun(besides: nil) else { return nil }
    switch job.plan.policy.overlap(for: .clock(.distantPast)) {
    case .skip: return "overlap: run \(busy) was still running"
    case .queue, .replace: return nil
    case .parallel(let limit):
      guard let limit, job.running.count + job.admitted.count >= limit else { return nil }
      return "overlap: \(limit) runs were still running, which max_parallel allows"
    }
  }

  func missedReason(_ policy: RunPolicy) -> String {
    "not started within late_within (\(policy.lateWithin)) of its due instant"
  }

  func madeUpReason(_ policy: RunPolicy) -> String { "made up: \(missedReason(policy))" }
}

extension StartGate {
  /// Which of the two ``Schedule/gate(at:)`` means.
  init(closed reason: String) { self = reason.hasPrefix("blackout") ? .blackout : .window }
}

extension Run {
  /// A row that may wait as long as it takes.
  var isPatient: Bool { attempt > 0 || claim != .onTime }

  /// A row that is missed when its start comes too late.
  fileprivate var mayBeLate: Bool {
    guard !isPatient else { return false }
    return switch cause {
    case .clock, .startup, .manual, .shutdown: true
    case .after, .watch, .webhook, .boot, .load: false
    }
  }
}
