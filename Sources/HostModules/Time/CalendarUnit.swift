import Scheduling

/// Units of the calendar and the clock, from large to small.
enum CalendarUnit: String, CaseIterable {
  case year, month, week, day, hour, minute, second

  /// The name of several: `days`.
  var plural: String { rawValue + "s" }

  /// Reads `day` and `days`.
  init?(named name: String) {
    guard let unit = Self.allCases.first(where: { $0.rawValue == name || $0.plural == name }) else {
      return nil
    }
    self = unit
  }

  /// The length of a unit that is the same everywhere.
  var length: Interval? {
    switch self {
    case .year, .month, .week, .day: nil
    case .hour: .hours(1)
    case .minute: .minutes(1)
    case .second: .seconds(1)
    }
  }
}

/// So many of each unit, to be added to an instant.
struct CalendarSpan: Equatable {
  var months = 0
  var days = 0
  var exact = Interval.zero

  init() {}

  init(_ count: Int, _ unit: CalendarUnit) { add(count, unit) }

  /// Adds so many of a unit. `count` must be smaller than a million of years.
  mutating func add(_ count: Int, _ unit: CalendarUnit) {
    switch unit {
    case .year: months += count * 12
    case .month: months += count
    case .week: days += count * 7
    case .day: days += count
    case .hour, .minute, .second:
      let length = unit.length ?? .zero
      exact =
        exact
        + Interval(
          microseconds: length.microseconds.multipliedReportingOverflow(by: Int64(count)).partialValue)
    }
  }
}

extension Zone {
  /// The instant that much later: months first, then days, at the same time of day on the clock here; then what
  /// is elapsed time. Nil outside the years 1 to 9999.
  func adding(_ span: CalendarSpan, to instant: Instant) -> Instant? {
    var result = instant
    if span.months != 0 || span.days != 0 {
      var local = localTime(at: instant)
      guard let date = local.date.adding(months: span.months)?.adding(days: span.days) else { return nil }
      local.date = date
      result = self.instant(of: local)
    }
    result += span.exact
    return result >= .distantPast && result <= .distantFuture ? result : nil
  }

  /// How many whole units lie between the two, by the calendar here; negative where `to` is the earlier.
  func count(of unit: CalendarUnit, from: Instant, to: Instant) -> Int {
    if let length = unit.length { return Int((to - from).microseconds / length.microseconds) }
    let (first, last) = (localTime(at: from).date, localTime(at: to).date)
    var count =
      switch unit {
      case .year: last.year - first.year
      case .month: (last.year - first.year) * 12 + last.month - first.month
      case .week: (last.dayNumber - first.dayNumber) / 7
      default: last.dayNumber - first.dayNumber
      }
    // The time of day may say that the last one is not whole.
    func reached(_ count: Int) -> Instant { adding(CalendarSpan(count, unit), to: from) ?? to }
    if to >= from {
      while count > 0, reached(count) > to { count -= 1 }
    } else {
      while count < 0, reached(count) < to { count += 1 }
    }
    return count
  }

  /// The beginning of the unit that the instant lies in; weeks begin on Monday.
  func start(of unit: CalendarUnit, at instant: Instant) -> Instant {
    let local = localTime(at: instant)
    if let length = unit.length {
      // Elapsed time, so that an hour that comes twice begins twice.
      return instant - Interval(microseconds: local.microseconds % length.microseconds)
    }
    let date = local.date
    let first =
      switch unit {
      case .year: date.adding(days: 1 - date.dayOfYear)
      case .month: date.adding(days: 1 - date.day)
      case .week: date.adding(days: 1 - date.weekday.isoNumber)
      default: date
      }
    return self.instant(of: first ?? date, at: .midnight)
  }
}
