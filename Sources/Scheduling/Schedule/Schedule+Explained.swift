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
  ///
  /// - Parameter known: How far the trigger is accounted for; nil: it goes live at `from`.
  public func account(of index: Int, _ known: TriggerAccount?, from: Instant) -> TriggerAccount {
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
    firing.notes += openingNotes(index, due, state.account)
    if trigger.delay > .zero { firing.notes.append("delay +\(trigger.delay)") }
    if trigger.jitter > .zero { firing.notes.append(jitterNote(index, due, start)) }
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

  /// What window and blackout did to a due instant of `every`.
  private func openingNotes(_ index: Int, _ due: Instant, _ account: TriggerAccount) -> [String] {
    let earliest = account.accountedThrough + Interval(microseconds: 1)
    var notes: [String] = []
    switch (triggers[index].rule, rules[index]) {
    case (_, .fixedRate(let interval, _)):
      let expected = account.lastDue.map { max($0 + interval, earliest) } ?? earliest
      if due > expected, let reason = gates.reason(at: expected) {
        notes.append("\(reason): due at the next opening")
      }
    case (.every(let interval), .due):
      // The point of the grid before this one was passed over.
      let passed = due - interval
      if triggers[index].outsideWindow == .defer, passed >= earliest, let reason = gates.reason(at: passed) {
        notes.append("\(reason): due at the first point of the grid in the next opening")
      }
    default: return []
    }
    if let opening = gates.movedOpening(at: due) {
      notes.append(
        "the window's \(time(opening)) does not exist: it opens at \(time(zone.localSeconds(at: due)))")
    }
    return notes
  }

  private func jitterNote(_ index: Int, _ due: Instant, _ start: Instant) -> String {
    let (limit, bound) = jitterLimit(of: index, dueAt: due)
    let note = "jitter +\(start - (due + triggers[index].delay))"
    switch bound {
    case nil: return note
    case .nextDue: return "\(note) (scaled down to \(limit), the time to the next due instant)"
    case .gate: return "\(note) (scaled down to \(limit), the time until the window closes)"
    }
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
        // A gap over midnight, or of a whole day, is told with its dates.
        let isInOneDay = floorDivide(reached, secondsPerDay) == floorDivide(local, secondsPerDay)
        let text = isInOneDay ? time : dateAndTime
        let what = moved == 1 ? "\(text(first)) does" : "\(text(first)) and \(moved - 1) more do"
        notes.append(
          "\(what) not exist (clocks go from \(text(reached)) to \(text(local))): due at \(time(local))")
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

  /// A local date and time of day.
  private func dateAndTime(_ local: Int64) -> String {
    "\(LocalDate(dayNumber: Int(floorDivide(local, secondsPerDay)))) \(time(local))"
  }

  /// The time at the place, with the date where it is another one: `04:00`, or `2026-11-22 04:00`.
  public func clock(_ instant: Instant, from other: Instant) -> String {
    let date = zone.date(at: instant)
    let text = time(zone.localSeconds(at: instant))
    return date == zone.date(at: other) ? text : "\(date) \(text)"
  }
}
