import JobWriting
import Scheduling

extension CalendarSpec {
  /// The expression as a trigger, in the words that say it best: `daily`, `weekly`, `monthly`, `at`, else `cron`.
  ///
  /// Its due instants are systemd's, days of clock changes and fractions of a second aside.
  var trigger: LuaTable {
    if let epoch { return ["at": .string(Instant(microseconds: Int64(epoch) * 1_000_000).description)] }
    return plainTrigger ?? cronTrigger
  }

  /// Whether it ever elapses, be it in the past.
  var everElapses: Bool {
    guard case .string(let text)? = cronTrigger["cron"] else { return true }
    return (try? CronExpression(parsing: text, dayMatch: .and)) != nil
  }

  /// Whether a second is divided, which a schedule does not do.
  var hasFractions: Bool {
    seconds.contains { item in
      [item.first, item.last ?? 0, item.step ?? 0].contains { $0 % 1_000_000 != 0 }
    }
  }

  // MARK: - In words

  private static let mostTimes = 6

  private var plainTrigger: LuaTable? {
    guard let times else { return nil }
    let at = LuaValue.oneOrMore(times)
    if years.isEmpty, months.isEmpty, days.isEmpty {
      guard let weekdays else { return ["daily": ["at": at]] }
      return ["weekly": ["on": .oneOrMore(Self.names(weekdays)), "at": at]]
    }
    if years.isEmpty, let on = monthDays {
      var table = LuaTable()
      table.add("on", on.count == 1 ? on[0] : .table(LuaTable(on.map { .init($0) })))
      if !months.isEmpty {
        table.add("months", .oneOrMore(Self.values(months, 1...12).map { String(Self.monthNames[$0 - 1]) }))
      }
      table.add("at", at)
      return ["monthly": .table(table)]
    }
    return dates.map { ["at": .oneOrMore($0)] }
  }

  /// The times of day, where they are few.
  private var times: [String]? {
    guard !hours.isEmpty, !minutes.isEmpty, !seconds.isEmpty, !hasFractions else { return nil }
    let all = (hours + minutes + seconds)
    guard all.allSatisfy({ $0.step == nil && $0.last == nil }),
      hours.count * minutes.count * seconds.count <= Self.mostTimes
    else { return nil }
    var times: Set<String> = []
    for hour in hours {
      for minute in minutes {
        for second in seconds {
          let seconds = second.first == 0 ? "" : ":" + Self.padded(second.first / 1_000_000)
          times.insert("\(Self.padded(hour.first)):\(Self.padded(minute.first))" + seconds)
        }
      }
    }
    return times.sorted()
  }

  /// The days of a month as `monthly` says them: by number, the last, or as the first or last of a weekday.
  private var monthDays: [LuaValue]? {
    if let weekdays {
      guard weekdays.count <= 2, days.count == 1, let ordinal else { return nil }
      return Self.names(weekdays).map { .string("\(ordinal) \($0)") }
    }
    guard days.allSatisfy({ $0.step == nil && $0.last == nil }), !days.isEmpty else { return nil }
    if countsFromEnd { return days.map(\.first) == [1] ? ["last"] : nil }
    return days.map { .number($0.first) }
  }

  /// Which of a weekday in the month the days make it: a whole week of them.
  private var ordinal: String? {
    let item = days[0]
    if countsFromEnd {
      let isLastWeek =
        item == Item(first: 7, last: nil, step: 1) || item == Item(first: 1, last: 7, step: nil)
      return isLastWeek ? "last" : nil
    }
    guard item.step ?? 1 == 1, let last = item.last, last - item.first == 6, item.first % 7 == 1 else {
      return nil
    }
    return ["first", "second", "third", "fourth"][item.first / 7]
  }

