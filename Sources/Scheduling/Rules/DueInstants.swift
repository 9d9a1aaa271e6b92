/// The due instants of one rule in one zone, without windows and without repetition.
struct DueInstants: Sendable {
  enum Kind: Sendable {
    case calendar(CalendarRule, byElapsedTime: Bool)
    /// `anchor` + n × `interval`, n from 0 on.
    case grid(anchor: Instant, interval: Interval)
    /// Sorted, none twice.
    case given([Instant])
  }

  let kind: Kind
  let zone: Zone
  /// None is due before.
  let start: Instant
  /// None is due at or after.
  let end: Instant

  init(_ kind: Kind, zone: Zone, start: Instant? = nil, end: Instant? = nil) {
    self.kind = kind
    self.zone = zone
    self.start = max(start ?? .distantPast, .distantPast)
    let afterAll = Instant(microseconds: Instant.distantFuture.microseconds + 1)
    self.end = min(end ?? afterAll, afterAll)
  }

  /// The first due instant strictly after `instant`.
  @inline(__always)
  func next(after instant: Instant) -> Instant? {
    let after = max(instant.microseconds, start.microseconds - 1)
    guard after < end.microseconds, let next = unbounded(after: Instant(microseconds: after)), next < end
    else {
      return nil
    }
    return next
  }

  @inline(__always)
  private func unbounded(after instant: Instant) -> Instant? {
    switch kind {
    case .calendar(let rule, let byElapsedTime):
      let seconds = instant.seconds
      let next =
        byElapsedTime
        ? zone.table.nextByElapsedTime(rule, after: seconds)
        : zone.table.nextByWallClock(rule, after: seconds)
      return next.map { Instant(seconds: $0) }
    case .grid(let anchor, let interval):
      guard instant >= anchor else { return anchor }
      let passed = (instant - anchor).microseconds / interval.microseconds
      return Instant(
        microseconds: saturatingSum(anchor.microseconds, saturatingProduct(passed + 1, interval.microseconds))
      )
    case .given(let instants):
      return instants.first { $0 > instant }
    }
  }

  /// The last due instant at or before `instant`.
  func previous(atOrBefore instant: Instant) -> Instant? {
    let instant = min(instant, Instant(microseconds: end.microseconds - 1))
    guard instant >= start else { return nil }
    var found: Instant?
    switch kind {
    case .calendar(let rule, let byElapsedTime):
      let previous =
        byElapsedTime
        ? zone.table.previousByElapsedTime(rule, atOrBefore: instant.seconds)
        : zone.table.previousByWallClock(rule, atOrBefore: instant.seconds)
      found = previous.map { Instant(seconds: $0) }
    case .grid(let anchor, let interval):
      guard instant >= anchor else { return nil }
      found = instant - Interval(microseconds: (instant - anchor).microseconds % interval.microseconds)
    case .given(let instants):
      found = instants.last { $0 <= instant }
    }
    return found.flatMap { $0 >= start ? $0 : nil }
  }

  /// How many are in `first...last`, which both are due instants.
  ///
  /// - Complexity: O(1) for a grid, O(months) for a calendar, whatever the number.
  func count(from first: Instant, through last: Instant) -> Int {
    switch kind {
    case .calendar(let rule, let byElapsedTime):
      zone.table.count(rule, from: first.seconds, through: last.seconds, byElapsedTime: byElapsedTime)
    case .grid(_, let interval):
      Int((last - first).microseconds / interval.microseconds) + 1
    case .given(let instants):
      instants.count { first <= $0 && $0 <= last }
    }
  }
}
