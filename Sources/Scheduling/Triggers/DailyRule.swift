/// Every n-th day at one or several times of day.
public struct DailyRule: Sendable, Hashable {
  public var at: [TimeOfDay]
  /// Counted from the trigger's `start_at`, else from 1970-01-01.
  public var everyDays: Int

  public init(at: [TimeOfDay], everyDays: Int = 1) {
    self.at = at
    self.everyDays = everyDays
  }
}

/// Every n-th week on these days.
public struct WeeklyRule: Sendable, Hashable {
  public var on: Set<Weekday>
  public var at: [TimeOfDay]
  /// Counted from the week, Monday to Sunday, of the trigger's `start_at`, else from Monday 1970-01-05.
  public var everyWeeks: Int

  public init(on: Set<Weekday>, at: [TimeOfDay], everyWeeks: Int = 1) {
    self.on = on
    self.at = at
    self.everyWeeks = everyWeeks
  }
}

/// On days of the month; a day that a month does not have is passed over.
public struct MonthlyRule: Sendable, Hashable {
  public var on: [MonthDay]
  /// 1...12.
  public var months: Set<Int>
  public var at: [TimeOfDay]

  public init(on: [MonthDay], months: Set<Int> = Set(1...12), at: [TimeOfDay]) {
    self.on = on
    self.months = months
    self.at = at
  }

  /// The number of a month: `jan`...`dec` or a full English name.
  public static func month(parsing text: String) throws(ScheduleError) -> Int {
    guard let month = CronField.month.value(named: Array(text.utf8)[...]) else {
      throw ScheduleError(
        "\(quoted(text)) is not a month (jan, feb, mar, apr, may, jun, jul, aug, sep, oct, nov, dec)"
          + SlipFinder.hint(for: text, among: CronField.month.names))
    }
    return month
  }
}

/// A day of the month, as `monthly` names it.
public enum MonthDay: Sendable, Hashable, CustomStringConvertible {
  /// 1...31.
  case day(Int)
  case last
  /// The first to fifth such weekday.
  case ordinal(Int, Weekday)
  case lastWeekday(Weekday)

  private static let ordinals = ["first", "second", "third", "fourth", "fifth"]

  /// Nil where no month has it.
  public init?(day: Int) {
    guard (1...31).contains(day) else { return nil }
    self = .day(day)
  }

  /// Reads `last`, `first mon`, `2nd tuesday`, `last fri`, or a number.
  public init(parsing text: String) throws(ScheduleError) {
    let words = text.lowercased().split(whereSeparator: \.isWhitespace).map(String.init)
    let hint = words.first.map { first in
      let near = SlipFinder.nearest(to: first, in: Self.ordinals + ["last"])
      return near.map { "; did you mean \(quoted(([$0] + words.dropFirst()).joined(separator: " ")))?" } ?? ""
    }
    let wrong = ScheduleError(
      "\(quoted(text)) is not a day of the month (1 to 31, \"last\", \"first mon\", \"last fri\")"
        + (hint ?? ""))
    guard let first = words.first, words.count <= 2 else { throw wrong }
    if words.count == 1 {
      if first == "last" {
        self = .last
      } else if let number = Int(first), let day = MonthDay(day: number) {
        self = day
      } else {
        throw wrong
      }
      return
    }
    let weekday = try Weekday(parsing: words[1])
    let short = ["1st", "2nd", "3rd", "4th", "5th"]
    if first == "last" {
      self = .lastWeekday(weekday)
    } else if let index = Self.ordinals.firstIndex(of: first) ?? short.firstIndex(of: first) {
      self = .ordinal(index + 1, weekday)
    } else {
      throw wrong
    }
  }

  /// As it is written in a job: `15`, `last`, `first mon`.
  public var description: String {
    switch self {
    case .day(let day): String(day)
    case .last: "last"
    case .ordinal(let number, let weekday): "\(Self.word(number)) \(weekday)"
    case .lastWeekday(let weekday): "last \(weekday)"
    }
  }

  static func word(_ number: Int) -> String {
    ordinals.indices.contains(number - 1) ? ordinals[number - 1] : "\(number)th"
  }
}
