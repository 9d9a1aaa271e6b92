extension Schedule {
  /// The coming firings of all triggers in order, each explained.
  ///
  /// Triggers that are due at the same instant make one firing, named after the first. Of `restart_after` only
  /// the next one is known.
  ///
  /// - Parameters:
  ///   - from: The first instant that counts.
  ///   - until: The first instant that no longer counts; nil: no end.
  ///   - limit: How many at most.
  ///   - accounts: Of each trigger, how far it is accounted for; nil, or none: it goes live at `from`.
  public func explained(
    from: Instant, until: Instant? = nil, limit: Int, accounts: [TriggerAccount?] = []
  ) -> [ExplainedFiring] {
    var states = triggers.indices.map { index in
      TriggerState(account(of: index, accounts.indices.contains(index) ? accounts[index] : nil, from: from))
    }
    for index in states.indices { states[index].next = nextFiring(of: index, after: states[index].account) }
    var explained: [ExplainedFiring] = []
    while explained.count < limit {
      guard let due = states.compactMap(\.next?.dueAt).min(), due < until ?? Instant(microseconds: .max)
      else { break }
      var together: [ExplainedFiring] = []
      for index in states.indices where states[index].next?.dueAt == due {
        together.append(explain(index, due, &states[index]))
        states[index].account = TriggerAccount(accountedThrough: due, lastDue: due)
        if case .fixedDelay = rules[index] {
          states[index].next = nil
        } else {
          states[index].next = nextFiring(of: index, after: states[index].account)
        }
      }
      if let merged = merge(together) { explained.append(merged) }
    }
    return explained
  }

  private struct TriggerState {
    var account: TriggerAccount
    var next: Firing?
    /// Until when a firing is held.
    var heldUntil: Instant?

    init(_ account: TriggerAccount) { self.account = account }
  }

  /// The account as it will be just before `from`, when nothing is missed until then.
  private func account(of index: Int, _ known: TriggerAccount?, from: Instant) -> TriggerAccount {
    let before = from - Interval(microseconds: 1)
    guard var account = known else { return TriggerAccount(accountedThrough: before, lastDue: nil) }
    guard account.accountedThrough < before else { return account }
    if case .fixedRate = rules[index], let passed = firings(of: index, after: account, through: before) {
      account.lastDue = passed.last
    }
    account.accountedThrough = before
    return account
  }

  /// One firing of those that are due together: the first that starts gives its name.
  private func merge(_ firings: [ExplainedFiring]) -> ExplainedFiring? {
    guard var merged = firings.first(where: { !$0.skipped }) ?? firings.first else { return nil }
    let others = firings.filter { $0.trigger != merged.trigger }.map { triggers[$0.trigger].label }
    if !others.isEmpty { merged.notes.append("also due now: \(English.list(others))") }
    return merged
  }

  private func explain(_ index: Int, _ due: Instant, _ state: inout TriggerState) -> ExplainedFiring {
    let trigger = triggers[index]
    let start = start(of: index, dueAt: due)
    var firing = ExplainedFiring(trigger: index, dueAt: due, startAt: start, notes: [], skipped: false)
    firing.notes += daylightNotes(index, due)
    if case .fixedRate(let interval, _) = rules[index], let last = state.account.lastDue {
      let expected = max(last + interval, state.account.accountedThrough + Interval(microseconds: 1))
      if due > expected, let reason = gates.reason(at: expected) {
        firing.notes.append("\(reason): due at the next opening")
      }
    }
    if trigger.delay > .zero { firing.notes.append("delay +\(trigger.delay)") }
    let jitter = start - (due + trigger.delay)
    if trigger.jitter > .zero { firing.notes.append("jitter +\(jitter)") }
    guard let reason = gates.reason(at: start) else { return firing }
    if case .event = trigger.rule { return firing }
    guard trigger.outsideWindow == .defer, let opening = gates.opening(atOrAfter: start) else {
      firing.notes.append(
        trigger.outsideWindow == .defer ? "skipped: \(reason), and never opens" : "skipped: \(reason)")
      firing.skipped = true
      return firing
    }
    if let held = state.heldUntil, held > due {
      firing.notes.append("skipped: \(reason), and merged with the firing that waits for the opening")
      firing.skipped = true
      return firing
    }
    state.heldUntil = opening
    firing.startAt = opening
    firing.notes.append("\(reason): deferred to \(clock(opening, from: due))")
    return firing
  }

  /// What daylight saving did to a due instant of a calendar rule.
  private func daylightNotes(_ index: Int, _ due: Instant) -> [String] {
    let rule: CalendarRule
    let byElapsedTime: Bool
    switch rules[index] {
    case .due, .repeated:
      guard let instants = baseInstants(index) else { return [] }
      guard case .calendar(let calendar, let elapsed) = instants.kind,
        instants.next(after: due - Interval(microseconds: 1)) == due
      else { return [] }
      (rule, byElapsedTime) = (calendar, elapsed)
    default: return []
    }
    let table = zone.table
    let seconds = due.seconds
    let segment = table.segment(at: seconds)
    let local = seconds + table.offset(of: segment)
    let reached = table.localReached(before: segment)
    var notes: [String] = []
    if !byElapsedTime, segment > 0, seconds == table.start(of: segment), reached < local {
      let moved = rule.count(from: reached, to: local)
      if moved > 0, let first = rule.next(atOrAfter: reached) {
        let what = moved == 1 ? "\(time(first)) does" : "\(time(first)) and \(moved - 1) more do"
        notes.append(
          "\(what) not exist (clocks go from \(time(reached)) to \(time(local))): due at \(time(local))")
      }
    }
    if local < reached {
      notes.append("\(time(local)) comes twice: this is the second, an hour of its own")
    } else if table.start(of: segment + 1) < ZoneTable.future,
      local >= table.start(of: segment + 1) + table.offset(of: segment + 1)
    {
      notes.append(
        "\(time(local)) comes twice: this is the first\(byElapsedTime ? ", and both are due" : "")")
    }
    return notes
  }

  private func baseInstants(_ index: Int) -> DueInstants? {
    switch rules[index] {
    case .due(let instants): instants
    case .repeated(let repeated): repeated.base
    default: nil
    }
  }

  /// A local time of day.
  private func time(_ local: Int64) -> String {
    let seconds = Int(floorModulo(local, secondsPerDay))
    return TimeOfDay(hour: seconds / 3_600, minute: seconds / 60 % 60, second: seconds % 60)?.description
      ?? ""
  }

  /// The time at the place, with the date where it is another one.
  private func clock(_ instant: Instant, from other: Instant) -> String {
    let date = zone.date(at: instant)
    let text = time(zone.localSeconds(at: instant))
    return date == zone.date(at: other) ? text : "\(date) \(text)"
  }
}
