import CLinux
import HostProtocol
import KillPoints
import Logging
import RunLifecycle
import RunStore
import Scheduling
import Values

/// What has gathered in one turn of the loop and is written at its end.
struct PendingWork {
  /// In the order of the decisions.
  var changes: [LedgerChange] = []
  var claimed: [RunID] = []
  /// Give back what an attempt held until its end was durable.
  var releases: [() -> Void] = []
  /// Somebody waits for what is to be written: it does not wait for company.
  var isUrgent = false
  /// How many changes of what a job keeps are not durable yet.
  var unsettled: [JobKey: Int] = [:]
  var logLines: [LogWriter.Item] = []
  /// Started runs whose rows do not say so yet, and whether somebody is on the way to see to them.
  var unrecordedStarts: [RunID] = []
  var startsAreScheduled = false
  /// Attempts that would have started while nothing could be recorded.
  var heldStarts: [(run: Run, timeLimit: Interval?, stopGrace: Interval)] = []
  /// Transactions that the writer has not answered yet.
  var commits = 0
  /// Since when the next answer is waited for, monotonic nanoseconds.
  var waitingSince: Int64?
  /// A look at the ledger's file is on its way.
  var isVerifying = false
  /// When the last one was handed over, monotonic nanoseconds, and whether a next one is on its way.
  var committedAt: Int64 = 0
  var commitIsScheduled = false
  /// What the store could not take, and is offered again before anything else.
  var refused: [LedgerChange] = []

  /// True when nothing waits to be written.
  var isEmpty: Bool { changes.isEmpty && commits == 0 && refused.isEmpty }

  mutating func handedOver() {
    commits += 1
    waitingSince = waitingSince ?? clinux_monotonic_ns()
  }

  mutating func answered() {
    commits -= 1
    waitingSince = commits > 0 ? clinux_monotonic_ns() : nil
  }
}

/// Carrying out what the planner decides.
extension Runner {
  func carryOut(_ decisions: [Decision]) {
    for decision in decisions {
      switch decision {
      case .claim(let run, let accounts):
        pending.changes.append(.claim(run, accounts))
        pending.claimed.append(run.id)
        openRuns[run.id] = run
        if run.notBefore <= wallNow() + Self.claimAhead, let version = live[run.job] {
          executor.expect(version)
        }
      case .record(let row, let accounts):
        let run = row.marked
        pending.changes.append(.record(run, accounts))
        pending.releases.append { [unowned self] in meetRequest(of: run, .success(run)) }
        ended(run)
      case .account(let accounts): pending.changes.append(.account(accounts))
      case .update(let run, let accounts):
        pending.changes.append(.update(run, accounts))
        openRuns[run.id] = run
        logWaiting(run)
      case .finish(let row, let accounts):
        let run = row.marked
        if let writes = leftBehind.removeValue(forKey: run.id) {
          keep(.finish(run, accounts, writes: writes), of: run.job)
        } else {
          pending.changes.append(.finish(run, accounts))
        }
        ended(run)
      case .start(let run, let timeLimit, let stopGrace):
        start(run, timeLimit: timeLimit, stopGrace: stopGrace)
      case .stop(let run, let cause): stop(run, cause)
      case .pause(let job, let pause):
        pending.changes.append(.pause(job, pause))
        stored.pauses[job] = pause
        let what = pause.map { "is paused by \($0.by)" } ?? "is no longer paused"
        logger.log(level: .notice, "the job \(what)", job: name(of: job))
      case .checkConditions(let run, let requirements):
        conditions.check(requirements, folder: live[run.job]?.definition.source.folder ?? "/") {
          [unowned self] unmet in handle(.conditionsChecked(run.id, unmet: unmet))
        }
      case .askWhen(let run): askWhen(run)
      case .note(let level, let job, let run, let text):
        logger.log(level: level.loggingLevel, "\(text)", job: job.flatMap { name(of: $0) }, run: run)
      }
    }
  }

  private func start(_ run: Run, timeLimit: Interval?, stopGrace: Interval) {
    openRuns[run.id] = run
    guard let version = live[run.job] else {
      // The planner starts only what is live; if it is not, nothing may hang.
      return handle(
        .attemptEnded(run.id, AttemptEnd(.notStarted("the job is no longer there"), at: wallNow())))
    }
    guard troubles.canRecord else {
      return pending.heldStarts.append((run, timeLimit, stopGrace))
    }
    logger.debug("attempt \(run.attempt) starts, due \(run.dueAt)", job: version.name, run: run.id)
    pending.unrecordedStarts.append(run.id)
    scheduleStartRows()
    tellStart(of: run)
    executor.start(run, of: version, timeLimit: timeLimit, stopGrace: stopGrace)
  }

