extension Schedule {
  /// Whether a trigger ever makes a run.
  public enum Reach: Sendable, Equatable {
    case runs
    /// It has no due instant any more.
    case ended
    /// Windows and blackouts are closed whenever it is due; with what closes them first.
    case shutOut(reason: String)
  }

  /// How many due instants, each in or behind another opening, are looked at before it is said that none ever fits:
  /// four years of days.
  private static let patience = 1_500

  /// Whether the trigger makes a run from `now` on.
  ///
  /// A trigger that is disabled, or that does not follow the clock, is taken to.
  ///
  /// - Complexity: O(openings until it is due in one), at most some thousands.
  public func reach(of trigger: Int, from now: Instant) -> Reach {
    guard triggers[trigger].enabled, triggers[trigger].rule.isClock else { return .runs }
    let account = TriggerAccount(accountedThrough: now - Interval(microseconds: 1))
    guard let next = nextFiring(of: trigger, after: account) else { return .ended }
    if meets(trigger, gates, from: now) { return .runs }
    return .shutOut(reason: gates.reason(at: next.startAt) ?? "closed")
  }

  /// The windows, by their place in the list, in which none of the triggers is ever due from `now` on.
  ///
  /// Empty where something other than the clock may start the job: it may come at any time.
  public func unmetWindows(from now: Instant) -> [Int] {
    let enabled = triggers.indices.filter { triggers[$0].enabled }
    guard !enabled.isEmpty, enabled.allSatisfy({ triggers[$0].rule.isClock }) else { return [] }
    return windows.indices.filter { index in
      let table = GateTable(windows: [windows[index]], blackout: blackout, zone: zone)
      return !enabled.contains { meets($0, table, from: now) }
    }
  }

  private func meets(_ trigger: Int, _ gates: GateTable, from now: Instant) -> Bool {
    let tick = Interval(microseconds: 1)
    let longest = triggers[trigger].delay + triggers[trigger].jitter
    var account = TriggerAccount(accountedThrough: now - tick)
    for _ in 0..<Self.patience {
      guard let firing = nextFiring(of: trigger, after: account) else { return false }
      if gates.isOpen(at: firing.startAt) { return true }
      guard let opening = gates.opening(atOrAfter: firing.startAt) else { return false }
      if triggers[trigger].outsideWindow == .defer { return true }
      account = TriggerAccount(accountedThrough: max(firing.dueAt, opening - longest - tick))
    }
    return false
  }
}
