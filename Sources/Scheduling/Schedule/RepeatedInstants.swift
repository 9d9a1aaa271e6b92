/// The due instants of a rule, and after each its repetitions (SPEC 4.1).
///
/// A repetition lasts for its duration, Windows' fencepost included (1 m for 4 m is five starts), and never
/// over the next due instant of the rule, from which a new one begins.
struct RepeatedInstants: Sendable {
  let base: DueInstants
  let repetition: Repetition

  func next(after instant: Instant) -> Instant? {
    let next = base.next(after: instant)
    guard let begin = base.previous(atOrBefore: instant) else { return next }
    let passed = (instant - begin).microseconds / repetition.every.microseconds
    let offset = Interval(microseconds: saturatingProduct(passed + 1, repetition.every.microseconds))
    let repeated = begin + offset
    guard offset <= repetition.duration ?? offset, repeated < base.end, repeated < next ?? base.end else {
      return next
    }
    return repeated
  }

  func previous(atOrBefore instant: Instant) -> Instant? {
    let instant = min(instant, base.end - Interval(microseconds: 1))
    guard let begin = base.previous(atOrBefore: instant) else { return nil }
    let length = min(instant - begin, repetition.duration ?? (instant - begin))
    return begin
      + Interval(
        microseconds: length.microseconds / repetition.every.microseconds * repetition.every.microseconds)
  }

  /// How many are in `first...last`, which both are due instants.
  ///
  /// - Complexity: O(due instants of the rule), whatever the number of repetitions.
  func count(from first: Instant, through last: Instant) -> Int {
    guard var begin = base.previous(atOrBefore: first) else { return 0 }
    var total = 0
    while begin <= last {
      let next = base.next(after: begin)
      let untilNext = (next ?? base.end) - begin - Interval(microseconds: 1)
      let length = min(repetition.duration ?? untilNext, untilNext, last - begin)
      let skipped = begin < first ? ((first - begin).microseconds - 1) / repetition.every.microseconds + 1 : 0
      total += Int(length.microseconds / repetition.every.microseconds - skipped) + 1
      guard let next else { break }
      begin = next
    }
    return total
  }

  /// When the repetition that is going on at `instant` ends: its last start is past, or the rule fires anew.
  func end(at instant: Instant) -> Instant? {
    guard let begin = base.previous(atOrBefore: instant) else { return nil }
    let next = base.next(after: begin)
    guard let duration = repetition.duration else { return next }
    return min(begin + duration, next ?? begin + duration)
  }
}
