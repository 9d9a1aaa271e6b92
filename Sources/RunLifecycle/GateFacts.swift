import Scheduling

/// What each gate knows of a job, in words.
struct GateFacts {
  let plan: JobPlan
  /// How many places the job's pool has, if that is known.
  let pool: Int?

  private var policy: RunPolicy { plan.policy }

  // MARK: To a row

  /// What an open gate said.
  func open(_ gate: StartGate, to run: Run) -> String {
    if run.isManual, ![.late, .overlap, .pool].contains(gate) {
      return "passed by: \(run.requestedBy ?? "somebody") started it"
    }
    let asked = run.attempt == 1 ? run.startedAt ?? run.notBefore : run.notBefore
    switch gate {
    case .enabled: return "enabled"
    case .paused: return "not paused"
    case .late: return late(run)
    case .window:
      if case .startup = run.cause, policy.runOnStartup { return "passed by: run_on_startup" }
      return window(at: asked).said
    case .blackout: return blackout(at: asked).said
    case .overlap: return overlap(run.cause)
    case .requires: return required.map { "\($0): met" } ?? "nothing is required"
    case .when: return policy.hasWhen ? "when said yes" : "no when"
    case .pool: return place.map { "had \($0)" } ?? "no pool"
    }
  }

  private func late(_ run: Run) -> String {
    switch run.claim {
    case .madeUp: return "was missed, and is made up: \(catchUp)"
    case .deferred where plan.schedule?.triggers.first { $0.label == run.trigger }?.isRestartAfter == true:
      return "never too late: it is due once the run before it has ended"
    case .deferred: return "not too late: it was held until the window opened"
    case .queued where run.attempt <= 1: return "in time, and then waited"
    case .onTime, .queued, .paused: break
    }
    if run.attempt > 1 { return "an attempt that follows another is never too late" }
    // A due instant with delay and jitter; of a run that has had attempts since, only the nominal one is known.
    guard let started = run.startedAt else { return "in time: late_within is \(policy.lateWithin)" }
    let wanted = run.notBefore <= started ? run.notBefore : run.dueAt
    let late = max(.zero, Interval(microseconds: (started - wanted).microseconds / 1000 * 1000))
    return "started \(late) after its instant; late_within is \(policy.lateWithin)"
  }

  private var catchUp: String {
    policy.catchUp == .all ? "catch_up = \"all\"" : "start_when_available"
  }

  private func overlap(_ cause: Cause) -> String {
    switch policy.overlap(for: cause) {
    case .skip: "no other run was running (overlap = \"skip\")"
    case .queue: "its turn had come (overlap = \"queue\")"
    case .parallel(let limit):
      "may run beside others (overlap = \"parallel\"\(limit.map { ", max_parallel = \($0)" } ?? ""))"
    case .replace: "takes the place of what runs (overlap = \"replace\")"
    }
  }

  // MARK: To what is to come

  func expected(_ gate: StartGate, _ firing: Firing, _ pause: Pause?) -> GateAnswer {
    func answer(_ isOpen: Bool?, _ said: String) -> GateAnswer {
      GateAnswer(gate: gate, isOpen: isOpen, said: said)
    }
    func later(_ what: String?, none: String) -> GateAnswer {
      answer(what == nil ? true : nil, what.map { "asked at the start: \($0)" } ?? none)
    }
    switch gate {
    case .enabled: return answer(policy.enabled, policy.enabled ? "enabled" : "the job is disabled")
    case .paused:
      return answer(pause == nil, pause?.reason ?? "not paused")
    case .late: return later("within \(policy.lateWithin) of its instant, else \(missed)", none: "")
    case .window:
      let (isOpen, said) = window(at: firing.startAt, holding: defers(firing))
      return answer(isOpen, said)
    case .blackout:
      let (isOpen, said) = blackout(at: firing.startAt)
      return answer(isOpen, said)
    case .overlap:
      guard case .parallel(nil) = policy.overlap(for: .clock(firing.dueAt)) else {
        return later(overlapAhead(firing), none: "")
      }
      return answer(true, overlap(.clock(firing.dueAt)))
    case .requires: return later(required, none: "nothing is required")
    case .when: return later(policy.hasWhen ? "when" : nil, none: "no when")
    case .pool: return later(place, none: "no pool")
    }
  }

  private func overlapAhead(_ firing: Firing) -> String {
    switch policy.overlap(for: .clock(firing.dueAt)) {
    case .skip: "skipped if the run before it is still running"
    case .queue: "waits if the run before it is still running"
    case .parallel(let limit): "skipped if \(limit ?? 0) runs are still running"
    case .replace: "stops the run before it if that is still running"
    }
  }

  private var missed: String { policy.catchUp == .none ? "missed" : "made up (\(catchUp))" }

  private func defers(_ firing: Firing) -> Bool {
    guard let triggers = plan.schedule?.triggers, triggers.indices.contains(firing.trigger) else {
      return false
    }
    return triggers[firing.trigger].outsideWindow == .defer
  }

  // MARK: Both

  private func window(at instant: Instant, holding: Bool = false) -> (isOpen: Bool, said: String) {
    guard let schedule = plan.schedule, !schedule.windows.isEmpty else { return (true, "no window") }
    switch schedule.windowGate(at: instant) {
    case .open(let until):
      let windows = schedule.windows.map(\.description).joined(separator: " and ")
      return (
        true, "window \(windows): " + (until.map { "open until \(time($0, from: instant))" } ?? "always open")
      )
    case .closed(let opens, let reason):
      let held = holding ? opens.map { ": held until \(time($0, from: instant))" } : nil
      return (false, reason + (held ?? ""))
    }
  }

  private func blackout(at instant: Instant) -> (isOpen: Bool, said: String) {
    guard let schedule = plan.schedule, !schedule.blackout.entries.isEmpty else {
      return (true, "no blackout")
    }
    switch schedule.blackoutGate(at: instant) {
    case .open(let until):
      return (true, until.map { "none before \(time($0, from: instant))" } ?? "none from here on")
    case .closed(let opens, let reason):
      return (false, reason + (opens.map { ", until \(time($0, from: instant))" } ?? ""))
    }
  }

  private func time(_ instant: Instant, from other: Instant) -> String {
    plan.schedule?.clock(instant, from: other) ?? instant.description
  }

  private var required: String? {
    guard let requires = policy.requires else { return nil }
    var parts: [String] = []
    if requires.network { parts.append("network") }
    if requires.acPower { parts.append("ac_power") }
    if requires.idle { parts.append("idle") }
    if let bytes = requires.freeDisk { parts.append("free_disk of \(bytes) bytes") }
    if let file = requires.file { parts.append("file \(file)") }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  private var place: String? {
    policy.pool.map { "a place in the pool \($0)" + (pool.map { ", which has \($0)" } ?? "") }
  }
}
