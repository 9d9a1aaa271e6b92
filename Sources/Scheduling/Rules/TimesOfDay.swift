/// Which times of a day are meant, in seconds since midnight.
enum TimesOfDay: Equatable, Sendable {
  /// Every combination of these hours, minutes and seconds, as bits.
  case fields(seconds: UInt64, minutes: UInt64, hours: UInt32)
  /// Sorted, none twice. 86400 is the end of the day.
  case list([Int])

  /// How many times a day has.
  var count: Int {
    switch self {
    case .fields(let seconds, let minutes, let hours):
      seconds.nonzeroBitCount * minutes.nonzeroBitCount * hours.nonzeroBitCount
    case .list(let times): times.count
    }
  }

  /// Whether 24:00 is among them, which is the next day's midnight.
  @inline(__always)
  var reachesEndOfDay: Bool {
    if case .list(let times) = self { return times.last == 86_400 }
    return false
  }

  /// The first such time not before `time`.
  @inline(__always)
  func next(atOrAfter time: Int) -> Int? {
    switch self {
    case .fields(let seconds, let minutes, let hours):
      var hour = time / 3_600
      guard hour < 24 else { return nil }
      let minute = time / 60 % 60
      if hours & 1 << UInt32(hour) != 0 {
        let restOfSeconds = seconds.keepingBits(from: time % 60)
        if minutes & 1 << UInt64(minute) != 0, restOfSeconds != 0 {
          return hour * 3_600 + minute * 60 + restOfSeconds.trailingZeroBitCount
        }
        let restOfMinutes = minutes.keepingBits(from: minute + 1)
        if restOfMinutes != 0 {
          return hour * 3_600 + restOfMinutes.trailingZeroBitCount * 60 + seconds.trailingZeroBitCount
        }
      }
      let restOfHours = UInt64(hours).keepingBits(from: hour + 1)
      guard restOfHours != 0 else { return nil }
      hour = restOfHours.trailingZeroBitCount
      return hour * 3_600 + minutes.trailingZeroBitCount * 60 + seconds.trailingZeroBitCount
    case .list(let times):
      return times.first { $0 >= time }
    }
  }

  /// The last such time not after `time`.
  func previous(atOrBefore time: Int) -> Int? {
    switch self {
    case .fields(let seconds, let minutes, let hours):
      guard time >= 0 else { return nil }
      let (hour, minute, second) = (
        min(time, 86_399) / 3_600, min(time, 86_399) / 60 % 60, min(time, 86_399) % 60
      )
      func highest(_ bits: UInt64) -> Int { 63 - bits.leadingZeroBitCount }
      if hours & 1 << UInt32(hour) != 0 {
        let earlierSeconds = seconds & Self.below(second + 1)
        if minutes & 1 << UInt64(minute) != 0, earlierSeconds != 0 {
          return hour * 3_600 + minute * 60 + highest(earlierSeconds)
        }
        let earlierMinutes = minutes & Self.below(minute)
        if earlierMinutes != 0 { return hour * 3_600 + highest(earlierMinutes) * 60 + highest(seconds) }
      }
      let earlierHours = UInt64(hours) & Self.below(hour)
      guard earlierHours != 0 else { return nil }
      return highest(earlierHours) * 3_600 + highest(minutes) * 60 + highest(seconds)
    case .list(let times):
      return times.last { $0 <= time }
    }
  }

  /// How many such times are before `time`.
  func count(before time: Int) -> Int {
    guard time > 0 else { return 0 }
    switch self {
    case .fields(let seconds, let minutes, let hours):
      guard time < 86_400 else { return count }
      let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60)
      func number(_ bits: UInt64, below bit: Int) -> Int { (bits & Self.below(bit)).nonzeroBitCount }
      var total = number(UInt64(hours), below: hour) * minutes.nonzeroBitCount * seconds.nonzeroBitCount
      if hours & 1 << UInt32(hour) != 0 {
        total += number(minutes, below: minute) * seconds.nonzeroBitCount
        if minutes & 1 << UInt64(minute) != 0 { total += number(seconds, below: second) }
      }
      return total
    case .list(let times):
      return times.count { $0 < time }
    }
  }

  private static func below(_ bit: Int) -> UInt64 { (1 << UInt64(bit)) - 1 }
}
