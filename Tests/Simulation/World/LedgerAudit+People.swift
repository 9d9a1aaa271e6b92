import RunLifecycle
import RunStore
import Scheduling

/// What was not the clock's doing: people, and the ends of other jobs.
extension LedgerAudit {
  /// What somebody starts is kept by no gate but overlap and pools.
  mutating func checkManual() {
    for row in rows where row.isManual {
      switch row.gate {
      case .paused, .window, .blackout, .late, .requires, .when:
        guard row.outcome == .skipped || row.outcome == .missed, row.gate != .late else { continue }
        findings.append("run \(row.id) was started by hand, and kept by a gate: \(row.reason ?? "")")
      default: break
      }
    }
    guard world.steps.isEmpty else { return }
    for row in rows where row.gate == .paused && row.outcome == .skipped {
      let wasPaused = world.pauses.contains { $0.job == row.job && $0.from <= (row.endedAt ?? row.dueAt) }
      if !wasPaused { findings.append("run \(row.id) says that its job was paused, which it never was") }
    }
  }

  /// Each end that a job waits for makes one run due; of several, the last that was missing does.
  mutating func checkFollowers() {
    let ends = ends()
    let endedAt = Dictionary(ends.map { ($0.run.id, $0.at) }) { first, _ in first }
    // Ends up to then were told to those who wait for them.
    let settled = world.closed - .seconds(5)
    for (key, plans) in world.versions where plans.count == 1 && world.wasAlwaysThere(key) {
      guard let plan = plans.first, plan.policy.enabled, plan.policy.archiveAfter == nil else { continue }
      var due: Set<RunID> = []
      for trigger in plan.schedule?.triggers ?? [] {
        if case .after(let conditions) = trigger.rule {
          due.formUnion(Self.completions(of: conditions, by: ends))
        }
      }
      var followed: Set<RunID> = []
      for row in rows where row.job == key {
        if case .after(let run) = row.cause { followed.insert(run) }
      }
      for run in due.subtracting(followed).sorted() where endedAt[run] ?? .distantFuture < settled {
        findings.append("job \(key): nothing followed run \(run)")
      }
      for run in followed.subtracting(due).sorted() {
        findings.append("job \(key): a run followed run \(run), which it does not wait for")
      }
    }
  }

  /// All ends, in the order in which they were decided, and when, by a clock that nobody sets.
  private func ends() -> [(run: Run, at: Instant)] {
    world.committed.compactMap { write in
      switch write.change {
      case .finish(let run, _, _): (run, write.decided)
      case .record(let run, _): (run, write.decided)
      default: nil
      }
    }
  }

  /// The runs whose ends complete what a trigger waits for.
  private static func completions(of conditions: [AfterCondition], by ends: [(run: Run, at: Instant)])
    -> [RunID]
  {
    var found: [RunID] = []
    var met: Set<Int> = []
    for (run, _) in ends {
      guard let outcome = run.outcome?.rawValue else { continue }
      let now = conditions.indices.filter {
        conditions[$0].job == "job\(run.job)" && conditions[$0].isMet(by: outcome)
      }
      guard !now.isEmpty else { continue }
      met.formUnion(now)
      if met.count == conditions.count {
        found.append(run.id)
        met = []
      }
    }
    return found
  }
}
