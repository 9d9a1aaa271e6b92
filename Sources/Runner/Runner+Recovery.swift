import KillPoints
import Logging
import RunLifecycle
import RunStore
import Scheduling

/// What the store knew when the runner started.
struct StoredJobs {
  var keys: [String: JobKey] = [:]
  var names: [JobKey: String] = [:]
  var accounts: [JobKey: [StoredAccount]] = [:]
  var lastEnded: [JobKey: Run] = [:]
  var pauses: [JobKey: Pause] = [:]
  /// Open rows, until their job goes live or turns out not to be there.
  var openRows: [JobKey: [(run: Run, evidence: Evidence)]] = [:]
}

/// Taking over from a daemon that may have been killed at any moment.
extension Runner {
  /// Reads what the store holds, ends what a killed daemon left running, and finds out from its
  /// hosts' evidence how far the open rows had come.
  func recoverStored() throws {
    let former = FormerEvidence(folder: configuration.state.evidenceFolder)
    formerEvidence = former
    for record in try store.jobs() {
      stored.keys[record.name] = record.key
      stored.names[record.key] = record.name
      stored.lastEnded[record.key] = record.lastEnded
      stored.pauses[record.key] = record.pause
    }
    stored.accounts = try store.accounts(of: [])
    for run in try store.openRuns() {
      openRuns[run.id] = run
      stored.openRows[run.job, default: []].append((run, former.evidence(of: run)))
    }
    KillPoint.recoveryRead.pass()
  }

  /// Hands a job's open rows to the planner, now that it knows the job (or that there is none).
  func recoverRows(of job: JobKey) {
    for (run, evidence) in stored.openRows.removeValue(forKey: job) ?? [] {
      if case .mainCalled = evidence {
        logger.warning("the run was cut off when almanac was killed", job: name(of: job), run: run.id)
      }
      handle(.recovered(run, evidence: evidence))
      KillPoint.rowRecovered.pass()
    }
    settleFormerEvidence()
  }

  /// What an earlier `run` of the job left behind when it was killed. Other rows are the daemon's.
  func recoverManualRows(of job: JobKey) {
    let rows = stored.openRows[job] ?? []
    let isDone = { (row: (run: Run, evidence: Evidence)) in row.run.isManual && row.evidence != .mainNotCalled
    }
    stored.openRows[job] = rows.filter { !isDone($0) }
    if stored.openRows[job]?.isEmpty == true { stored.openRows[job] = nil }
    for (run, evidence) in rows.filter(isDone) { handle(.recovered(run, evidence: evidence)) }
    settleFormerEvidence()
  }

  /// Lets go of the evidence once every open row is dealt with, and durably so.
  func settleFormerEvidence() {
    guard stored.openRows.isEmpty, let former = formerEvidence else { return }
    formerEvidence = nil
    pending.releases.append {
      KillPoint.evidenceSettling.pass()
      former.settle()
      KillPoint.evidenceSettled.pass()
    }
  }
}
