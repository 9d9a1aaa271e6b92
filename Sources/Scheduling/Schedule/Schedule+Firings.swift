extension Schedule {
  /// The first firing of the trigger with `dueAt` after `account.accountedThrough`; nil if none ever comes.
  ///
  /// A deferring `every` has no due instants outside window and blackout: its next one is the next opening
  /// (with `start_at`: the first grid point in it). For all other triggers windows are not looked at.
  ///
  /// - Complexity: O(years passed over), no allocation.
  public func nextFiring(of trigger: Int, after account: TriggerAccount) -> Firing? {
    guard rules.indices.contains(trigger), let due = nextDue(of: trigger, after: account) else { return nil }
    return Firing(trigger: trigger, dueAt: due, startAt: start(of: trigger, dueAt: due))
  }

  /// All firings with `accountedThrough < dueAt <= now` as one range; nil if there are none.
  ///
  /// - Complexity: does not grow with their number: O(1) at a fixed rate, O(openings) within windows,
  ///   O(months) for calendars.
  public func firings(
    of trigger: Int, after account: TriggerAccount, through now: Instant
  ) -> (first: Instant, last: Instant, count: Int)? {
    guard let firing = nextFiring(of: trigger, after: account), firing.dueAt <= now else { return nil }
    let first = firing.dueAt
    let defers = isDeferringEvery(trigger)
    switch rules[trigger] {
    case .never:
      return nil
    case .fixedDelay:
      return (first, first, 1)
    case .fixedRate(let interval, let end):
      return fixedRate(
        from: first, through: min(now, end - Interval(microseconds: 1)), interval, inGates: defers)
    case .due(let due):
      guard !defers else { return gated(from: first, through: now, due.next, due.previous, due.count) }
      guard let last = due.previous(atOrBefore: now) else { return nil }
      return (first, last, due.count(from: first, through: last))
    case .repeated(let due):
      guard !defers else { return gated(from: first, through: now, due.next, due.previous, due.count) }
      guard let last = due.previous(atOrBefore: now) else { return nil }
      return (first, last, due.count(from: first, through: last))
    }
  }

  /// When the repetition of the trigger that is going on at `instant` ends, and running instances with it
  /// where it has `stop_at_end`; nil where it has no repetition or none is going on.
  public func repetitionEnd(of trigger: Int, at instant: Instant) -> Instant? {
    guard rules.indices.contains(trigger), case .repeated(let due) = rules[trigger] else { return nil }
    return due.end(at: instant)
  }

  // MARK: - Due instants

  /// Whether the trigger is an `every` that has no due instants outside window and blackout.
  private func isDeferringEvery(_ trigger: Int) -> Bool {
    guard !gates.isAlwaysOpen, triggers[trigger].outsideWindow == .defer else { return false }
    if case .every = triggers[trigger].rule { return true }
    return false
  }

  private func nextDue(of trigger: Int, after account: TriggerAccount) -> Instant? {
    let after = account.accountedThrough
    switch rules[trigger] {
    case .never:
      return nil
    case .fixedRate(let interval, let end):
      let earliest = after + Interval(microseconds: 1)
      var due = account.lastDue.map { max($0 + interval, earliest) } ?? earliest
      if isDeferringEvery(trigger) {
        guard let opening = openingKept(atOrAfter: due) else { return nil }
        due = opening
      }
      return due < end && due <= .distantFuture ? due : nil
    case .fixedDelay(let interval, let start, let end):
      let earliest = max(after + Interval(microseconds: 1), start)
      let due = account.lastDue.map { max($0 + interval, earliest) } ?? earliest
      return due < end && due <= .distantFuture ? due : nil
    case .due(let due):
      return isDeferringEvery(trigger) ? nextInGates(after: after, due.next) : due.next(after: after)
    case .repeated(let due):
      return isDeferringEvery(trigger) ? nextInGates(after: after, due.next) : due.next(after: after)
    }
  }

  /// Whether the due instants of a deferring `every` with a grid all miss the windows.
  func isPassedByForEver(_ trigger: Int) -> Bool {
    guard isDeferringEvery(trigger), let start = triggers[trigger].startAt else { return false }
    return nextDue(of: trigger, after: TriggerAccount(accountedThrough: start - Interval(microseconds: 1)))
      == nil
  }

  private func nextInGates(after instant: Instant, _ next: (Instant) -> Instant?) -> Instant? {
    var after = instant
    // A grid may pass the openings by for ever: `every = "24h"` at noon with a window at night.
    for _ in 0..<GateTable.patience {
      guard let due = next(after), let opening = gates.opening(atOrAfter: due) else { return nil }
      if opening == due { return due }
      after = opening - Interval(microseconds: 1)
    }
    return nil
  }

  /// The next opening with the microseconds of `due`: they tell instants apart that are read a second time,
  /// after the clock was set back.
  private func openingKept(atOrAfter due: Instant) -> Instant? {
    guard let opening = gates.opening(atOrAfter: due) else { return nil }
    guard opening > due else { return due }
    return opening + Interval(microseconds: (due.microseconds % 1000 + 1000) % 1000)
  }

  private typealias Span = (first: Instant, last: Instant, count: Int)

  /// Firings of `every` without a grid: each opening begins a new one.
  private func fixedRate(from first: Instant, through now: Instant, _ interval: Interval, inGates: Bool)
    -> Span
  {
    var (last, count) = (first, 1)
    func advance(through end: Instant) {
      let steps = max(0, (end - last).microseconds / interval.microseconds)
      last = last + Interval(microseconds: steps * interval.microseconds)
      count += Int(steps)
    }
    guard inGates else {
      advance(through: now)
      return (first, last, count)
    }
    while true {
      guard let close = gates.closing(after: last) else {
        advance(through: now)
        return (first, last, count)
      }
      advance(through: min(now, close - Interval(microseconds: 1)))
      guard let next = openingKept(atOrAfter: last + interval), next <= now else {
        return (first, last, count)
      }
      (last, count) = (next, count + 1)
    }
  }

  /// Firings of a grid, those in the openings only.
  private func gated(
    from first: Instant, through now: Instant, _ next: (Instant) -> Instant?,
    _ previous: (Instant) -> Instant?,
    _ number: (Instant, Instant) -> Int
  ) -> Span {
    var (begin, last, count) = (first, first, 0)
    while true {
      let close = gates.closing(after: begin)
      let end = close.map { min(now, $0 - Interval(microseconds: 1)) } ?? now
      last = previous(end) ?? begin
      count += number(begin, last)
      guard close != nil, let following = nextInGates(after: last, next), following <= now else { break }
      begin = following
    }
    return (first, last, count)
  }

  // MARK: - Delay and jitter

  /// The due instant with delay and jitter.
  func start(of trigger: Int, dueAt due: Instant) -> Instant {
    let delayed = due + triggers[trigger].delay
    let jitter = triggers[trigger].jitter
    guard jitter > .zero else { return delayed }
    let (limit, _) = jitterLimit(of: trigger, dueAt: due)
    var hash = StableHash()
    hash.combine(jobName)
    hash.combine(due.microseconds)
    // The upper half of the product is the hash's fraction of the limit, which is never all of it.
    let part = hash.value.multipliedFullWidth(by: UInt64(max(0, limit.microseconds))).high
    return delayed + Interval(microseconds: Int64(part) / 1_000 * 1_000)
  }

  /// What keeps a jitter smaller than it is written.
  enum JitterBound {
    case nextDue, gate
  }

  /// How much jitter there is at the most: it neither leaves the window nor reaches the next due instant.
  func jitterLimit(of trigger: Int, dueAt due: Instant) -> (limit: Interval, bound: JitterBound?) {
    let delayed = due + triggers[trigger].delay
    var limit = triggers[trigger].jitter
    var bound: JitterBound?
    if case .fixedDelay = rules[trigger] {
    } else if let next = nextDue(of: trigger, after: TriggerAccount(accountedThrough: due, lastDue: due)) {
      if next - due < limit { (limit, bound) = (next - due, .nextDue) }
    }
    if gates.isOpen(at: delayed), let close = gates.closing(after: delayed) {
      if close - delayed < limit { (limit, bound) = (close - delayed, .gate) }
    }
    return (limit, bound)
  }
}
