import RunLifecycle
import Scheduling

/// Whether each call of `main` was allowed, by the version that it ran.
extension LedgerAudit {
  mutating func checkGates() {
    var former: [RunID: Instant] = [:]
    let answers = Dictionary(grouping: world.answers, by: \.run)
    for call in world.calls {
      let since = former.updateValue(call.ended ?? .distantFuture, forKey: call.run)
      guard let plan = versions[call.job]?[call.version], let row = rowOf[call.run] else { continue }
      if plan.policy.testing || claims[call.run]?.run.testing == true {
        tell(call, "was called in test mode")
      }
      checkStop(of: call, plan)
      guard !row.isManual else { continue }
      if !plan.policy.enabled { tell(call, "started although its job is disabled") }
      checkWindow(of: call, plan)
      checkLate(call, plan)
      let asked = (answers[call.run] ?? []).filter { since ?? .distantPast <= $0.at && $0.at <= call.decided }
      if plan.policy.requires != nil, asked.last(where: \.isRequirement)?.isYes != true {
        tell(call, "started without an answer that what it requires holds")
      }
      if plan.policy.hasWhen, asked.last(where: { !$0.isRequirement })?.isYes != true {
        tell(call, "started without a yes of its when")
      }
    }
  }

  private mutating func tell(_ call: SimulatedWorld.Call, _ what: String) {
    findings.append(
      "run \(call.run), attempt \(call.attempt), \(what) (job \(call.job), at \(call.decidedAt))")
  }

  private mutating func checkWindow(of call: SimulatedWorld.Call, _ plan: JobPlan) {
    if case .startup = call.cause, plan.policy.runOnStartup { return }
    guard let schedule = plan.schedule, !walker.isOpen(schedule, at: call.decidedAt) else { return }
    tell(call, "started in a closed window or a blackout")
  }

  /// Nothing that is to start on time starts late, and what is made up is what its job makes up.
  private mutating func checkLate(_ call: SimulatedWorld.Call, _ plan: JobPlan) {
    guard call.attempt == 1, case .clock(let due) = call.cause else { return }
    if call.claim == .onTime {
      let latest = call.notBefore + max(plan.policy.lateWithin, .seconds(1))
      if call.decidedAt > latest { tell(call, "started as if on time after \(latest), its latest") }
    }
    guard call.claim == .madeUp, let decided = claims[call.run]?.at else { return }
    let policies = plans(of: call.job, from: call.decided - .days(1), to: call.decided).map(\.policy)
    if !policies.contains(where: { $0.catchUp != .none }) {
      tell(call, "was made up, which its job does not ask for")
    }
    let oldest =
      policies.map { $0.catchUp == .none ? .zero : $0.catchUpWithin ?? .days(10_000) }.max() ?? .zero
    // A claim that the store refused is written down later.
    if due < decided - oldest - .seconds(30) { tell(call, "made up \(due), which is older than \(oldest)") }
  }

  /// A run that belongs to a window, or to a repetition, does not outlive it where its job says so.
  private mutating func checkStop(of call: SimulatedWorld.Call, _ plan: JobPlan) {
    guard world.steps.isEmpty, let schedule = plan.schedule, let row = rowOf[call.run], !row.isManual else {
      return
    }
    var latest = Instant.distantFuture
    if case .startup = call.cause, plan.policy.runOnStartup {
    } else if schedule.windows.count == 1, let window = schedule.windows.first, window.onClose == .stop,
      let close = walker.closing(of: window, at: call.decidedAt)
    {
      latest = close
    }
    if case .clock = call.cause, let trigger = schedule.triggers.first(where: { $0.label == row.trigger }),
      let repetition = trigger.repetition, repetition.stopAtEnd, let length = repetition.duration,
      case .every(let interval) = trigger.rule, let start = trigger.startAt
    {
      let passed = (row.dueAt - start).microseconds % interval.microseconds
      let base = row.dueAt - Interval(microseconds: passed)
      latest = min(latest, max(base + min(length, interval), call.decidedAt))
    }
    if case .cancelled(let why) = call.end, why.hasPrefix("closed"), let ended = call.ended, ended < latest {
      tell(call, "was stopped at \(ended): \(why)")
    }
    guard let ended = call.ended, ended > latest + .seconds(8), !wasHeldUp(latest, ended) else { return }
    tell(call, "went on until \(ended), though it was to be stopped at \(latest)")
  }
}
