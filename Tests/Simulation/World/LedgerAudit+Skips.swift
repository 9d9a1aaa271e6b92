import RunLifecycle
import RunStore
import Scheduling

/// Whether what did not start was kept by a gate that was closed: a row that says so without cause is as wrong as a
/// start that should not have been.
extension LedgerAudit {
  /// How a row ended, and when that was decided, by the wall clock and by one that nobody sets.
  private struct Ending {
    var row: Run
    var at: Instant
    var decided: Instant
  }

  mutating func checkSkips() {
    guard world.steps.isEmpty else { return }
    noteAdmissions()
    let answers = Dictionary(grouping: world.answers, by: \.run)
    let calls = Dictionary(grouping: world.calls, by: \.job)
    for write in world.committed {
      let row: Run
      switch write.change {
      case .record(let run, _), .finish(let run, _, _): row = run
      default: continue
      }
      guard row.attempt == 0, row.outcome == .skipped || row.outcome == .missed else { continue }
      let ending = Ending(row: row, at: write.decidedAt, decided: write.decided)
      switch row.gate {
      case .window, .blackout: checkClosed(ending)
      case .overlap: checkBusy(ending, calls[row.job] ?? [])
      case .late: checkMissed(ending)
      case .requires: checkUnmet(ending, told(ending, answers))
      case .when where told(ending, answers).last(where: { !$0.isRequirement })?.isYes != false:
        tell(ending, "though its when had not said no")
      default: break
      }
    }
    checkDrains()
  }

  /// What the world had said by then.
  private func told(_ ending: Ending, _ answers: [RunID: [SimulatedWorld.Answer]]) -> [SimulatedWorld.Answer]
  {
    (answers[ending.row.id] ?? []).filter { $0.at <= ending.decided }
  }

  /// Notes when runs were past the overlap gate: something was asked about them, they stood in line for a place, or they
  /// started.
  private mutating func noteAdmissions() {
    admitted = world.admissions
    for write in world.committed {
      guard case .update(let run, _) = write.change, run.gate == .pool else { continue }
      admitted[run.id, default: []].append(write.decidedAt)
    }
    admitted = admitted.mapValues { $0.sorted() }
  }

  private mutating func tell(_ ending: Ending, _ what: String) {
    let row = ending.row
    findings.append(
      "run \(row.id) of job \(row.job) (\(row.cause)) is \(row.outcome?.rawValue ?? "") (\(row.reason ?? "")) since"
        + " \(ending.at), \(what)")
  }

  /// What the job said shortly before; a change may have to wait for a slow store.
  private func plans(before ending: Ending) -> [JobPlan] {
    plans(of: ending.row.job, from: ending.decided - .seconds(25), to: ending.decided)
  }

  private mutating func checkClosed(_ ending: Ending) {
    // It stands for others in the same window.
    guard let reason = ending.row.reason, !reason.hasPrefix("merged") else { return }
    let asked = [ending.row.notBefore, ending.at]
    let wasClosed = plans(before: ending).contains { plan in
      plan.schedule.map { schedule in asked.contains { !walker.isOpen(schedule, at: $0) } } ?? false
    }
    if !wasClosed { tell(ending, "though no window was closed, and there was no blackout") }
  }

  /// The run that is named was in the way.
  private mutating func checkBusy(_ ending: Ending, _ calls: [SimulatedWorld.Call]) {
    let words = (ending.row.reason ?? "").split(whereSeparator: { " ,".contains($0) })
    guard let word = words.firstIndex(of: "run"),
      words[word...].starts(with: ["run", words[word + 1], "was"]),
      let number = Int64(words[word + 1])
    else { return }
    let id = RunID(number)
    guard let other = rowOf[id], let admitted = admitted[id]?.last(where: { $0 <= ending.at }) else {
      return tell(ending, "though that run had not been let on")
    }
    // An attempt that had ended leaves the run out of it, until it is let on again.
    let former = calls.last { $0.run == id && $0.decidedAt <= ending.at }
    let end = former?.ended.map { $0 < ending.at && admitted <= $0 } ?? false
    if end || other.endedAt ?? .distantFuture < ending.at {
      tell(ending, "though that run was not under way")
    }
  }

  /// What the daemon has seen in time was not missed.
  private mutating func checkMissed(_ ending: Ending) {
    let policies = plans(before: ending).map(\.policy)
    let late = policies.map(\.lateWithin).min() ?? .zero
    let row = ending.row
    // A store that refuses now and then holds things up for seconds, and a backlog that is made up one by one for
    // longer.
    guard late >= .seconds(10), row.claim != .madeUp, !policies.contains(where: { $0.catchUp == .all }) else {
      return
    }
    if !wasHeldUp(row.dueAt - .seconds(2), max(row.dueAt + late, row.notBefore) + .seconds(2)) {
      tell(ending, "though the daemon was there")
    }
  }

  private mutating func checkUnmet(_ ending: Ending, _ answers: [SimulatedWorld.Answer]) {
    let asked = answers.filter(\.isRequirement)
    guard let last = asked.last, let first = asked.first, !last.isYes else {
      return tell(ending, "though what it requires holds")
    }
    let waits = plans(before: ending).compactMap { $0.policy.requires }.map { $0.wait ?? .zero }
    let isUntouched = plans(of: ending.row.job, from: first.at - .seconds(25), to: ending.decided).count == 1
    // The question takes up to half a second.
    if isUntouched, let wait = waits.first, ending.decided + .seconds(3) < first.at + wait {
      tell(ending, "and asked for no more than \(ending.decided - first.at) of \(wait)")
    }
    let isOneStory = zip(asked, asked.dropFirst()).allSatisfy { !$0.isYes && $1.at - $0.at < .seconds(12) }
    if isUntouched, isOneStory, let wait = waits.first, first.at + wait + .seconds(12) < ending.decided {
      tell(ending, "and asked for as long as \(ending.decided - first.at), not \(wait)")
    }
  }

  /// Nothing new starts when the daemon drains.
  private mutating func checkDrains() {
    for drain in world.drains {
      let next = world.starts.firstIndex { $0.id == drain.start }.map { $0 + 1 } ?? world.starts.endIndex
      let back = next < world.starts.endIndex ? world.starts[next].at : .distantFuture
      for call in world.calls where call.decided > drain.at && call.decided < back {
        if case .shutdown = call.cause { continue }
        // What was due by then, and has to be asked about first.
        if call.attempt == 1, call.claim == .onTime, call.notBefore <= drain.wall + .milliseconds(100) {
          continue
        }
        findings.append("run \(call.run) started at \(call.decidedAt), after the drain at \(drain.wall)")
      }
    }
  }
}
