extension CronExpression {
  /// What the expression means: `at 02:30 every day`, `every 15 minutes from 02:00 to 04:59, Monday to Friday`.
  public var inWords: String {
    guard case .fields(let seconds, let minutes, let hours) = rule.times,
      case .months(let days, let months, let years) = rule.days
    else { return text }
    let times = CronTimes(
      seconds: Self.bits(seconds), minutes: Self.bits(minutes), hours: Self.bits(UInt64(hours)))
    var words = times.words
    let dayWords = days.words
    if let dayWords {
      words += ", " + dayWords
    } else if times.areListed, months.nonzeroBitCount == 12 {
      words += " every day"
    }
    if months.nonzeroBitCount < 12 {
      let names = English.ranges(Self.bits(UInt64(months)), English.month)
      // "at 00:00 every day in July", "at 00:00, on day 1 of January"
      let joint =
        dayWords == nil && times.areListed ? " every day in " : days.namesDaysOfMonth ? " of " : ", in "
      words += joint + names
    } else if days.namesDaysOfMonth {
      words += " of the month"
    }
    if !years.items.isEmpty { words += ", in " + years.words }
    return words
  }

  static func bits(_ bits: UInt64) -> [Int] { (0..<64).filter { bits & 1 << UInt64($0) != 0 } }
}

/// The times of a cron expression, in words.
private struct CronTimes {
  let seconds, minutes, hours: [Int]

  /// Whether each time is named, so that "every day" goes well with it.
  var areListed: Bool {
    minutes.count * hours.count * seconds.count <= 6 && hours.count < 24 && !hoursGoTogether
  }

  /// `0 9-17 * * *` is every hour from 09:00 to 17:00 and not nine times of day.
  private var hoursGoTogether: Bool { seconds == [0] && minutes == [0] && hours.count > 2 }

  var words: String {
    if areListed {
      let times = hours.flatMap { hour in
        minutes.flatMap { minute in seconds.compactMap { TimeOfDay(hour: hour, minute: minute, second: $0) } }
      }
      return "at \(English.list(times.map(\.description)))"
    }
    if seconds == [0] { return minuteWords }
    let each =
      if seconds.count == 60 {
        "every second"
      } else if let step = English.step(seconds, of: 60), seconds[0] == 0 {
        "every \(step) seconds"
      } else {
        "at second\(seconds.count == 1 ? "" : "s") \(English.ranges(seconds, String.init))"
      }
    if minutes.count == 60, hours.count == 24 {
      return seconds.count == 1 || each.hasPrefix("at") ? "\(each) of every minute" : each
    }
    if minutes.count == 60 { return each + (each.hasPrefix("at") ? " of every minute" : "") + hourSpan }
    if let step = English.step(minutes, of: 60), minutes[0] == 0 {
      return "\(each) of every \(English.ordinal(step)) minute" + hourSpan
    }
    let ofMinutes =
      minutes.count == 1 ? "minute \(minutes[0])" : "minutes \(English.ranges(minutes, String.init))"
    return "\(each) of \(ofMinutes)" + (hours.count == 24 ? " of every hour" : hourSpan)
  }

  private var minuteWords: String {
    if minutes.count == 60 { return "every minute" + hourSpan }
    if let step = English.step(minutes, of: 60) {
      let from = minutes[0] == 0 ? "" : " from minute \(minutes[0])"
      return (minutes.count == 1 ? "every hour" : "every \(step) minutes") + from + hourSpan
    }
    if minutes == [0] {
      if hours.count == 24 { return "every hour, on the hour" }
      if let step = English.step(hours, of: 24), hours[0] == 0 { return "every \(step) hours, on the hour" }
      if hourSpans.count == 1, let span = hourSpans.first {
        return "every hour from \(clock(span.from, 0)) to \(clock(span.to, 0))"
      }
      return "at " + English.list(hours.map { clock($0, 0) })
    }
    if hours.count == 1, minutes.count >= 3, English.runs(minutes).count == 1, let last = minutes.last {
      return "every minute from \(clock(hours[0], minutes[0])) to \(clock(hours[0], last))"
    }
    let at =
      minutes.count == 1 ? "at minute \(minutes[0])" : "at minutes \(English.ranges(minutes, String.init))"
    if hours.count == 24 { return "\(at) of every hour" }
    if let step = English.step(hours, of: 24), hours[0] == 0 {
      return "\(at) of every \(English.ordinal(step)) hour"
    }
    return at + (hourSpans.count > 3 ? "" : " of every hour") + hourSpan
  }

