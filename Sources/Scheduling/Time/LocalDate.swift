/// A day of the Gregorian calendar, without a time zone.
public struct LocalDate: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Days since 1970-01-01.
  public let dayNumber: Int

  public init(dayNumber: Int) { self.dayNumber = dayNumber }

  /// Nil where the calendar has no such day, or the year is not one of 1...9999.
  public init?(year: Int, month: Int, day: Int) {
    guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
      day <= Calendar.length(ofMonth: month, year: year)
    else { return nil }
    self.init(dayNumber: Calendar.dayNumber(year: year, month: month, day: day))
  }

  /// Reads `2026-12-24`.
  public init(parsing text: String) throws(ScheduleError) {
    var reader = ISOReader(text)
    let date = try reader.date()
    guard reader.isAtEnd else { throw ScheduleError("\(quoted(text)) is not a date (YYYY-MM-DD)") }
    self = date
  }

  public var year: Int { Calendar.civil(dayNumber).year }
  public var month: Int { Calendar.civil(dayNumber).month }
  public var day: Int { Calendar.civil(dayNumber).day }
  public var weekday: Weekday { Weekday(rawValue: Calendar.weekday(dayNumber)) ?? .sunday }

  public static func < (left: LocalDate, right: LocalDate) -> Bool { left.dayNumber < right.dayNumber }

  /// `2026-12-24`.
  public var description: String {
    let civil = Calendar.civil(dayNumber)
    return "\(padded(Int64(civil.year), 4))-\(padded(Int64(civil.month), 2))-\(padded(Int64(civil.day), 2))"
  }
}

/// The proleptic Gregorian calendar in integers.
///
/// Days are counted from 1970-01-01. Source: http://howardhinnant.github.io/date_algorithms.html
enum Calendar {
  /// 2000-01-01 to 2400-01-01, a whole number of weeks: everything repeats after it.
  static let secondsPerCycle: Int64 = 146_097 * 86_400

  @inline(__always)
  static func dayNumber(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  @inline(__always)
  static func civil(_ dayNumber: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = dayNumber + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  /// 0 is Sunday.
  @inline(__always)
  static func weekday(_ dayNumber: Int) -> Int {
    // 1970-01-01 was a Thursday.
    let day = (dayNumber + 4) % 7
    return day < 0 ? day + 7 : day
  }

  @inline(__always)
  static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  @inline(__always)
  static func length(ofMonth month: Int, year: Int) -> Int {
    if month == 2 { return isLeap(year) ? 29 : 28 }
    // 31 30 31 30 31 30 31 31 30 31 30 31
    return 30 + (month + month >> 3) & 1
  }
}
