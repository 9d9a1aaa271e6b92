/// How the day-of-month and the day-of-week field of a cron expression combine.
public enum DayMatch: String, Sendable, CaseIterable {
  /// With OR where both are restricted; a field that begins with `*` or is `?` is not restricted, and then
  /// both must match. As in every cron since Vixie's.
  case standard
  case and, or
}

/// A cron expression of five fields, six with seconds first, seven with a year last (SPEC 4.3).
public struct CronExpression: Hashable, Sendable, CustomStringConvertible {
  /// As written, with single spaces.
  public let text: String
  public let dayMatch: DayMatch
  /// What `H` was made of.
  public let jobName: String

  let rule: CalendarRule
  /// Whether the hour field matches all 24 hours, so that it follows elapsed time (SPEC 4.4).
  let followsElapsedTime: Bool

  /// Reads an expression.
  ///
  /// - Parameter jobName: What `H` hashes.
  /// - Throws: quoting the expression and pointing at the place; also where it can never fire.
  public init(parsing text: String, jobName: String = "", dayMatch: DayMatch = .standard)
    throws(ScheduleError)
  {
    let expansion = try CronParser.expansion(of: text)
    var parser = CronParser(expansion ?? text, jobName: jobName)
    try parser.read()
    var days = parser.days
    let numbersAreFree =
      parser.dayOfMonthHasStar && days.numbered & MonthDays.allNumbers == MonthDays.allNumbers
    let weekdaysAreFree = parser.dayOfWeekHasStar && days.weekdays == MonthDays.allWeekdays
    switch dayMatch {
    case .standard: days.needsBoth = parser.dayOfMonthHasStar || parser.dayOfWeekHasStar
    case .and: days.needsBoth = true
    // A field that says nothing has nothing to add: "or" must not make every day of it.
    case .or: days.needsBoth = numbersAreFree || weekdaysAreFree
    }
    rule = CalendarRule(
      days: .months(
        days, months: parser.months, years: YearSet(items: Self.isAll(parser.years) ? [] : parser.years)),
      times: .fields(seconds: parser.seconds, minutes: parser.minutes, hours: parser.hours))
    followsElapsedTime = parser.hours == 0xff_ffff
    self.text = Self.normalized(text)
    self.dayMatch = dayMatch
    self.jobName = jobName
    let firstDay = parser.years.map(\.first).min().map { Calendar.dayNumber(year: $0, month: 1, day: 1) } ?? 0
    guard rule.days.next(atOrAfter: firstDay) != nil else {
      throw ScheduleError(
        "\(quoted(text)) can never fire: \(Self.reason(parser, needsBoth: days.needsBoth))")
    }
  }

  private static func isAll(_ years: [YearSet.Item]) -> Bool {
    years.contains(
      YearSet.Item(first: CronField.year.range.lowerBound, last: CronField.year.range.upperBound, step: 1))
  }

  private static func normalized(_ text: String) -> String {
    let blanks: (UInt8) -> Bool = { $0 == 32 || $0 == 9 || $0 == 10 || $0 == 13 }
    var previousIsBlank = true
    for letter in text.utf8 {
      if blanks(letter), previousIsBlank || letter != 32 {
        return text.utf8.split(whereSeparator: blanks).map { String($0) ?? "" }.joined(separator: " ")
      }
      previousIsBlank = blanks(letter)
    }
    return previousIsBlank
      ? text.utf8.split(whereSeparator: blanks).map { String($0) ?? "" }.joined(separator: " ") : text
  }

  public static func == (left: CronExpression, right: CronExpression) -> Bool {
    left.text == right.text && left.dayMatch == right.dayMatch && left.rule == right.rule
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(text)
    hasher.combine(dayMatch)
  }

  public var description: String { text }

  /// The first due instant strictly after `instant`, or nil if none ever comes up to the year 9999.
  ///
  /// A local time that daylight saving skips is due at the first instant after the gap; one that it
  /// repeats is due once, at its first occurrence. Where the hour field matches all 24 hours the
  /// expression follows elapsed time instead: it fires in each real hour.
  ///
  /// - Complexity: O(years passed over), no allocation; the search ends after one Gregorian cycle of 400 years.
  public func next(after instant: Instant, in zone: Zone) -> Instant? {
    DueInstants(.calendar(rule, byElapsedTime: followsElapsedTime), zone: zone).next(after: instant)
  }
}
