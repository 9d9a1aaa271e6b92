/// Days and times of day that are meant: what cron, `daily`, `weekly` and `monthly` come down to.
///
/// All of this is local time in seconds since the place's 1970-01-01T00:00, and knows no time zone.
struct CalendarRule: Equatable, Sendable {
  let days: DayRule
  let times: TimesOfDay

  /// The first local time not before `local`; nil where none is left up to year 9999.
  @inline(__always)
  func next(atOrAfter local: Int64) -> Int64? {
    var day = Int(floorDivide(local, secondsPerDay))
    var time = Int(floorModulo(local, secondsPerDay))
    if time == 0, times.reachesEndOfDay { (day, time) = (day - 1, 86_400) }
    while let match = days.next(atOrAfter: day) {
      if match > day { time = 0 }
      if let found = times.next(atOrAfter: time) { return Int64(match) * secondsPerDay + Int64(found) }
      (day, time) = (match + 1, 0)
    }
    return nil
  }

  /// The last local time not after `local`; nil where none is left back to year 1.
  func previous(atOrBefore local: Int64) -> Int64? {
    var day = Int(floorDivide(local, secondsPerDay))
    var time = Int(floorModulo(local, secondsPerDay))
    // The day before ends in 24:00, which is this day's midnight: later than none of this day's times.
    if times.reachesEndOfDay, times.previous(atOrBefore: time) == nil { (day, time) = (day - 1, 86_400) }
    while let match = days.previous(atOrBefore: day) {
      if match < day { time = 86_400 }
      if let found = times.previous(atOrBefore: time) { return Int64(match) * secondsPerDay + Int64(found) }
      (day, time) = (match - 1, 86_400)
    }
    return nil
  }

  /// How many local times are in `first..<end`.
  ///
  /// - Complexity: O(months), whatever the number of times.
  func count(from first: Int64, to end: Int64) -> Int {
    guard first < end else { return 0 }
    if times.reachesEndOfDay {
      // Two days' times may be one here, which counting by days would count twice.
      var total = 0
      var local = first
      while let next = next(atOrAfter: local), next < end { (total, local) = (total + 1, next + 1) }
      return total
    }
    let firstDay = Int(floorDivide(first, secondsPerDay))
    let endDay = Int(floorDivide(end, secondsPerDay))
    var total = days.count(from: firstDay, to: endDay) * times.count
    if days.next(atOrAfter: firstDay) == firstDay {
      total -= times.count(before: Int(floorModulo(first, secondsPerDay)))
    }
    if days.next(atOrAfter: endDay) == endDay {
      total += times.count(before: Int(floorModulo(end, secondsPerDay)))
    }
    return total
  }
}