  /// ` from 02:00 to 04:59`, ` of the hours 2, 4 and 8`; nothing for all day.
  private var hourSpan: String {
    if hours.count == 24 { return "" }
    if let step = English.step(hours, of: 24), hours[0] == 0 {
      return " of every \(English.ordinal(step)) hour"
    }
    let spans = hourSpans
    if spans.count > 3 { return " of the hours \(English.ranges(hours, String.init))" }
    return " " + English.list(spans.map { "from \(clock($0.from, 0)) to \(clock($0.to, 59))" })
  }

  /// Hours that follow one another, over midnight too.
  private var hourSpans: [(from: Int, to: Int)] {
    var spans = English.runs(hours).map { (from: $0.lowerBound, to: $0.upperBound) }
    if spans.count > 1, let first = spans.first, let last = spans.last, first.from == 0, last.to == 23 {
      spans.removeFirst()
      spans[spans.count - 1].to = first.to
    }
    return spans
  }

  private func clock(_ hour: Int, _ minute: Int) -> String {
    TimeOfDay(hour: hour, minute: minute)?.description ?? ""
  }
}

extension MonthDays {
  /// Whether a number of a day stands last in the words, so that a month goes well behind it.
  fileprivate var namesDaysOfMonth: Bool { numberWords != nil && (weekdayWords == nil || needsBoth) }

  private var numbersAreAll: Bool { numbered.keepingBits(from: 1) == Self.allNumbers }

  /// Nil for every day.
  fileprivate var words: String? {
    switch (numberWords, weekdayWords) {
    case (nil, nil): return nil
    case (let numbers?, nil): return "on \(numbers)"
    case (nil, let weekdays?): return isPlainRange(weekdays) ? weekdays : "on \(weekdays)"
    case (let numbers?, let weekdays?):
      return needsBoth
        ? "on \(weekdays) if it is \(numberWords("or") ?? "")"
        : "on \(numbers) of the month or on \(weekdays)"
    }
  }

  private func isPlainRange(_ words: String) -> Bool {
    words.contains(" to ") && !words.contains(",") && !words.contains(" and ")
  }

  /// The step of days that go on evenly to the month's end.
  private static func openStep(_ days: [Int]) -> Int? {
    let step = days[1] - days[0]
    guard step > 1, let last = days.last, last + step > 31 else { return nil }
    return zip(days, days.dropFirst()).allSatisfy { $1 - $0 == step } ? step : nil
  }

  /// Nil where they do not restrict.
  fileprivate var numberWords: String? { numberWords("and") }

  private func numberWords(_ last: String) -> String? {
    if numbersAreAll { return nil }
    var items: [String] = []
    let days = CronExpression.bits(UInt64(numbered.keepingBits(from: 1)))
    if days.count >= 5, let step = Self.openStep(days) {
      items.append("every \(English.ordinal(step)) day (from day \(days[0]))")
    } else if !days.isEmpty {
      items.append(
        (days.count == 1 || last == "or" ? "day " : "days ") + English.ranges(days, String.init, last: last))
    }
    for before in CronExpression.bits(UInt64(beforeLast)) {
      items.append(before == 0 ? "the last day" : "the \(English.ordinal(before + 1))-last day")
    }
    for day in CronExpression.bits(UInt64(nearestWorkday)) {
      items.append("the weekday nearest to day \(day)")
    }
    if lastWorkday { items.append("the last weekday") }
    return English.list(items, last)
  }

  fileprivate var weekdayWords: String? {
    if weekdays == Self.allWeekdays { return nil }
    var items: [String] = []
    let plain = Set(Weekday.allCases.filter { weekdays & 1 << UInt8($0.rawValue) != 0 })
    if !plain.isEmpty { items.append(English.weekdays(plain)) }
    for bit in CronExpression.bits(ordinalWeekdays) {
      items.append("the \(MonthDay.word(bit / 7 + 1)) \(Weekday.allCases[bit % 7].name) of the month")
    }
    for day in CronExpression.bits(UInt64(lastWeekdays)) {
      items.append("the last \(Weekday.allCases[day].name) of the month")
    }
    return English.list(items)
  }
}

extension YearSet {
  fileprivate var words: String {
    English.list(
      items.map { item in
        if item.first == item.last { return String(item.first) }
        let last = item.last == CronField.year.range.upperBound ? nil : item.last
        let every = item.step == 1 ? "" : "every \(English.ordinal(item.step)) year "
        return every + (last.map { "\(item.first) to \($0)" } ?? "from \(item.first) on")
      })
  }
}
