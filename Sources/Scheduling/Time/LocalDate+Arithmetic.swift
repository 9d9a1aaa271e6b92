extension LocalDate {
  /// The day that many days later; earlier, where it is negative. Nil outside the years 1...9999.
  public func adding(days: Int) -> LocalDate? {
    let (number, overflow) = dayNumber.addingReportingOverflow(days)
    let range =
      Calendar.dayNumber(year: 1, month: 1, day: 1)...Calendar.dayNumber(year: 9_999, month: 12, day: 31)
    return overflow || !range.contains(number) ? nil : LocalDate(dayNumber: number)
  }

  /// The same day that many months later, or the last of the month where it has no such day. Nil outside the
  /// years 1...9999.
  public func adding(months: Int) -> LocalDate? {
    guard months.magnitude <= 120_000 else { return nil }
    let civil = Calendar.civil(dayNumber)
    let count = civil.year * 12 + civil.month - 1 + months
    let (year, month) = (count / 12, count % 12 + 1)
    guard count >= 12, year <= 9_999 else { return nil }
    return LocalDate(
      year: year, month: month, day: min(civil.day, Calendar.length(ofMonth: month, year: year)))
  }

  /// From 1 on.
  public var dayOfYear: Int {
    dayNumber - Calendar.dayNumber(year: Calendar.civil(dayNumber).year, month: 1, day: 1) + 1
  }

  /// The week and the year that it belongs to: weeks begin on Monday, the first one has the year's first
  /// Thursday. Source: ISO 8601.
  public var isoWeek: (year: Int, week: Int) {
    // A week is of the year that its Thursday is in.
    let thursday = LocalDate(dayNumber: dayNumber + 4 - weekday.isoNumber)
    return (thursday.year, (thursday.dayOfYear - 1) / 7 + 1)
  }
}

extension Weekday {
  /// Monday is 1, Sunday 7.
  public var isoNumber: Int { self == .sunday ? 7 : rawValue }
}