  /// Starts what was due to start while nothing could be recorded.
  func startHeld() {
    guard troubles.canRecord, !pending.heldStarts.isEmpty else { return }
    let starts = pending.heldStarts
    pending.heldStarts = []
    for (run, timeLimit, stopGrace) in starts { start(run, timeLimit: timeLimit, stopGrace: stopGrace) }
  }

  /// Takes back a start that has been held. True if there was one.
  private func withdrawHeld(_ run: RunID) -> Bool {
    guard let index = pending.heldStarts.firstIndex(where: { $0.run.id == run }) else { return false }
    pending.heldStarts.remove(at: index)
    return true
  }

  /// Asks the job's `when` on another turn of the loop, at the earliest: the planner is at work.
  private func askWhen(_ run: Run) {
    loop.post { [unowned self] in
      guard let version = live[run.job] else {
        return handle(.whenAnswered(run.id, .failed("the job is no longer there")))
      }
      executor.askWhen(version, due: run.dueAt.description, run: argument(ofNext: run, version)) {
        [unowned self] answer in
        loop.post { [unowned self] in handle(.whenAnswered(run.id, answer)) }
      }
    }
  }

  private func stop(_ run: RunID, _ cause: StopCause) {
    let (kind, reason): (AttemptEnd.Kind, String) =
      switch cause {
      case .cancelled(let by): (.cancelled("cancelled by \(by)"), "cancelled by \(by)")
      case .drained(let reason): (.interrupted(reason), reason)
      case .replaced(let by): (.cancelled("replaced by run \(by)"), "replaced by run \(by)")
      case .closed(let why): (.cancelled(why), why)
      }
    if withdrawHeld(run) || executor.withdraw(run) {
      return handle(.attemptEnded(run, AttemptEnd(kind, at: wallNow())))
    }
    executor.stop(run, as: kind, reason: reason)
  }

  // MARK: What hosts say of runs

  func attemptEnded(_ run: Run, _ end: AttemptEnd, startedAt: Instant?, release: @escaping () -> Void) {
    if let startedAt { handle(.attemptStarted(run.id, at: startedAt)) }
    pending.releases.append(release)
    switch end.kind {
    case .succeeded, .skipped: break
    default: leftBehind[run.id] = nil
    }
    KillPoint.endHeard.pass()
    handle(.attemptEnded(run.id, end))
    KillPoint.endUnrecorded.pass()
  }

  private func ended(_ run: Run) {
    openRuns[run.id] = nil
    if run.isDry, case .manual(let request) = run.cause { dryAnswers[request] = nil }
    tellEnd(of: run)
    if let version = live[run.job] { executor.settle(version) }
    if run.count == 1 && run.outcome != .missed { stored.lastEnded[run.job] = run }
    if run.attempt > 0 || run.outcome == .tested { statistics.runs += 1 }
    if run.outcome?.isFailure == true { statistics.failures += 1 }
    logEnd(run)
    if !objected.isEmpty { pending.releases.append { [unowned self] in takeUpObjected() } }
    if let waiting = endings.removeValue(forKey: run.id) {
      // Told when the row is durable: whoever asked may look at the ledger next.
      pending.releases.append { for tell in waiting { tell(run) } }
    }
  }

  /// Tells whoever asked for a manual run which one it has become, or why there is none.
  private func meetRequest(of run: Run, _ result: Result<Run, RunnerError>) {
    guard case .manual(let request) = run.cause else { return }
    requests.removeValue(forKey: request)?(result)
  }

  // MARK: Writing

  /// Hands what has gathered to the writers, as one transaction.
  func commitPending() {
    if !pending.logLines.isEmpty {
      logWriter.add(pending.logLines)
      pending.logLines = []
    }
    guard pending.refused.isEmpty, !pending.changes.isEmpty || !pending.releases.isEmpty else { return }
    guard !mayGather() else { return }
    pending.isUrgent = false
    let (changes, claimed, releases) = (pending.changes, pending.claimed, Releases(pending.releases))
    pending.changes = []
    pending.claimed = []
    pending.releases = []
    pending.handedOver()
    ledger.commit(changes) { [self] error in
      pending.answered()
      committed(changes, claimed: claimed, error: error)
      // What holds on to something until it is durable waits with what was refused.
      guard error == nil else { return pending.releases += releases.all }
      if !releases.all.isEmpty { KillPoint.endRecorded.pass() }
      for release in releases.all { release() }
    }
  }

