extension CalendarEvent {
  /// `2026-12-25 (Christmas Day)`.
  func label(at instant: Instant, in zone: Zone) -> String {
    let date = zone.date(at: instant).description
    return summary.isEmpty ? date : "\(date) (\(summary))"
  }

  /// How many years an occurrence may reach into.
  var yearsLong: Int {
    switch length {
    case .nominal(let seconds): Int(min(seconds / (366 * secondsPerDay), 100))
    case .exact(let interval): Int(min(interval.microseconds / (366 * secondsPerDay * 1_000_000), 100))
    }
  }

  /// The start in seconds of the clock that it is written in.
  var startSeconds: Int64 {
    switch start {
    case .date(let day): Int64(day) * secondsPerDay
    case .local(let seconds, _): seconds
    case .utc(let instant): instant.seconds
    }
  }

  /// The one that begins at the start.
  func occurrence(in zone: Zone) -> (from: Instant, to: Instant) { occurrence(at: startSeconds, zone) }

  /// Whether none begins in this year or later.
  func isOver(before year: Int) -> Bool {
    guard let until = yearly?.until else { return year > 9_999 }
    return until < Int64(Calendar.dayNumber(year: min(year, 10_000), month: 1, day: 1)) * secondsPerDay
  }

  private func occurrence(at seconds: Int64, _ zone: Zone) -> (from: Instant, to: Instant) {
    let clock: Zone? =
      switch start {
      case .date: zone
      case .local(_, let own): own ?? zone
      case .utc: nil
      }
    func instant(_ seconds: Int64) -> Instant {
      clock?.instant(ofLocal: seconds) ?? Instant(seconds: seconds)
    }
    let from = instant(seconds)
    switch length {
    case .nominal(let length): return (from, instant(seconds + length))
    case .exact(let interval): return (from, from + interval)
    }
  }

  /// The occurrences that begin in this year of the event's own clock.
  func occurrences(in year: Int, zone: Zone) -> [(from: Instant, to: Instant)] {
    starts(in: year).map { occurrence(at: $0, zone) }
  }

  /// Where they begin, in seconds of the event's clock, in order.
  func starts(in year: Int) -> [Int64] {
    guard let yearly, (1...9_999).contains(year) else { return [] }
    let first = startSeconds
    let firstDay = Int(floorDivide(first, secondsPerDay))
    let firstYear = Calendar.civil(firstDay).year
    guard year >= firstYear, (year - firstYear) % yearly.interval == 0 else { return [] }
    let time = floorModulo(first, secondsPerDay)
    var days = yearly.days(in: year, start: Calendar.civil(firstDay))
    // The start itself counts even where the rule does not meet it.
    if year == firstYear, !days.contains(firstDay) { days.insert(firstDay, at: 0) }
    return days.map { Int64($0) * secondsPerDay + time }
      .filter { $0 >= first && $0 <= yearly.until ?? .max && !exceptions.contains($0) }
  }
}

extension YearlyRule {
  /// The days of this year that the rule meets, numbered from 1970-01-01, in order.
  func days(in year: Int, start: (year: Int, month: Int, day: Int)) -> [Int] {
    var days: [Int] = []
    let isOfYear = months.isEmpty && monthDays.isEmpty && self.days.contains { $0.ordinal != 0 }
    let hasDays = !self.days.isEmpty || !monthDays.isEmpty
    let months = self.months.isEmpty ? (hasDays ? Array(1...12) : [start.month]) : self.months.sorted()
    if isOfYear {
      let first = Calendar.dayNumber(year: year, month: 1, day: 1)
      let length = Calendar.isLeap(year) ? 366 : 365
      return (0..<length).filter { meets(first + $0, index: $0, length: length) }.map { first + $0 }
    }
    for month in months {
      let first = Calendar.dayNumber(year: year, month: month, day: 1)
      let length = Calendar.length(ofMonth: month, year: year)
      for index in 0..<length {
        guard self.days.isEmpty || meets(first + index, index: index, length: length) else { continue }
        if monthDays.isEmpty {
          guard !self.days.isEmpty || index + 1 == start.day else { continue }
        } else {
          guard monthDays.contains(index + 1) || monthDays.contains(index - length) else { continue }
        }
        days.append(first + index)
      }
    }
    return days
  }

  /// Whether one of the weekdays is meant, `index` days into a month or year of this length.
  private func meets(_ dayNumber: Int, index: Int, length: Int) -> Bool {
    let weekday = Calendar.weekday(dayNumber)
    return days.contains { day in
      guard day.weekday == weekday else { return false }
      return day.ordinal == 0 || day.ordinal == index / 7 + 1
        || day.ordinal == -((length - 1 - index) / 7 + 1)
    }
  }
}
