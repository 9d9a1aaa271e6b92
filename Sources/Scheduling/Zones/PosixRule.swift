/// The rule that a zone file's last line gives for the time after its last transition:
/// `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// Source: POSIX.1 `TZ`, with RFC 8536's hours from -167 to 167.
struct PosixRule: Equatable {
  /// One of the two changes of a year, in seconds of the local time before it.
  struct Change: Equatable {
    enum Day: Equatable {
      /// `J60`: 1...365, 29 February never counted.
      case julian(Int)
      /// `59`: 0...365, 29 February counted.
      case ordinal(Int)
      /// `M3.5.0`: the fifth (5: the last) such weekday of the month.
      case weekday(month: Int, week: Int, weekday: Int)
    }
    let day: Day
    let seconds: Int64

    /// Seconds since 1970-01-01T00:00 in local time.
    func local(in year: Int) -> Int64 {
      Int64(dayNumber(in: year)) * secondsPerDay + seconds
    }

    private func dayNumber(in year: Int) -> Int {
      let newYear = Calendar.dayNumber(year: year, month: 1, day: 1)
      switch day {
      case .julian(let day):
        return newYear + day - 1 + (Calendar.isLeap(year) && day >= 60 ? 1 : 0)
      case .ordinal(let day):
        return newYear + day
      case .weekday(let month, let week, let weekday):
        let first = Calendar.dayNumber(year: year, month: month, day: 1)
        let day = (weekday - Calendar.weekday(first) + 7) % 7 + (week - 1) * 7
        let length = Calendar.length(ofMonth: month, year: year)
        return first + (day >= length ? day - 7 : day)
      }
    }
  }

  let standardOffset: Int64
  let daylight: (offset: Int64, starts: Change, ends: Change)?

  static func == (left: PosixRule, right: PosixRule) -> Bool {
    left.standardOffset == right.standardOffset && left.daylight?.offset == right.daylight?.offset
      && left.daylight?.starts == right.daylight?.starts && left.daylight?.ends == right.daylight?.ends
  }

  /// The changes of these years in order, each with the offset that holds from it on.
  func changes(in years: ClosedRange<Int>) -> [(at: Int64, offset: Int64)] {
    guard let daylight else { return [] }
    var changes: [(at: Int64, offset: Int64)] = []
    changes.reserveCapacity(years.count * 2)
    for year in years {
      changes.append((daylight.ends.local(in: year) - daylight.offset, standardOffset))
      changes.append((daylight.starts.local(in: year) - standardOffset, daylight.offset))
    }
    // Where daylight saving never ends, one year's end and the next one's start fall together, and the start holds.
    changes.sort {
      $0.at == $1.at ? $0.offset == standardOffset && $1.offset != standardOffset : $0.at < $1.at
    }
    return changes
  }
}

extension PosixRule {
  /// Reads the rule; nil where it is not one.
  init?(parsing text: String) {
    var reader = PosixReader(letters: Array(text.utf8))
    guard let rule = reader.rule() else { return nil }
    self = rule
  }
}

private struct PosixReader {
  let letters: [UInt8]
  var position = 0

  mutating func rule() -> PosixRule? {
    guard skipName(), let standard = offset(maximumHours: 24) else { return nil }
    if position == letters.count { return PosixRule(standardOffset: -standard, daylight: nil) }
    guard skipName() else { return nil }
    var daylight = standard - 3_600
    if position < letters.count, letters[position] != UInt8(ascii: ",") {
      guard let written = offset(maximumHours: 24) else { return nil }
      daylight = written
    }
    guard take(","), let starts = change(), take(","), let ends = change(), position == letters.count else {
      return nil
    }
    return PosixRule(standardOffset: -standard, daylight: (-daylight, starts, ends))
  }

  private mutating func take(_ letter: Unicode.Scalar) -> Bool {
    guard position < letters.count, letters[position] == UInt8(truncatingIfNeeded: letter.value) else {
      return false
    }
    position += 1
    return true
  }

  /// `CET` or `<+0330>`.
  private mutating func skipName() -> Bool {
    if take("<") {
      while position < letters.count, letters[position] != UInt8(ascii: ">") { position += 1 }
      return take(">")
    }
    let start = position
    while position < letters.count, (65...90).contains(letters[position] & 0xdf) { position += 1 }
    return position - start >= 3
  }

  private mutating func number(upTo maximum: Int64) -> Int64? {
    var value: Int64 = 0
    let start = position
    while position < letters.count, (48...57).contains(letters[position]), position - start < 4 {
      value = value * 10 + Int64(letters[position]) - 48
      position += 1
    }
    return position > start && value <= maximum ? value : nil
  }

  private mutating func offset(maximumHours: Int64) -> Int64? {
    let isNegative = take("-")
    if !isNegative { _ = take("+") }
    guard let hours = number(upTo: maximumHours) else { return nil }
    var seconds = hours * 3_600
    if take(":") {
      guard let minutes = number(upTo: 59) else { return nil }
      seconds += minutes * 60
      if take(":") {
        guard let rest = number(upTo: 59) else { return nil }
        seconds += rest
      }
    }
    return isNegative ? -seconds : seconds
  }

  private mutating func change() -> PosixRule.Change? {
    let day: PosixRule.Change.Day
    if take("J") {
      guard let number = number(upTo: 365), number >= 1 else { return nil }
      day = .julian(Int(number))
    } else if take("M") {
      guard let month = number(upTo: 12), month >= 1, take("."), let week = number(upTo: 5), week >= 1,
        take("."),
        let weekday = number(upTo: 6)
      else { return nil }
      day = .weekday(month: Int(month), week: Int(week), weekday: Int(weekday))
    } else {
      guard let number = number(upTo: 365) else { return nil }
      day = .ordinal(Int(number))
    }
    guard take("/") else { return PosixRule.Change(day: day, seconds: 7_200) }
    guard let seconds = offset(maximumHours: 167) else { return nil }
    return PosixRule.Change(day: day, seconds: seconds)
  }
}
