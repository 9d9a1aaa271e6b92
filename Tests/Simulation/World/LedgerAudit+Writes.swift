import RunLifecycle
import RunStore
import Scheduling

/// What was committed, write by write: after each of them the ledger was what a crash would have left.
extension LedgerAudit {
  /// Rows only move forward, and no account passes an instant that no row covers.
  mutating func checkWrites() {
    var latest: [RunID: Run] = [:]
    var spans: [JobKey: [(first: Instant, last: Instant)]] = [:]
    var accounts: [JobKey: [String: AccountChange]] = [:]
    for write in world.committed {
      switch write.change {
      case .claim(let run, _), .record(let run, _):
        checkClaim(run, at: write.decidedAt)
        if case .clock = run.cause {
          spans[run.job, default: []].append((run.dueAt, run.dueUntil ?? run.dueAt))
        }
        latest[run.id] = run
      case .update(let run, _), .finish(let run, _, _):
        if let former = latest[run.id] {
          checkStep(from: former, to: run)
          checkWait(of: run, since: former, at: write.decidedAt)
        }
        if run.count > 1, case .clock = run.cause {
          spans[run.job, default: []].append((run.dueAt, run.dueUntil ?? run.dueAt))
        }
        latest[run.id] = run
      case .started(let id, let at, let attempt):
        guard var run = latest[id], run.state == .waiting, run.attempt < attempt else { continue }
        (run.state, run.attempt, run.startedAt) = (.running, attempt, run.startedAt ?? at)
        latest[id] = run
      case .account, .pause, .keepStep: break
      }
      for move in write.moves {
        let former = accounts[move.job, default: [:]].updateValue(move, forKey: move.triggerKey)
        if let former { checkMove(from: former, to: move, spans[move.job] ?? []) }
      }
    }
  }

  /// A row starts no sooner than its trigger says, with delay and jitter.
  private mutating func checkClaim(_ run: Run, at now: Instant) {
    guard case .clock = run.cause, let plan = versions[run.job]?[run.version],
      let trigger = plan.schedule?.triggers.first(where: { $0.label == run.trigger })
    else { return }
    if run.state == .waiting, run.claim == .onTime {
      let earliest = run.dueAt + trigger.delay
      // A clock that is set back takes along what counts elapsed time.
      if (run.notBefore < earliest && world.steps.isEmpty) || run.notBefore > earliest + trigger.jitter {
        findings.append(
          "run \(run.id), due at \(run.dueAt), may start at \(run.notBefore): not between \(earliest) and"
            + " \(trigger.jitter) later")
      }
    }
    if run.state == .ended, run.outcome == .missed, run.dueUntil ?? run.dueAt > now - plan.policy.lateWithin {
      findings.append(
        "run \(run.id), due until \(run.dueUntil ?? run.dueAt), was missed at \(now), which is not late")
    }
  }

  private mutating func checkStep(from old: Run, to new: Run) {
    func tell(_ what: String) { findings.append("run \(new.id) \(what)") }
    if old.state == .ended { tell("changed after it had ended") }
    if new.attempt < old.attempt { tell("went from attempt \(old.attempt) back to \(new.attempt)") }
    if old.job != new.job || old.cause != new.cause || old.dueAt != new.dueAt {
      tell("became another: \(old.cause) of job \(old.job), then \(new.cause) of job \(new.job)")
    }
    if new.count < old.count { tell("covers \(new.count) instants after \(old.count)") }
    if old.state == .running, new.state == .waiting, new.attemptOutcome == nil {
      tell("waits again, and does not say how attempt \(old.attempt) ended")
    }
  }

  /// What the account has passed is in rows that were committed before, or with it.
  private mutating func checkMove(
    from old: AccountChange, to new: AccountChange, _ spans: [(first: Instant, last: Instant)]
  ) {
    guard old.fingerprint == new.fingerprint, new.fingerprint != StoredAccount.retired,
      old.account.accountedThrough < new.account.accountedThrough,
      let (schedule, index) = triggers[old.job]?[old.triggerKey + old.fingerprint]
    else { return }
    if !world.steps.isEmpty, case .every = schedule.triggers[index].rule { return }
    let due = walker.due(index, of: schedule, after: old.account, through: new.account.accountedThrough)
    instants += due.count
    for instant in due where !spans.reversed().contains(where: { $0.first <= instant && instant <= $0.last })
    {
      findings.append(
        "job \(old.job): the account of \(old.triggerKey) has passed \(instant), which is in no row yet")
    }
  }
}