  /// Returns when all that was decided is in the store, if that takes it.
  func writeNow() {
    pending.isUrgent = true
    commitPending()
    ledger.wait()
  }

  /// Claims are in a hurry; what has ended may wait for company, so that a steady stream of short runs
  /// does not cost a wait for the disk each. True while it does.
  private func mayGather() -> Bool {
    guard pending.claimed.isEmpty, !pending.isUrgent, case .no = drain else { return false }
    let now = clinux_monotonic_ns()
    let left = Self.gathering - (now - pending.committedAt) / 1_000_000
    guard left > 0 else {
      pending.committedAt = now
      return false
    }
    if !pending.commitIsScheduled {
      pending.commitIsScheduled = true
      // The turn that this makes ends with another look.
      loop.after(milliseconds: left) { [weak self] in self?.pending.commitIsScheduled = false }
    }
    return true
  }

  /// The least time between transactions that nothing waits for, milliseconds.
  private static let gathering: Int64 = 20

  /// Closures that are made and called on the loop's thread, and only carried by another.
  private struct Releases: @unchecked Sendable {
    let all: [() -> Void]

    init(_ all: [() -> Void]) { self.all = all }
  }

  private func committed(_ changes: [LedgerChange], claimed: [RunID], error: (any Error)?) {
    guard let error else {
      trouble(.ledger, nil)
      for id in claimed {
        if let run = openRuns[id] { meetRequest(of: run, .success(run)) }
      }
      if !claimed.isEmpty {
        KillPoint.claimDurable.pass()
        handle(.claimed(claimed))
      }
      return
    }
    if (error as? StoreError)?.kind == .conflict, isolateConflict(changes, claimed, error) { return }
    trouble(.ledger, "nothing is started until this is mended: \(error)")
    // Claims are made anew; what has happened must be written sooner or later.
    pending.refused += changes.filter { if case .claim = $0 { false } else { true } }
    loop.after(milliseconds: 500) { [weak self] in
      guard let self else { return }
      pending.changes.insert(contentsOf: pending.refused, at: 0)
      pending.refused = []
    }
    guard !claimed.isEmpty else { return }
    for id in claimed {
      guard let run = openRuns.removeValue(forKey: id) else { continue }
      meetRequest(
        of: run, .failure(RunnerError("the run cannot be recorded, so it is not started: \(error)")))
    }
    handle(.claimFailed(claimed, reason: "\(error)"))
  }

  /// A change that does not fit the ledger will not fit it later: it must not keep others from it. Returns
  /// true.
  private func isolateConflict(_ changes: [LedgerChange], _ claimed: [RunID], _ error: any Error) -> Bool {
    guard changes.count > 1 else {
      if !claimed.isEmpty {
        for id in claimed {
          guard let run = openRuns.removeValue(forKey: id) else { continue }
          meetRequest(of: run, .failure(RunnerError("\(error)")))
        }
        handle(.claimTaken(claimed))
        return true
      }
      if case .record(let run, let moves) = changes.first {
        handle(.recordTaken(run, moves))
      } else {
        logger.error("a change that does not fit the ledger was dropped: \(error)")
      }
      return true
    }
    for change in changes {
      let ids: [RunID] = if case .claim(let run, _) = change { [run.id] } else { [] }
      pending.handedOver()
      ledger.commit([change]) { [self] error in
        pending.answered()
        committed([change], claimed: ids, error: error)
      }
    }
    return true
  }

  /// Puts into the ledger which runs have started, a moment later and without anybody waiting for it:
  /// a run that is over by then needs no such row.
  private func scheduleStartRows() {
    guard !pending.startsAreScheduled, !pending.unrecordedStarts.isEmpty else { return }
    pending.startsAreScheduled = true
    loop.after(milliseconds: 50) { [weak self] in
      guard let self else { return }
      pending.startsAreScheduled = false
      let starts = pending.unrecordedStarts
      pending.unrecordedStarts = []
      for id in starts {
        guard let run = openRuns[id], run.state == .running else { continue }
        if let started = executor.startedAt(id) {
          KillPoint.startUnrecorded.pass()
          handle(.attemptStarted(id, at: started))
          pending.changes.append(.started(id, at: started, attempt: run.attempt))
        } else {
          pending.unrecordedStarts.append(id)
        }
      }
      scheduleStartRows()
    }
  }
}

extension NoteLevel {
  fileprivate var loggingLevel: Logger.Level {
    switch self {
    case .debug: .debug
    case .info: .info
    case .warning: .warning
    }
  }
}
