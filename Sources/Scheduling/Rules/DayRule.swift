/// Which days are meant. Days are numbered from 1970-01-01.
enum DayRule: Equatable, Sendable {
  /// Days of these months (bit m: month m) of these years.
  case months(MonthDays, months: UInt16, years: YearSet)
  /// Every n-th day, counted from `anchor`.
  case every(days: Int, anchor: Int)
  /// On these weekdays (bit 0: Sunday) of every n-th week, counted from the Monday `anchor`.
  case weeks(weekdays: UInt8, every: Int, anchor: Int)

  static let firstDay = Calendar.dayNumber(year: 1, month: 1, day: 1)
  static let lastDay = Calendar.dayNumber(year: 9_999, month: 12, day: 31)

  /// The first such day not before `day`; nil where none is left up to year 9999.
  ///
  /// - Complexity: O(years passed over), at most one Gregorian cycle of 400 years for a rule that ever holds.
  @inline(__always)
  func next(atOrAfter day: Int) -> Int? {
    let day = max(day, Self.firstDay)
    guard day <= Self.lastDay else { return nil }
    switch self {
    case .months(let days, let months, let years):
      return Self.next(days, months, years, day)
    case .every(let step, let anchor):
      return bounded(day + Int(floorModulo(Int64(anchor - day), Int64(step))))
    case .weeks(let weekdays, let step, let anchor):
      var week = (day - anchor) - Int(floorModulo(Int64(day - anchor), 7))
      var candidates = Self.fromMonday(weekdays).keepingBits(from: day - anchor - week)
      let skipped = Int(floorModulo(Int64(-week / 7), Int64(step)))
      if skipped > 0 || candidates == 0 {
        week += (skipped > 0 ? skipped : step) * 7
        candidates = Self.fromMonday(weekdays)
      }
      return bounded(anchor + week + candidates.trailingZeroBitCount)
    }
  }

  /// The last such day not after `day`; nil where none is left back to year 1.
  func previous(atOrBefore day: Int) -> Int? {
    let day = min(day, Self.lastDay)
    guard day >= Self.firstDay else { return nil }
    switch self {
    case .months(let days, let months, let years):
      return Self.previous(days, months, years, day)
    case .every(let step, let anchor):
      return bounded(day - Int(floorModulo(Int64(day - anchor), Int64(step))))
    case .weeks(let weekdays, let step, let anchor):
      var week = (day - anchor) - Int(floorModulo(Int64(day - anchor), 7))
      var candidates = Self.fromMonday(weekdays) & UInt8((2 << (day - anchor - week)) - 1)
      let skipped = Int(floorModulo(Int64(week / 7), Int64(step)))
      if skipped > 0 || candidates == 0 {
        week -= (skipped > 0 ? skipped : step) * 7
        candidates = Self.fromMonday(weekdays)
      }
      return bounded(anchor + week + 7 - candidates.leadingZeroBitCount)
    }
  }

  /// How many such days are in `first..<end`.
  func count(from first: Int, to end: Int) -> Int {
    guard first < end else { return 0 }
    guard case .months(let days, let months, let years) = self else {
      // Both kinds repeat, so that they are counted by whole periods.
      let period =
        if case .every(let step, _) = self { step } else if case .weeks(_, let step, _) = self {
          step * 7
        } else { 1 }
      let perPeriod = if case .weeks(let weekdays, _, _) = self { weekdays.nonzeroBitCount } else { 1 }
      var total = (end - first) / period * perPeriod
      var day = first + (end - first) / period * period
      while let next = next(atOrAfter: day), next < end {
        total += 1
        day = next + 1
      }
      return total
    }
    var total = 0
    var (year, month, from) = Calendar.civil(first)
    let last = Calendar.civil(end - 1)
    while (year, month) <= (last.year, last.month) {
      if months & 1 << UInt16(month) != 0, years.next(atOrAfter: year) == year {
        var mask = Self.mask(days, year, month).keepingBits(from: from)
        if (year, month) == (last.year, last.month) {
          mask &= UInt32(truncatingIfNeeded: (UInt64(2) << UInt64(last.day)) - 1)
        }
        total += mask.nonzeroBitCount
      }
      from = 1
      month += 1
      if month > 12 { (year, month) = (year + 1, 1) }
    }
    return total
  }

  private func bounded(_ day: Int) -> Int? { (Self.firstDay...Self.lastDay).contains(day) ? day : nil }

  /// Bit 0: Monday.
  @inline(__always)
  private static func fromMonday(_ weekdays: UInt8) -> UInt8 { (weekdays >> 1 | weekdays << 6) & 0x7f }

  @inline(__always)
  private static func mask(_ days: MonthDays, _ year: Int, _ month: Int) -> UInt32 {
    days.mask(
      length: Calendar.length(ofMonth: month, year: year),
      firstWeekday: Calendar.weekday(Calendar.dayNumber(year: year, month: month, day: 1)))
  }

  @inline(__always)
  private static func next(_ days: MonthDays, _ months: UInt16, _ years: YearSet, _ day: Int) -> Int? {
    var (year, month, from) = Calendar.civil(day)
    var emptyYears = 0
    while let match = years.next(atOrAfter: year), match <= 9_999, emptyYears <= 400 {
      if match > year { (year, month, from) = (match, 1, 1) }
      var left = months.keepingBits(from: month)
      while left != 0 {
        let next = left.trailingZeroBitCount
        if next > month { (month, from) = (next, 1) }
        let mask = mask(days, year, month).keepingBits(from: from)
        if mask != 0 {
          return Calendar.dayNumber(year: year, month: month, day: mask.trailingZeroBitCount)
        }
        left &= left - 1
      }
      (year, month, from) = (year + 1, 1, 1)
      // Given years may be few and far between; the calendar alone repeats after 400.
      if years.items.isEmpty { emptyYears += 1 }
    }
    return nil
  }

  private static func previous(_ days: MonthDays, _ months: UInt16, _ years: YearSet, _ day: Int) -> Int? {
    var (year, month, through) = Calendar.civil(day)
    var emptyYears = 0
    while let match = years.previous(atOrBefore: year), match >= 1, emptyYears <= 400 {
      if match < year { (year, month, through) = (match, 12, 31) }
      while month >= 1 {
        if months & 1 << UInt16(month) != 0 {
          let mask = mask(days, year, month) & UInt32(truncatingIfNeeded: (UInt64(2) << UInt64(through)) - 1)
          if mask != 0 {
            return Calendar.dayNumber(year: year, month: month, day: 31 - mask.leadingZeroBitCount)
          }
        }
        (month, through) = (month - 1, 31)
      }
      (year, month, through) = (year - 1, 12, 31)
      if years.items.isEmpty { emptyYears += 1 }
    }
    return nil
  }
}
