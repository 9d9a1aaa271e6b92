import RunLifecycle
import Scheduling

/// What happens to the machine, the daemon and files makes a job due once each time, and nobody else.
extension LedgerAudit {
  /// How long a store that refuses, a slow commit or a change that waits for them may hold something up.
  private static let settling = Interval.seconds(60)

  mutating func checkLife() {
    for start in world.starts {
      let isFirst = world.starts.first { $0.boot == start.boot }?.id == start.id
      for (key, plan) in livePlans(at: start.at) {
        let isCertain =
          plan.isCertainlyDue && !wasEnded(start.at, start.at + Self.settling)
          && !wasHeldUp(start.wall, start.wall + Self.settling)
        var expected: [String] = []
        if plan.policy.enabled, plan.policy.runOnStartup {
          expected = ["startup"]
        } else if let trigger = plan.trigger(on: .startup) {
          expected = [trigger.label]
        }
        checkRows(of: key, .startup(start.id), due: expected.count, isCertain)
        guard isFirst else { continue }
        checkRows(
          of: key, .boot(start.boot), due: plan.trigger(on: .boot) == nil ? 0 : 1, isCertain, more: true)
      }
    }
    checkStartCauses()
    checkLoads()
    for drain in world.drains { checkDrain(drain) }
  }

  /// - Parameter more: a later version, at a later start, may still make the job due by this.
  private mutating func checkRows(
    of job: JobKey, _ cause: Cause, due: Int, _ isCertain: Bool, more: Bool = false
  ) {
    let count = rows.count { $0.job == job && $0.cause == cause }
    let most = more ? 1 : due
    if count > most || (isCertain && count < due) {
      findings.append("job \(job): \(cause) made \(count) runs due, not \(due)")
    }
  }

  /// A job that came, or was changed, after the start is not due by it.
  private mutating func checkStartCauses() {
    for row in rows {
      let start: SimulatedWorld.Start?
      switch row.cause {
      case .startup(let id): start = world.starts.first { $0.id == id }
      case .boot(let boot): start = world.starts.last { $0.boot == boot && $0.wall <= row.dueAt }
      default: continue
      }
      guard world.steps.isEmpty else { continue }
      if start?.wall != row.dueAt {
        findings.append("run \(row.id) (\(row.cause)) was due at \(row.dueAt), when nothing started")
      }
    }
  }

  /// Each content of a file fires once, when it goes live for the first time.
  private mutating func checkLoads() {
    for (key, editions) in world.editions.sorted(by: { $0.key < $1.key }) {
      var told: Set<String> = []
      for (index, edition) in editions.enumerated() {
        guard let version = edition.version, told.insert(version).inserted, let plan = versions[key]?[version]
        else { continue }
        let next = editions[(index + 1)...].first { $0.version != version }?.from ?? .distantFuture
        let isSettled =
          edition.from + Self.settling < next
          && !wasEnded(edition.from - Self.settling, edition.from + Self.settling)
        checkRows(
          of: key, .load(version), due: plan.trigger(on: .load) == nil ? 0 : 1,
          isSettled && plan.isCertainlyDue)
      }
    }
  }

  /// A drain makes due what waits for it, unless the daemon is killed meanwhile.
  private mutating func checkDrain(_ drain: SimulatedWorld.Drain) {
    let live = livePlans(at: drain.at)
    let isCertain =
      !wasEnded(drain.at, drain.at + .seconds(5)) && !wasHeldUp(drain.wall, drain.wall + .seconds(5))
    for key in world.natures.keys.sorted() {
      // A change that waits for a slow store has not taken effect.
      let plans = plans(of: key, from: drain.at - Self.settling, to: drain.at)
      let wanting = plans.filter { $0.trigger(on: .shutdown) != nil }
      let isDue = live[key] != nil && wanting.count == plans.count && wanting.allSatisfy(\.isCertainlyDue)
      checkRows(
        of: key, .shutdown(drain.start), due: isDue ? 1 : 0, isCertain, more: !wanting.isEmpty)
    }
  }

  /// Which version of each job was live then, by a clock that nobody sets.
  private func livePlans(at instant: Instant) -> [JobKey: JobPlan] {
    world.editions.compactMapValues { editions in editions.last { $0.from <= instant }?.version }
      .reduce(into: [:]) { $0[$1.key] = versions[$1.key]?[$1.value] }
  }

  private func wasEnded(_ from: Instant, _ to: Instant) -> Bool {
    world.ends.contains { from <= $0 && $0 <= to }
  }
}

extension JobPlan {
  /// False for a job that is not due by events, or not for ever.
  fileprivate var isCertainlyDue: Bool { policy.enabled && policy.archiveAfter == nil }

  fileprivate func trigger(on kind: EventKind) -> Trigger? {
    policy.enabled ? schedule?.triggers.first { $0.rule == .event(kind) && $0.enabled } : nil
  }
}
