/// Due instants of a calendar rule in a time zone, in seconds since the epoch.
extension ZoneTable {
  /// The first due instant after `seconds`, by the wall clock: each local time once, a skipped one at
  /// the first instant after the gap, a repeated one at the first of the two (SPEC 4.4).
  ///
  /// No local time up to the latest that was shown so far is due again; everything after it is still to come.
  @inline(__always)
  func nextByWallClock(_ rule: CalendarRule, after seconds: Int64) -> Int64? {
    let segment = segment(at: seconds)
    let shown = max(seconds + offset(of: segment), localReached(before: segment) - 1)
    guard let local = rule.next(atOrAfter: shown + 1) else { return nil }
    // Most often it is still the same segment.
    if local >= start(of: segment) + offset(of: segment), local < start(of: segment + 1) + offset(of: segment)
    {
      return local - offset(of: segment)
    }
    return utc(ofLocal: local)
  }

  func previousByWallClock(_ rule: CalendarRule, atOrBefore seconds: Int64) -> Int64? {
    let segment = segment(at: seconds)
    let shown = max(seconds + offset(of: segment), localReached(before: segment) - 1)
    return rule.previous(atOrBefore: shown).map(utc(ofLocal:))
  }

  /// The first due instant after `seconds`, by elapsed time: whenever the clock shows a local time of the
  /// rule, so that a repeated hour counts twice and a skipped one not at all.
  @inline(__always)
  func nextByElapsedTime(_ rule: CalendarRule, after seconds: Int64) -> Int64? {
    var segment = segment(at: seconds)
    var from = seconds + 1 + offset(of: segment)
    guard var next = rule.next(atOrAfter: from) else { return nextAfterLast(rule, segment) }
    while true {
      let offset = offset(of: segment)
      let end = start(of: segment + 1)
      if next < end + offset { return next - offset }
      segment += 1
      let localStart = end + self.offset(of: segment)
      // Between `from` and `next` there is none, so that only a clock that went back asks for a new search.
      if localStart < from || localStart > next {
        from = localStart
        guard let found = rule.next(atOrAfter: from) else { return nextAfterLast(rule, segment) }
        next = found
      }
    }
  }

  /// A clock may go back at the very end of what the rule allows.
  private func nextAfterLast(_ rule: CalendarRule, _ segment: Int) -> Int64? {
    let start = start(of: segment + 1)
    guard start < Self.future, let next = rule.next(atOrAfter: start + offset(of: segment + 1)),
      next < self.start(of: segment + 2) + offset(of: segment + 1)
    else { return nil }
    return next - offset(of: segment + 1)
  }

  func previousByElapsedTime(_ rule: CalendarRule, atOrBefore seconds: Int64) -> Int64? {
    var segment = segment(at: seconds)
    var through = seconds + offset(of: segment)
    guard var previous = rule.previous(atOrBefore: max(through, localReached(before: segment) - 1)) else {
      return nil
    }
    if previous > through { previous = rule.previous(atOrBefore: through) ?? .min }
    while true {
      let offset = offset(of: segment)
      let start = start(of: segment)
      if previous >= start + offset { return previous - offset }
      guard segment > 0 else { return nil }
      segment -= 1
      let localEnd = start - 1 + self.offset(of: segment)
      if localEnd > through || localEnd < previous {
        through = localEnd
        guard let found = rule.previous(atOrBefore: through) else { return nil }
        previous = found
      }
    }
  }

  /// How many due instants are in `first...last`.
  ///
  /// - Complexity: O(months), whatever the number of due instants.
  func count(_ rule: CalendarRule, from first: Int64, through last: Int64, byElapsedTime: Bool) -> Int {
    var total = 0
    var segment = segment(at: first)
    while start(of: segment) <= last {
      let offset = offset(of: segment)
      let start = start(of: segment)
      let end = min(self.start(of: segment + 1), last + 1) + offset
      var from = max(start, first) + offset
      if !byElapsedTime {
        let reached = localReached(before: segment)
        // What the gap swallowed is due at its end, together with what is due there anyway.
        if start >= first, segment > 0, rule.count(from: reached, to: start + offset) > 0,
          rule.next(atOrAfter: start + offset) != start + offset
        {
          total += 1
        }
        from = max(from, reached)
      }
      total += rule.count(from: from, to: end)
      segment += 1
    }
    return total
  }
}
