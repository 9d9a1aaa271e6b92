import Scheduling

/// From rows that wait to attempts.
extension Planner {
  /// Starts or ends what of the job is ready, the most regular first.
  mutating func startReady(_ slot: Int, at now: Instant) {
    fireEvents(slot, at: now)
    stopOverdue(slot, at: now)
    while let index = nextReady(slot, at: now) {
      let id = jobs[slot].open[index].run.id
      switch ruling(on: jobs[slot].open[index].run, of: jobs[slot], at: now) {
      case .go: proceed(index, slot, at: now)
      case .end(let verdict): close(id, in: slot, verdict, at: now)
      case .hold(let claim, let from, let gate, let reason):
        stepBack(index, slot)
        jobs[slot].open[index].run.wait(as: claim, gate, reason)
        keepWaiting(index, in: slot, until: from)
      case .replace: replaceOthers(index, slot, at: now)
      }
    }
  }

  /// The row that is asked next: on time before deferred before made up before another attempt.
  private func nextReady(_ slot: Int, at now: Instant) -> Int? {
    var best: Int?
    var bestRank = Int.max
    for index in jobs[slot].open.indices where jobs[slot].open[index].isWaiting {
      guard jobs[slot].open[index].checkAt <= now, jobs[slot].open[index].wait == nil else { continue }
      let rank = jobs[slot].open[index].run.startRank
      guard rank < bestRank, !isHeld(jobs[slot].open[index].run, in: jobs[slot]) else { continue }
      (best, bestRank) = (index, rank)
    }
    return best
  }

  /// The gates up to overlap are open: what the world answers for comes next (SPEC 4.6, the fifth gate).
  private mutating func proceed(_ index: Int, _ slot: Int, at now: Instant) {
    let run = jobs[slot].open[index].run
    let policy = jobs[slot].plan.policy
    guard !isTest(run, jobs[slot].plan) else { return start(run.id, slot, at: now) }
    if !jobs[slot].admitted.contains(run.id) { jobs[slot].admitted.append(run.id) }
    if !run.isManual {
      if jobs[slot].open[index].stage == .fresh, let requires = policy.requires {
        if jobs[slot].open[index].requiredSince == nil { jobs[slot].open[index].requiredSince = now }
        return ask(.checkConditions(run, requires), .conditions, index, slot)
      }
      if jobs[slot].open[index].stage != .allMet, policy.hasWhen {
        return ask(.askWhen(run), .when, index, slot)
      }
    }
    guard takePlace(index, slot) else { return }
    start(run.id, slot, at: now)
  }

  /// Asks the world. Only an answer to this question is taken for one: an earlier version of the job may have asked
  /// another.
  private mutating func ask(_ question: Decision, _ wait: OpenRun.Wait, _ index: Int, _ slot: Int) {
    jobs[slot].open[index].wait = wait
    decisions.append(question)
  }

  /// The row does not take part in overlap and in its pool any more, until the gates let it through again.
  mutating func stepBack(_ index: Int, _ slot: Int) {
    jobs[slot].disengage(jobs[slot].open[index].run.id)
    jobs[slot].open[index].stage = .fresh
    jobs[slot].open[index].wait = nil
    jobs[slot].open[index].requiredSince = nil
    leavePlace(index, slot)
  }

  /// The gates are open: whatever waited in its place ends, and `main` is called.
  private mutating func start(_ id: RunID, _ slot: Int, at now: Instant) {
    endSuperseded(by: id, slot, at: now)
    guard let index = jobs[slot].index(of: id) else { return }
    let plan = jobs[slot].plan
    jobs[slot].open[index].run.version = plan.version
    let run = jobs[slot].open[index].run
    if isTest(run, plan) {
      // A run that was under way when test mode came keeps what its attempts have come to.
      let verdict =
        run.attempt > 0 ? run.lastVerdict("test mode") : Verdict(outcome: .tested, reason: "test mode")
      jobs[slot].open[index].run.testing = true
      return close(id, in: slot, verdict, at: now)
    }
    jobs[slot].disengage(id)
    jobs[slot].running.append(id)
    jobs[slot].open[index].phase = .running
    jobs[slot].open[index].stage = .fresh
    jobs[slot].open[index].requiredSince = nil
    jobs[slot].open[index].isStopping = false
    jobs[slot].open[index].stopAt = stopInstant(of: run, in: jobs[slot], startedAt: now)
    jobs[slot].open[index].run.begin(at: now)
    let started = jobs[slot].open[index].run
    decisions.append(
      .start(started, timeLimit: timeLimit(of: started, plan), stopGrace: plan.policy.stopGrace))
  }

  private func isTest(_ run: Run, _ plan: JobPlan) -> Bool {
    testMode || plan.policy.testing || run.testing
  }

