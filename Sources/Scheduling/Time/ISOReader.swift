/// Reads dates and times as ISO 8601 writes them.
struct ISOReader {
  private let text: String
  private let letters: [UInt8]
  private var position = 0

  init(_ text: String) {
    self.text = text
    letters = Array(text.utf8)
  }

  var isAtEnd: Bool { position == letters.count }

  private var failure: ScheduleError {
    ScheduleError(
      "\(quoted(text)) is not a date (YYYY-MM-DD) or a time (YYYY-MM-DDTHH:MM[:SS], with Z or +HH:MM)")
  }

  mutating func date() throws(ScheduleError) -> LocalDate {
    let year = try number(digits: 4)
    try expect("-")
    let month = try number(digits: 2)
    try expect("-")
    let day = try number(digits: 2)
    guard let date = LocalDate(year: year, month: month, day: day) else {
      throw ScheduleError("\(quoted(text)) is not a day of the calendar\(reason(year, month, day))")
    }
    return date
  }

  private func reason(_ year: Int, _ month: Int, _ day: Int) -> String {
    if year == 0 { return ": years are 0001 to 9999" }
    guard (1...12).contains(month) else { return ": months are 01 to 12" }
    let length = Calendar.length(ofMonth: month, year: year)
    return ": \(padded(Int64(year), 4))-\(padded(Int64(month), 2)) has the days 01 to \(length)"
  }

  /// Microseconds since midnight.
  mutating func time() throws(ScheduleError) -> Int64 {
    let hour = try number(digits: 2)
    try expect(":")
    let minute = try number(digits: 2)
    var second = 0
    var fraction: Int64 = 0
    if take(":") {
      second = try number(digits: 2)
      if take(".") || take(",") { fraction = try self.fraction() }
    }
    guard let time = TimeOfDay(hour: hour, minute: minute, second: second),
      time.seconds < 86_400 || fraction == 0
    else {
      throw ScheduleError(
        "\(quoted(text)): there is no such time of day; times are 00:00:00 to 23:59:59, and 24:00")
    }
    return Int64(time.seconds) * microsecondsPerSecond + fraction
  }

  private mutating func fraction() throws(ScheduleError) -> Int64 {
    var value: Int64 = 0
    var digits = 0
    while let digit = nextDigit() {
      if digits < 6 { value = value * 10 + Int64(digit) }
      digits += 1
    }
    guard digits > 0 else { throw failure }
    for _ in min(digits, 6)..<6 { value *= 10 }
    return value
  }

  /// Seconds east of UTC, or nil where none is written.
  mutating func offset() throws(ScheduleError) -> Int? {
    if isAtEnd { return nil }
    if take("Z") || take("z") { return 0 }
    let isWest: Bool
    if take("+") {
      isWest = false
    } else if take("-") {
      isWest = true
    } else {
      throw failure
    }
    let hours = try number(digits: 2)
    var minutes = 0
    var seconds = 0
    if !isAtEnd {
      _ = take(":")
      minutes = try number(digits: 2)
      if take(":") { seconds = try number(digits: 2) }
    }
    guard hours <= 23, minutes <= 59, seconds <= 59 else {
      throw ScheduleError("\(quoted(text)): an offset from UTC is at most 23:59")
    }
    let offset = hours * 3_600 + minutes * 60 + seconds
    return isWest ? -offset : offset
  }

  mutating func separator() -> Bool { take("T") || take("t") || take(" ") }

  mutating func end() throws(ScheduleError) {
    guard isAtEnd else { throw failure }
  }

  private mutating func take(_ letter: Unicode.Scalar) -> Bool {
    guard position < letters.count, letters[position] == UInt8(truncatingIfNeeded: letter.value) else {
      return false
    }
    position += 1
    return true
  }

  private mutating func expect(_ letter: Unicode.Scalar) throws(ScheduleError) {
    guard take(letter) else { throw failure }
  }

  private mutating func nextDigit() -> Int? {
    guard position < letters.count, (48...57).contains(letters[position]) else { return nil }
    defer { position += 1 }
    return Int(letters[position]) - 48
  }

  private mutating func number(digits: Int) throws(ScheduleError) -> Int {
    var value = 0
    for _ in 0..<digits {
      guard let digit = nextDigit() else { throw failure }
      value = value * 10 + digit
    }
    return value
  }
}

extension Instant {
  /// Reads ISO 8601: `2026-12-24T18:00`, `2026-12-24 18:00:05.250`, `2026-12-24` (midnight),
  /// `2026-12-24T18:00Z`, `2026-12-24T18:00+01:00`.
  ///
  /// Without `Z` or an offset the time is local to `zone`: one that daylight saving skips is the first
  /// instant after the gap, one that it repeats is the first of the two.
  public init(parsing text: String, in zone: Zone) throws(ScheduleError) {
    var reader = ISOReader(text)
    let date = try reader.date()
    var time: Int64 = 0
    var offset: Int?
    if !reader.isAtEnd {
      guard reader.separator() else {
        throw ScheduleError("\(quoted(text)): between the date and the time stands a T (2026-12-24T18:00)")
      }
      time = try reader.time()
      offset = try reader.offset()
      try reader.end()
    }
    let local = Int64(date.dayNumber) * secondsPerDay + time / microsecondsPerSecond
    let fraction = Interval(microseconds: time % microsecondsPerSecond)
    if let offset {
      self = Instant(seconds: local - Int64(offset)) + fraction
    } else {
      self = zone.instant(ofLocal: local, fraction: fraction)
    }
    guard self >= .distantPast, self <= .distantFuture else {
      throw ScheduleError("\(quoted(text)) is outside the years 1 to 9999 in UTC")
    }
  }
}
