extension CronExpression {
  /// Why an expression never fires, and what would be right.
  static func reason(_ parser: CronParser, needsBoth: Bool) -> String {
    let months = (1...12).filter { parser.months & 1 << UInt16($0) != 0 }
    let days = parser.days
    let longest = months.map { Calendar.length(ofMonth: $0, year: 2000) }.max() ?? 31
    if let day = tooLate(days, longest) { return noSuchDay(day, in: months) + " \"L\"" }
    if isLeapDayAlone(days, months), !parser.years.isEmpty,
      !(1970...9999).contains(where: { Calendar.length(ofMonth: 2, year: $0) == 29 && parser.isYear($0) })
    {
      return "there is a 29 February in leap years only, and the year field names none"
    }
    guard needsBoth, days.numbered & MonthDays.allNumbers != MonthDays.allNumbers,
      days.weekdays != MonthDays.allWeekdays
    else { return "no such month has such a day" }
    return "day of month and day of week must both match, and they never do"
  }

  /// Why days that are told by number alone never come, where they do not: `February has no day 30`.
  static func reason(_ days: MonthDays, months: Set<Int>) -> String? {
    let longest = months.map { Calendar.length(ofMonth: $0, year: 2000) }.max() ?? 31
    return tooLate(days, longest).map { noSuchDay($0, in: months.sorted()) + " \"last\"" }
  }

  /// The first day, where all of them are told by number and none of the months has it.
  private static func tooLate(_ days: MonthDays, _ longest: Int) -> Int? {
    let numbers = (days.numbered | days.nearestWorkday).keepingBits(from: 1)
    guard days.beforeLast == 0, !days.lastWorkday, numbers.trailingZeroBitCount > longest, numbers != 0 else {
      return nil
    }
    return numbers.trailingZeroBitCount
  }

  private static func noSuchDay(_ day: Int, in months: [Int]) -> String {
    let names = English.list(months.map(English.month))
    return "\(names) \(months.count == 1 ? "has" : "have") no day \(day); the last day of a month is"
  }

  private static func isLeapDayAlone(_ days: MonthDays, _ months: [Int]) -> Bool {
    months == [2] && days.beforeLast == 0 && !days.lastWorkday
      && (days.numbered | days.nearestWorkday).keepingBits(from: 1).trailingZeroBitCount == 29
  }
}

extension CronParser {
  fileprivate func isYear(_ year: Int) -> Bool { YearSet(items: years).next(atOrAfter: year) == year }
}
