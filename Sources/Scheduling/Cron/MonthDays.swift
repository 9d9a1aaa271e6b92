/// Which days of a month are meant: by number, from the end, by weekday.
///
/// All of it is bits, so that a whole month is answered at once.
struct MonthDays: Equatable, Sendable {
  /// Bit d: day d, 1...31.
  var numbered: UInt32 = 0
  /// Bit n: n days before the last, 0...30.
  var beforeLast: UInt32 = 0
  /// Bit d: the weekday (Monday to Friday) nearest to day d, in the same month.
  var nearestWorkday: UInt32 = 0
  /// The last Monday to Friday of the month.
  var lastWorkday = false
  /// Bit d: weekday d, 0 is Sunday.
  var weekdays: UInt8 = 0
  /// Bit (n - 1) * 7 + d: the n-th weekday d.
  var ordinalWeekdays: UInt64 = 0
  /// Bit d: the last weekday d.
  var lastWeekdays: UInt8 = 0
  /// Whether a day must be meant by number and by weekday; else either is enough.
  var needsBoth = true

  static let allNumbers: UInt32 = 0xffff_fffe
  static let allWeekdays: UInt8 = 0x7f

  /// The days that are meant, bit d for day d.
  ///
  /// - Parameter firstWeekday: The weekday of the month's first day, 0 is Sunday.
  @inline(__always)
  func mask(length: Int, firstWeekday: Int) -> UInt32 {
    let existing = UInt32(truncatingIfNeeded: (UInt64(2) << UInt64(length)) - 2)
    var numbers = numbered
    if beforeLast != 0 || nearestWorkday != 0 || lastWorkday {
      numbers |= specialNumbers(length: length, firstWeekday: firstWeekday)
    }
    var byWeekday = Self.spread(weekdays, firstWeekday)
    if ordinalWeekdays != 0 || lastWeekdays != 0 {
      byWeekday |= specialWeekdays(length: length, firstWeekday: firstWeekday)
    }
    return (needsBoth ? numbers & byWeekday : numbers | byWeekday) & existing
  }

  /// The days on these weekdays, bit d for day d.
  @inline(__always)
  private static func spread(_ weekdays: UInt8, _ firstWeekday: Int) -> UInt32 {
    let doubled = UInt64(weekdays) | UInt64(weekdays) << 7
    let week = (doubled >> UInt64(firstWeekday)) & 0x7f
    return UInt32(truncatingIfNeeded: (week &* 0x1020_4081) << 1)
  }

  private func specialNumbers(length: Int, firstWeekday: Int) -> UInt32 {
    func weekday(_ day: Int) -> Int { (firstWeekday + day - 1) % 7 }
    var days: UInt32 = 0
    for before in 0..<length where beforeLast & 1 << UInt32(before) != 0 {
      days |= 1 << UInt32(length - before)
    }
    for day in 1...length where nearestWorkday & 1 << UInt32(day) != 0 {
      switch weekday(day) {
      case 6: days |= 1 << UInt32(day == 1 ? 3 : day - 1)
      case 0: days |= 1 << UInt32(day == length ? day - 2 : day + 1)
      default: days |= 1 << UInt32(day)
      }
    }
    if lastWorkday {
      let over = [2, 0, 0, 0, 0, 0, 1][weekday(length)]
      days |= 1 << UInt32(length - over)
    }
    return days
  }

  private func specialWeekdays(length: Int, firstWeekday: Int) -> UInt32 {
    var days: UInt32 = 0
    var ordinals = ordinalWeekdays
    while ordinals != 0 {
      let bit = ordinals.trailingZeroBitCount
      ordinals &= ordinals - 1
      let day = (bit % 7 - firstWeekday + 7) % 7 + 1 + bit / 7 * 7
      if day <= length { days |= 1 << UInt32(day) }
    }
    for weekday in 0..<7 where lastWeekdays & 1 << UInt8(weekday) != 0 {
      let first = (weekday - firstWeekday + 7) % 7 + 1
      days |= 1 << UInt32(first + (length - first) / 7 * 7)
    }
    return days
  }
}