  /// Ends what waits in the place of the run that starts.
  mutating func endSuperseded(by id: RunID, _ slot: Int, at now: Instant) {
    guard jobs[slot].open.count > 1, let index = jobs[slot].index(of: id) else { return }
    let starting = jobs[slot].open[index].run
    if case .parallel = jobs[slot].plan.policy.overlap(for: starting.cause) { return }
    for entry in jobs[slot].open where entry.run.id != id && entry.run.state == .waiting {
      let run = entry.run
      // What brought something is a run of its own.
      guard !run.cause.bringsPayload else { continue }
      let why = "superseded by run \(id)"
      if run.attempt > 0 {
        close(run.id, in: slot, run.lastVerdict("\(why) before attempt \(run.attempt + 1)"), at: now)
      } else if run.claim == .madeUp, !starting.isManual {
        close(run.id, in: slot, Verdict(outcome: .missed, reason: why, gate: .late), at: now)
      } else if run.claim == .deferred, case .clock = starting.cause {
        close(
          run.id, in: slot, Verdict(outcome: .skipped, reason: "merged with run \(id)", gate: .window),
          at: now)
      }
    }
  }

  // MARK: Stopping

  /// Has what runs stopped, so that the row can start; what waits in its way ends.
  private mutating func replaceOthers(_ index: Int, _ slot: Int, at now: Instant) {
    let id = jobs[slot].open[index].run.id
    jobs[slot].open[index].run.wait(
      as: .queued, .overlap,
      "overlap: waits for run \(jobs[slot].busyRun(besides: id)?.description ?? "") to be stopped")
    keepWaiting(index, in: slot, until: jobs[slot].open[index].run.notBefore)
    for entry in jobs[slot].open where entry.run.id != id {
      let other = entry.run.id
      if entry.isRunning {
        if let index = jobs[slot].index(of: other) { stop(index, slot, .replaced(by: id)) }
      } else if entry.isWaiting, entry.wait != nil || (entry.run.attempt == 0 && entry.run.claim == .queued) {
        let why = "overlap: run \(id) took its place before it had started"
        close(other, in: slot, entry.run.lastVerdict(why, .overlap), at: now)
      }
    }
  }

  /// Stops the runs whose time is over.
  private mutating func stopOverdue(_ slot: Int, at now: Instant) {
    for index in jobs[slot].open.indices {
      guard let (instant, why) = jobs[slot].open[index].stopAt, instant <= now else { continue }
      stop(index, slot, .closed(why))
    }
  }

  mutating func stop(_ index: Int, _ slot: Int, _ cause: StopCause) {
    guard jobs[slot].open[index].isRunning, !jobs[slot].open[index].isStopping else { return }
    jobs[slot].open[index].isStopping = true
    jobs[slot].open[index].stopAt = nil
    decisions.append(.stop(jobs[slot].open[index].run.id, cause))
  }

  /// When a run is stopped because what it belongs to is over.
  private func stopInstant(of run: Run, in job: JobState, startedAt now: Instant) -> (Instant, String)? {
    guard let schedule = job.plan.schedule, !run.isManual else { return nil }
    var earliest: (Instant, String)?
    if !passesWindow(run, in: job), let close = schedule.windowStop(after: now) {
      earliest = (close, "its window closed, and on_close is \"stop\"")
    }
    if let index = schedule.triggers.firstIndex(where: { $0.label == run.trigger }),
      schedule.triggers[index].repetition?.stopAtEnd == true,
      let end = schedule.repetitionEnd(of: index, at: run.dueAt), end < earliest?.0 ?? .distantFuture
    {
      earliest = (max(end, now), "its repetition ended, and stop_at_end is set")
    }
    return earliest
  }

  /// The trigger's limit, else the job's; none if it is zero.
  func timeLimit(of run: Run, _ plan: JobPlan) -> Interval? {
    let own = plan.schedule?.triggers.first { $0.label == run.trigger }?.timeLimit
    let limit = own ?? plan.policy.timeLimit
    return limit.flatMap { $0 > .zero ? $0 : nil }
  }
}

extension Run {
  /// The place of a waiting row among those of its job that are ready together.
  fileprivate var startRank: Int {
    guard attempt == 0 else { return 3 }
    return switch claim {
    case .onTime, .queued, .paused: 0
    case .deferred: 1
    case .madeUp: 2
    }
  }

  /// The row goes on waiting, for this gate.
  mutating func wait(as claim: Claim, _ gate: StartGate, _ reason: String) {
    if attempt == 0 { self.claim = claim }
    self.gate = gate
    self.reason = reason
  }

  /// The next attempt starts.
  mutating func begin(at now: Instant) {
    state = .running
    attempt += 1
    if startedAt == nil { startedAt = now }
    (reason, gate) = (nil, nil)
  }
}
