import Testing

@testable import Scheduling

/// A walk over minutes, written from SPEC 4.3 and 4.4 with no cleverness in it.
private struct MinuteWalker {
  struct Minute {
    let utc: Int64
    let local: Int64
  }

  /// The minutes of UTC in order, each with the local time that clocks show.
  let minutes: [Minute]

  init(_ zone: Zone, from: Int64, to: Int64) {
    minutes = stride(from: from, to: to, by: 60).map { utc in
      Minute(utc: utc, local: utc + Int64(zone.offset(at: Instant(seconds: utc))))
    }
  }

  /// The due instants, in seconds.
  func walk(_ expression: PlainExpression, from start: Int64) -> [Int64] {
    var due: [Int64] = []
    var shown = minutes[0].local
    for minute in minutes.dropFirst() {
      if expression.hours.count == 24 {
        // Elapsed time: whenever clocks show it.
        if minute.utc >= start, expression.matches(minute.local) { due.append(minute.utc) }
        continue
      }
      // Local times that are shown for the first time: this one, and before it those that were skipped.
      var isDue = false
      var local = shown + 60
      while local <= minute.local {
        if expression.matches(local) { isDue = true }
        local += 60
      }
      shown = max(shown, minute.local)
      if isDue, minute.utc >= start { due.append(minute.utc) }
    }
    return due
  }
}

/// Five fields as plain sets.
private struct PlainExpression {
  var minutes: Set<Int>
  var hours: Set<Int>
  var days: Set<Int>
  var months: Set<Int>
  var weekdays: Set<Int>
  let text: String

  init(_ text: String) {
    let fields = text.split(separator: " ").map(String.init)
    minutes = Self.values(fields[0], 0...59)
    hours = Self.values(fields[1], 0...23)
    days = Self.values(fields[2], 1...31)
    months = Self.values(fields[3], 1...12)
    weekdays = Set(Self.values(fields[4], 0...7).map { $0 % 7 })
    self.text = text
  }

  private static func values(_ field: String, _ range: ClosedRange<Int>) -> Set<Int> {
    var values: Set<Int> = []
    for item in field.split(separator: ",") {
      let parts = item.split(separator: "/")
      let step = parts.count > 1 ? Int(parts[1]) ?? 1 : 1
      let bounds =
        parts[0] == "*"
        ? [range.lowerBound, range.upperBound] : parts[0].split(separator: "-").compactMap { Int($0) }
      let last = bounds.count > 1 ? bounds[1] : parts.count > 1 ? range.upperBound : bounds[0]
      for value in stride(from: bounds[0], through: last, by: step) { values.insert(value) }
    }
    return values
  }

  func matches(_ local: Int64) -> Bool {
    let day = Int((local - ((local % 86_400) + 86_400) % 86_400) / 86_400)
    let second = Int(((local % 86_400) + 86_400) % 86_400)
    guard minutes.contains(second / 60 % 60), hours.contains(second / 3_600) else { return false }
    let date = LocalDate(dayNumber: day)
    guard months.contains(date.month) else { return false }
    let fields = text.split(separator: " ")
    let byNumber = days.contains(date.day)
    let byWeekday = weekdays.contains(((day + 4) % 7 + 7) % 7)
    return fields[2].hasPrefix("*") || fields[4].hasPrefix("*")
      ? byNumber && byWeekday : byNumber || byWeekday
  }
}

@Suite("Daylight saving") struct DaylightSavingTests {
  private static let places: [(zone: String, change: String)] = [
    ("Europe/Vienna", "2027-03-28T01:00Z"), ("Europe/Vienna", "2026-10-25T01:00Z"),
    ("America/New_York", "2026-03-08T07:00Z"), ("America/New_York", "2026-11-01T06:00Z"),
    // Changes of half an hour.
    ("Australia/Lord_Howe", "2026-04-04T15:00Z"), ("Australia/Lord_Howe", "2026-10-03T15:30Z"),
    // Offsets that are no whole hours.
    ("Australia/Adelaide", "2026-10-03T16:30Z"), ("Pacific/Chatham", "2026-04-04T14:00Z"),
    // A day that does not exist.
    ("Pacific/Apia", "2011-12-30T10:00Z"),
    // A midnight that does not exist, and one that comes twice.
    ("America/Sao_Paulo", "2018-11-04T03:00Z"), ("America/Sao_Paulo", "2018-02-18T02:00Z"),
    ("America/Havana", "2026-03-08T05:00Z"), ("America/Havana", "2026-11-01T05:00Z"),
    // Backwards over midnight by a minute past it.
    ("America/St_Johns", "2010-11-07T02:31Z"), ("America/St_Johns", "2010-03-14T03:31Z"),
    // Two hours.
    ("Antarctica/Troll", "2026-03-29T01:00Z"), ("Antarctica/Troll", "2026-10-25T01:00Z"),
    // Two changes in a month, and standard time that is ahead.
    ("Africa/Casablanca", "2026-02-15T02:00Z"), ("Africa/Casablanca", "2026-03-22T02:00Z"),
    ("Europe/Dublin", "2026-10-25T01:00Z"),
    // After the last transition in the file, and in a later cycle of the calendar.
    ("Europe/Vienna", "2600-03-30T01:00Z"), ("America/New_York", "9876-03-12T07:00Z"),
  ]

