import RunLifecycle
import RunStore
import Scheduling

/// What stands in line: behind another run of its job, or for a place in a pool; and what the calm has left over.
extension LedgerAudit {
  mutating func checkLines() {
    if world.steps.isEmpty {
      checkQueues()
      checkReplaced()
      checkFixedDelays()
    }
    checkRates()
    checkLeftovers()
  }

  /// A fixed rate goes on in the calm, whatever the clock was set to before.
  private mutating func checkRates() {
    for (key, plans) in world.versions where plans.count == 1 && world.wasAlwaysThere(key) {
      guard let plan = plans.first, plan.policy.enabled, plan.policy.catchUp != .all,
        let schedule = plan.schedule,
        schedule.triggers.count == 1, schedule.windows.isEmpty, schedule.blackout.entries.isEmpty,
        !world.pauses.contains(where: { $0.job == key })
      else { continue }
      for trigger in schedule.triggers {
        guard case .every(let interval) = trigger.rule, trigger.startAt == nil else { continue }
        let decided = claims.values.filter { $0.run.job == key && $0.run.trigger == trigger.label }.map(
          \.decided)
        let marks =
          [world.calm] + decided.filter { world.calm < $0 && $0 < world.closed }.sorted() + [world.closed]
        for (former, next) in zip(marks, marks.dropFirst()) where next - former > interval + .seconds(25) {
          findings.append("job \(key): \(trigger.written) was not due for \(next - former)")
        }
      }
    }
  }

  /// No more runs wait behind another one than `queue_limit` says.
  private mutating func checkQueues() {
    var queued: [JobKey: [RunID: Instant]] = [:]
    for write in world.committed {
      let now = write.decidedAt
      switch write.change {
      case .update(let run, _) where run.claim == .queued && run.gate == .overlap && run.attempt == 0:
        guard case .queue(let limit?) = world.natures[run.job]?.overlap else { continue }
        queued[run.job, default: [:]][run.id] = now
        queued[run.job] = queued[run.job]?.filter { id, since in
          world.admissions[id]?.contains { since <= $0 && $0 <= now } != true
        }
        let count = queued[run.job]?.count ?? 0
        if count > limit {
          findings.append(
            "run \(run.id) was queued as number \(count) of job \(run.job), which queues \(limit)")
        }
      case .update(let run, _), .finish(let run, _, _): queued[run.job]?[run.id] = nil
      default: break
      }
    }
  }

  /// With `overlap = "replace"`, what runs is stopped when the next one comes; what was deferred or is made up waits
  /// for it.
  private mutating func checkReplaced() {
    var patient: Set<RunID> = []
    for write in world.committed {
      switch write.change {
      case .claim(let run, _) where run.claim == .deferred || run.claim == .madeUp: patient.insert(run.id)
      case .update(let run, _) where run.claim == .deferred || run.claim == .madeUp: patient.insert(run.id)
      default: break
      }
    }
    for (key, nature) in world.natures.sorted(by: { $0.key < $1.key }) where nature.overlap == .replace {
      let calls = world.calls.filter { $0.job == key }
      for (old, next) in zip(calls, calls.dropFirst())
      where old.run != next.run && next.attempt == 1 && !patient.contains(next.run) {
        guard next.claim == .onTime || next.claim == .queued, old.begun < next.notBefore,
          let ended = old.ended,
          ended > next.notBefore + .seconds(8), !wasHeldUp(next.notBefore, ended)
        else { continue }
        if case .cancelled = old.end { continue }
        let isPaused = world.pauses.contains {
          $0.job == key && $0.from < ended && next.notBefore < $0.to ?? ended
        }
        if !isPaused {
          findings.append("run \(old.run) went on until \(ended), though run \(next.run) was to replace it")
        }
      }
    }
  }

  /// `restart_after` counts from the end of the run before it.
  private mutating func checkFixedDelays() {
    let calls = Dictionary(grouping: world.calls, by: \.job)
    for row in rows {
      guard case .clock = row.cause, let claim = claims[row.id],
        let plan = versions[row.job]?[claim.run.version],
        let trigger = plan.schedule?.triggers.first(where: { $0.label == row.trigger }),
        case .restartAfter(let interval) = trigger.rule,
        let edition = world.editions[row.job]?.last(where: { $0.from <= claim.at }),
        edition.version == claim.run.version,
        // A claim that the store refused is made again, with what came in between.
        let last = calls[row.job]?.last(where: { $0.begun < claim.at && $0.run < row.id }),
        let ended = last.ended, edition.from < last.begun, row.dueAt < ended + interval
      else { continue }
      findings.append(
        "run \(row.id) was due \(row.dueAt - ended) after run \(last.run) had ended, not \(interval)")
    }
  }

  /// No interval between attempts, delay or jitter of the simulation is longer.
  private static let longestWait = Interval.seconds(400)

  /// After the calm nothing is open but what has a reason to be: it is recent, lies in the future, or its window is
  /// closed.
  private mutating func checkLeftovers() {
    let recent = world.closedAt - .seconds(40)
    let recently = world.closed - .seconds(40)
    for row in world.leftovers where claims[row.id]?.decided ?? .distantPast < recently {
      guard row.notBefore < recent || isStuck(row) else { continue }
      // A long line that moves.
      let moves = row.gate == .overlap && world.calls.contains { $0.job == row.job && $0.begun > recently }
      guard !moves else { continue }
      let edition = world.editions[row.job]?.last { $0.version != nil }?.version
      let plan = edition.flatMap { versions[row.job]?[$0] }
      if let schedule = plan?.schedule,
        !walker.isOpen(schedule, at: recent) || !walker.isOpen(schedule, at: world.closedAt)
      {
        continue
      }
      findings.append(
        "run \(row.id) of job \(row.job) (\(row.cause), \(row.claim)) was still \(row.state) after the calm, not"
          + " before \(row.notBefore): \(row.reason ?? "")")
    }
  }

  /// True for a row that waits for a clock that was set back to read once more what it had read; only an instant of
  /// the calendar does.
  private func isStuck(_ row: Run) -> Bool {
    row.notBefore > world.closedAt + Self.longestWait && !(row.claim == .onTime && row.attempt == 0)
  }
}
