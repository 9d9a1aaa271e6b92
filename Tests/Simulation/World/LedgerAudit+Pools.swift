import RunLifecycle
import RunStore
import Scheduling

/// Who gets the places of a pool.
extension LedgerAudit {
  /// A time in which a run stood in line for a place in a pool.
  private struct Stay {
    var run: Run
    var pool: String
    var from: Instant
    var to: Instant
  }

  /// A place goes to the run with the best priority of those that stand in line.
  mutating func checkPriorities() {
    guard world.steps.isEmpty else { return }
    let stays = Dictionary(grouping: stays(), by: \.pool)
    for call in world.calls {
      guard let pool = world.natures[call.job]?.pool,
        let own = versions[call.job]?[call.version]?.policy.priority
      else { continue }
      let now = call.decidedAt
      for stay in stays[pool] ?? [] where stay.from + .seconds(1) < now && now < stay.to {
        let job = stay.run.job
        let plans = plans(of: job, from: stay.from - .seconds(25), to: now)
        let isFree = plans.allSatisfy { plan in
          plan.policy.priority < own && plan.schedule.map { walker.isOpen($0, at: now) } ?? true
        }
        let isPaused = world.pauses.contains { $0.job == job && $0.from <= now && stay.from <= $0.to ?? now }
        let isBusy = world.calls.contains {
          $0.job == job && $0.begun <= now && stay.from <= $0.ended ?? now
        }
        guard isFree, !isPaused, !isBusy, !wasHeldUp(stay.from, now) else { continue }
        findings.append(
          "run \(call.run) took a place in pool \(pool) at \(now), before run \(stay.run.id) of a better priority"
        )
      }
    }
  }

  private func stays() -> [Stay] {
    var open: [RunID: Stay] = [:]
    var ended: [Stay] = []
    for write in world.committed {
      let run: Run
      switch write.change {
      case .update(let changed, _), .finish(let changed, _, _): run = changed
      default: continue
      }
      if var stay = open.removeValue(forKey: run.id) {
        let admitted = world.admissions[run.id]?.first { stay.from <= $0 } ?? .distantFuture
        stay.to = min(write.decidedAt, admitted)
        ended.append(stay)
      }
      if run.gate == .pool, run.state == .waiting, let pool = world.natures[run.job]?.pool {
        open[run.id] = Stay(run: run, pool: pool, from: write.decidedAt, to: .distantFuture)
      }
    }
    return ended
  }
}