  private static func randomField(
    _ range: ClosedRange<Int>, free: Double, _ random: inout SeededGenerator
  ) -> String {
    if Double.random(in: 0..<1, using: &random) < free { return "*" }
    func value() -> Int { Int.random(in: range, using: &random) }
    switch Int.random(in: 0..<5, using: &random) {
    case 0: return "*/\(Int.random(in: 2...max(2, range.upperBound / 2), using: &random))"
    case 1:
      let (first, last) = (value(), value())
      return "\(min(first, last))-\(max(first, last))"
    case 2: return "\(value()),\(value()),\(value())"
    case 3:
      let (first, last) = (value(), value())
      return "\(min(first, last))-\(max(first, last))/\(Int.random(in: 1...4, using: &random))"
    default: return String(value())
    }
  }

  @Test("has cron do what a walk over minutes says, around changes of all kinds", arguments: places)
  func walk(zone name: String, change: String) throws {
    let zone = try Zone.named(name)
    let middle = try instant(change).seconds
    let walker = MinuteWalker(zone, from: middle - 3 * 86_400, to: middle + 2 * 86_400)
    let start = middle - 86_400 - 3_600
    var random = SeededGenerator(seed: UInt64(bitPattern: middle))
    let fixed = [
      "30 2 * * *", "0 2 * * *", "0 3 * * *", "0 0 * * *", "59 23 * * *", "*/15 2-4 * * *", "0 * * * *",
      "30 * * * *",
      "*/20 * * * *", "*/20 0-22 * * *", "15 0-23 * * *", "0 1,2,3 * * *",
    ]
    let drawn = (0..<30).map { _ in
      [
        Self.randomField(0...59, free: 0.2, &random), Self.randomField(0...23, free: 0.2, &random),
        Self.randomField(1...31, free: 0.7, &random), Self.randomField(1...12, free: 0.9, &random),
        Self.randomField(0...6, free: 0.7, &random),
      ].joined(separator: " ")
    }
    for text in fixed + drawn {
      let expected = walker.walk(PlainExpression(text), from: start)
      let expression = try CronExpression(parsing: text)
      var found: [Int64] = []
      var last = Instant(seconds: start) - Interval(microseconds: 1)
      while let next = expression.next(after: last, in: zone), next.seconds < middle + 2 * 86_400 {
        found.append(next.seconds)
        last = next
      }
      #expect(found == expected, "\(text)")
      try checkTogether(expression, zone, expected, Instant(seconds: start))
    }
  }

  /// Counting many at once finds as many as going from one to the next.
  private func checkTogether(
    _ expression: CronExpression, _ zone: Zone, _ expected: [Int64], _ start: Instant
  ) throws {
    let schedule = try Schedule(triggers: [Trigger(.cron(expression))], zone: zone, jobName: "walk")
    let account = TriggerAccount(accountedThrough: start - Interval(microseconds: 1))
    for index in stride(from: 0, to: expected.count, by: max(1, expected.count / 5)) {
      let through = Instant(seconds: expected[index]) + .seconds(30)
      let all = try #require(schedule.firings(of: 0, after: account, through: through), "\(expression)")
      #expect(all.first.seconds == expected[0], "\(expression)")
      #expect(all.last.seconds == expected[index], "\(expression)")
      #expect(all.count == index + 1, "\(expression) in \(zone) through \(through)")
    }
  }

  @Test(
    "counts a year with both changes as the policy says",
    arguments: [
      // Wall clock: every day once.
      ("30 2 * * *", 365), ("0 3 * * *", 365), ("0 0 * * *", 365),
      // 02:00 and 02:30 fall together with 03:00 on one day in spring.
      ("*/30 2-3 * * *", 365 * 4 - 2),
      // Each real hour.
      ("0 * * * *", 365 * 24), ("30 * * * *", 365 * 24), ("*/10 * * * *", 365 * 144),
      ("* * * * *", 365 * 1440),
    ])
  func year(text: String, count: Int) throws {
    let zone = try Zone.named("Europe/Vienna")
    let schedule = try Schedule(
      triggers: [Trigger(.cron(CronExpression(parsing: text)))], zone: zone, jobName: "year")
    let start = try instant("2026-01-01", zone)
    let account = TriggerAccount(accountedThrough: start - Interval(microseconds: 1))
    let end = try instant("2027-01-01", zone) - Interval(microseconds: 1)
    #expect(schedule.firings(of: 0, after: account, through: end)?.count == count)
  }
}