  /// All instants, where years, months and days are given and few.
  private var dates: [String]? {
    let parts = [years, months, days]
    guard weekdays == nil, !countsFromEnd, let times,
      parts.allSatisfy({ part in !part.isEmpty && part.allSatisfy { $0.step == nil && $0.last == nil } }),
      years.count * months.count * days.count * times.count <= Self.mostTimes
    else { return nil }
    var dates: [String] = []
    for year in years.map(\.first) {
      for month in months.map(\.first) {
        for day in days.map(\.first) {
          guard let date = LocalDate(year: year, month: month, day: day) else { continue }
          dates += times.map { "\(date.description)T\($0)" }
        }
      }
    }
    return dates.isEmpty ? nil : Array(Set(dates)).sorted()
  }

  // MARK: - By cron's fields

  private var cronTrigger: LuaTable {
    let second = Self.field(seconds.map(Self.whole), 0...59)
    let day = countsFromEnd ? daysBeforeEnd : Self.field(days, 1...31)
    let weekday = weekdays.map { Self.ranges($0) } ?? "*"
    let year = Self.field(years, 1970...2199)
    var fields = [
      Self.field(minutes, 0...59), Self.field(hours, 0...23), day, Self.field(months, 1...12), weekday,
    ]
    if second != "0" || year != "*" { fields.insert(second, at: 0) }
    if year != "*" { fields.append(year) }
    var trigger: LuaTable = ["cron": .string(fields.joined(separator: " "))]
    if !day.hasPrefix("*"), weekday != "*" {
      trigger.add("day_match", "and", comment: "both must match, as in systemd")
    }
    return trigger
  }

  private static func field(_ component: Component, _ range: ClosedRange<Int>) -> String {
    guard !component.isEmpty else { return "*" }
    return component.map { item in
      let steps = item.step.map { $0 > 1 ? "/\($0)" : "" }
      switch (item.last, steps) {
      case (nil, nil): return "\(item.first)"
      case (nil, let steps?):
        return item.first == range.lowerBound ? "*\(steps)" : "\(item.first)-\(range.upperBound)\(steps)"
      case (let last?, let steps): return "\(item.first)-\(last)\(steps ?? "")"
      }
    }.joined(separator: ",")
  }

  /// Seconds of microseconds, rounded down.
  private static func whole(_ item: Item) -> Item {
    Item(
      first: item.first / 1_000_000, last: item.last.map { $0 / 1_000_000 },
      step: item.step.map { max(1, $0 / 1_000_000) })
  }

  /// A step without an end goes towards the month's end.
  private var daysBeforeEnd: String {
    let before = days.flatMap { item -> [Int] in
      if let step = item.step, item.last == nil {
        return Array(stride(from: item.first, through: 1, by: -step))
      }
      return Array(stride(from: item.first, through: item.last ?? item.first, by: item.step ?? 1))
    }
    return Set(before).sorted(by: >).map { $0 == 1 ? "L" : "L-\($0 - 1)" }.joined(separator: ",")
  }

  // MARK: - Names

  private static let monthNames = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
  ]
  private static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

  /// From Monday on.
  private static func names(_ weekdays: Set<Int>) -> [String] {
    weekdays.sorted { ($0 + 6) % 7 < ($1 + 6) % 7 }.map { dayNames[$0] }
  }

  /// `mon-fri`, `mon,wed,fri`.
  private static func ranges(_ weekdays: Set<Int>) -> String {
    var runs: [[Int]] = []
    for day in weekdays.map({ ($0 + 6) % 7 }).sorted() {
      if let last = runs.last?.last, last == day - 1 {
        runs[runs.count - 1].append(day)
      } else {
        runs.append([day])
      }
    }
    return runs.map { run in
      let names = run.map { dayNames[($0 + 1) % 7] }
      return names.count > 2 ? "\(names[0])-\(names[names.count - 1])" : names.joined(separator: ",")
    }.joined(separator: ",")
  }

  private static func values(_ component: Component, _ range: ClosedRange<Int>) -> [Int] {
    let all = component.flatMap { item -> [Int] in
      let last = item.last ?? (item.step == nil ? item.first : range.upperBound)
      return Array(stride(from: item.first, through: last, by: item.step ?? 1))
    }
    return Set(all).sorted()
  }

  private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
