import RunLifecycle
import RunStore
import Scheduling

/// Whether a start is told by the store what was committed before it: nothing else makes it go on where the former
/// daemon was.
extension LedgerAudit {
  /// What was committed, and not taken back since: as a store should know it.
  private struct Fold {
    var pauses: [JobKey: Pause] = [:]
    var accounts: [JobKey: [String: AccountChange]] = [:]
    var open: [RunID: Run] = [:]

    mutating func take(_ write: SimulatedWorld.Write) {
      switch write.change {
      case .claim(let run, _), .record(let run, _), .update(let run, _), .finish(let run, _, _):
        open[run.id] = run.state == .ended ? nil : run
      case .started(let id, let at, let attempt):
        guard var run = open[id], run.state == .waiting, run.attempt < attempt else { return }
        (run.state, run.attempt, run.startedAt) = (.running, attempt, run.startedAt ?? at)
        (run.reason, run.gate) = (nil, nil)
        open[id] = run
      case .pause(let job, let pause): pauses[job] = pause
      case .account, .keepStep: break
      }
      for move in write.moves { accounts[move.job, default: [:]][move.triggerKey] = move }
    }
  }

  mutating func checkMemories() {
    var fold = Fold()
    var read = 0
    for memory in world.memories {
      for write in world.committed[read..<memory.writes] { fold.take(write) }
      read = memory.writes
      let what = "the start at \(memory.at)"
      for job in Set(memory.pauses.keys).union(fold.pauses.keys).sorted()
      where memory.pauses[job] != fold.pauses[job] {
        let told = memory.pauses[job] == nil ? "is not paused" : "is paused"
        findings.append("\(what) was told that job \(job) \(told), which is not what was committed")
      }
      for job in Set(memory.accounts.keys).union(fold.accounts.keys).sorted() {
        let told = Set((memory.accounts[job] ?? []).map { AccountChange(of: job, $0).line })
        let kept = Set((fold.accounts[job] ?? [:]).values.map(\.line))
        guard told != kept else { continue }
        findings.append(
          "\(what) was told other accounts of job \(job) than were committed: \(told), not \(kept)")
      }
      let told = Dictionary(uniqueKeysWithValues: memory.open.map { ($0.id, $0) })
      for id in Set(told.keys).union(fold.open.keys).sorted() {
        // Which row came before is the store's to say.
        var row = told[id]
        row?.previous = fold.open[id]?.previous
        guard row != fold.open[id] else { continue }
        findings.append("\(what) was told of run \(id) something else than was committed")
      }
    }
  }
}

extension AccountChange {
  fileprivate init(of job: JobKey, _ stored: StoredAccount) {
    self.init(
      job: job, triggerKey: stored.triggerKey, fingerprint: stored.fingerprint, account: stored.account,
      memo: stored.memo)
  }

  /// All of it, to be told apart and read.
  fileprivate var line: String {
    "\(triggerKey) \(fingerprint) \(account.accountedThrough) \(account.lastDue?.description ?? "-") \(memo ?? "-")"
  }
}
