import Jobs
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

  /// Tells a job that follows others of their runs that ended when it was not live: at a start jobs go live one
  /// by one, and the daemon may be killed before the last has.
  ///
  /// - Parameter accounts: how far its triggers are accounted for.
  func hearOfFormerEnds(_ definition: JobDefinition, _ key: JobKey, since accounts: [StoredAccount]) {
    guard let schedule = definition.schedule else { return }
    var since: [String: Instant] = [:]
    for (index, trigger) in schedule.triggers.enumerated() where trigger.enabled {
      guard case .after(let conditions) = trigger.rule,
        let account = accounts.first(where: {
          $0.triggerKey == trigger.accountKey && $0.fingerprint == schedule.fingerprint(of: index)
        })
      else { continue }
      for condition in conditions {
        since[condition.job] = min(since[condition.job] ?? .distantFuture, account.account.accountedThrough)
      }
    }
    guard !since.isEmpty else { return }
    writeNow()
    do {
      let ends = try since.flatMap { name, instant in
        try runs(of: stored.keys[name] ?? keys[name], endedAfter: instant).map {
          EndedRun(job: name, run: $0)
        }
      }
      guard !ends.isEmpty else { return }
      handle(
        .endedMeanwhile(
          key,
          ends.sorted {
            ($0.run.endedAt ?? .distantPast, $0.run.id) < ($1.run.endedAt ?? .distantPast, $1.run.id)
          }))
    } catch {
      logger.error("what has ended before cannot be read: \(error)", job: definition.name)
    }
  }

  /// At most so many ends of a job are looked at that another one has not heard of.
  private static let mostFormerEnds = 4096

  /// The latest rows of a job that ended later than `instant`.
  private func runs(of job: JobKey?, endedAfter instant: Instant) throws -> [Run] {
    guard let job else { return [] }
    var limit = 8
    while true {
      let rows = try store.runs(RunQuery(job: job, limit: limit))
      let isThrough = rows.count < limit || rows.last?.endedAt.map { $0 <= instant } ?? false
      if isThrough || limit >= Self.mostFormerEnds {
        return rows.filter { $0.endedAt.map { $0 > instant } ?? false }
      }
      limit *= 8
    }
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
