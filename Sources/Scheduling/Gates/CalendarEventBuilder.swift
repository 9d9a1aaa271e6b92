/// Makes an event of the properties of one `VEVENT`.
struct CalendarEventBuilder {
  let file: CalendarFile
  let begin: CalendarFile.Line
  let lines: [String: CalendarFile.Line]
  let exceptions: [CalendarFile.Line]

  private typealias Moment = CalendarEvent.Moment

  /// Nil for one that is cancelled.
  func event() throws(ScheduleError) -> CalendarEvent? {
    guard let startLine = lines["DTSTART"] else { throw file.failure(begin, "the VEVENT has no DTSTART") }
    let start = try moment(startLine.value, startLine)
    var event = CalendarEvent(
      summary: Self.unescaped(lines["SUMMARY"]?.value ?? ""), start: start, length: try length(from: start),
      yearly: nil, exceptions: [])
    for line in exceptions {
      for value in line.value.split(separator: ",") {
        event.exceptions.insert(try clock(try moment(String(value), line), of: start, line))
      }
    }
    if let line = lines["RRULE"] {
      event.yearly = try rule(line, start: start)
      if let count = event.yearly?.count {
        let last = Self.last(of: count, event)
        event.yearly?.until = last
      }
    }
    if let status = lines["STATUS"], status.value.uppercased() == "CANCELLED" { return nil }
    return event
  }

  private static func unescaped(_ text: String) -> String {
    var result = ""
    var escaped = false
    for letter in text {
      if escaped {
        result.append(letter == "n" || letter == "N" ? " " : letter)
        escaped = false
      } else if letter == "\\" {
        escaped = true
      } else {
        result.append(letter)
      }
    }
    return String(result.prefix(100))
  }

  // MARK: - Dates and times

  /// `20261224`, `20261224T180000` or `20261224T180000Z`.
  private func moment(_ text: String, _ line: CalendarFile.Line) throws(ScheduleError) -> Moment {
    let wrong = file.failure(
      line,
      "\(line.name): \(quoted(text)) is not a date (20261224) or a time (20261224T180000, with Z for UTC)")
    let letters = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int? {
      letters[range].allSatisfy { (48...57).contains($0) }
        ? letters[range].reduce(0) { $0 * 10 + Int($1) - 48 } : nil
    }
    guard letters.count == 8 || letters.count == 15 || letters.count == 16, let year = number(0..<4),
      let month = number(4..<6), let day = number(6..<8)
    else { throw wrong }
    guard let date = LocalDate(year: year, month: month, day: day) else {
      throw file.failure(line, "\(line.name): \(quoted(text)) is not a day of the calendar")
    }
    let kind = line.parameters["VALUE"]?.uppercased() ?? "DATE-TIME"
    guard kind == "DATE" || kind == "DATE-TIME" else {
      throw file.failure(line, "\(line.name): VALUE=\(kind) is not understood; it is DATE or DATE-TIME")
    }
    if letters.count == 8 { return .date(date.dayNumber) }
    guard kind != "DATE", letters[8] == UInt8(ascii: "T"), let hour = number(9..<11),
      let minute = number(11..<13),
      let second = number(13..<15), let time = TimeOfDay(hour: hour, minute: minute, second: min(second, 59)),
      second <= 60, time < .endOfDay
    else { throw wrong }
    let seconds = Int64(date.dayNumber) * secondsPerDay + Int64(time.seconds)
    if letters.count == 16 {
      guard letters[15] == UInt8(ascii: "Z") else { throw wrong }
      return .utc(Instant(seconds: seconds))
    }
    guard let name = line.parameters["TZID"] else { return .local(seconds, nil) }
    do throws(ScheduleError) {
      return .local(seconds, try Zone.named(name))
    } catch {
      throw file.failure(line, "\(line.name): TZID=\(name): \(error.message)")
    }
  }

  /// Seconds on the clock in which the event's start is written.
  private func clock(_ moment: Moment, of start: Moment, _ line: CalendarFile.Line) throws(ScheduleError)
    -> Int64
  {
    switch (start, moment) {
    case (.date, .date(let day)): return Int64(day) * secondsPerDay
    case (.local(_, let zone), .local(let seconds, let other)) where zone == other: return seconds
    case (.local(_, let zone?), .local(let seconds, let other?)):
      return zone.localSeconds(at: other.instant(ofLocal: seconds))
    case (.local(_, let zone?), .utc(let instant)): return zone.localSeconds(at: instant)
    case (.utc, .utc(let instant)): return instant.seconds
    default:
      throw file.failure(line, "\(line.name) is not of the same kind (date, local time, UTC) as DTSTART")
    }
  }

  private func length(from start: Moment) throws(ScheduleError) -> CalendarEvent.Length {
    if let line = lines["DTEND"] {
      guard lines["DURATION"] == nil else {
        throw file.failure(line, "a VEVENT has DTEND or DURATION, not both")
      }
      let end = try moment(line.value, line)
      let length: CalendarEvent.Length
      if case .utc(let from) = start, case .local(let seconds, let zone?) = end {
        length = .exact(zone.instant(ofLocal: seconds) - from)
      } else {
        let seconds = try clock(end, of: start, line) - Self.seconds(start)
        if case .utc = start {
          length = .exact(.seconds(seconds))
        } else {
          length = .nominal(seconds: seconds)
        }
      }
      switch length {
      case .nominal(let seconds) where seconds < 0: throw file.failure(line, "DTEND is before DTSTART")
      case .exact(let interval) where interval < .zero: throw file.failure(line, "DTEND is before DTSTART")
      default: return length
      }
    }
    if let line = lines["DURATION"] { return try duration(line) }
    if case .date = start { return .nominal(seconds: secondsPerDay) }
    return .exact(.zero)
  }

  private static func seconds(_ moment: Moment) -> Int64 {
    switch moment {
    case .date(let day): Int64(day) * secondsPerDay
    case .local(let seconds, _): seconds
    case .utc(let instant): instant.seconds
    }
  }

  private func duration(_ line: CalendarFile.Line) throws(ScheduleError) -> CalendarEvent.Length {
    let text = line.value.hasPrefix("+") ? String(line.value.dropFirst()) : line.value
    guard text.hasPrefix("P") else {
      throw file.failure(line, "DURATION: \(quoted(line.value)) is not a duration like P1D or PT2H")
    }
    do throws(ScheduleError) {
      let interval = try Interval(parsing: text)
      return text.contains("T")
        ? .exact(interval) : .nominal(seconds: interval.microseconds / microsecondsPerSecond)
    } catch {
      throw file.failure(line, "DURATION: \(error.message)")
    }
  }

  // MARK: - RRULE

  private func rule(_ line: CalendarFile.Line, start: Moment) throws(ScheduleError) -> YearlyRule {
    var rule = YearlyRule()
    var frequency: String?
    var seen: Set<String> = []
    for part in line.value.split(separator: ";") {
      guard let equals = part.firstIndex(of: "=") else {
        throw file.failure(line, "RRULE: \(quoted(String(part))) is not NAME=value")
      }
      let key = part[..<equals].uppercased()
      let value = String(part[part.index(after: equals)...]).uppercased()
      guard seen.insert(key).inserted else { throw file.failure(line, "RRULE: \(key) stands twice") }
      switch key {
      case "FREQ": frequency = value
      case "INTERVAL": rule.interval = try numbers(value, 1...9_999, key, line, single: true)[0]
      case "COUNT": rule.count = try numbers(value, 1...9_999, key, line, single: true)[0]
      case "BYMONTH": rule.months = try numbers(value, 1...12, key, line)
      case "BYMONTHDAY": rule.monthDays = try numbers(value, -31...31, key, line)
      case "BYDAY": rule.days = try weekdays(value, line)
      case "UNTIL": rule.until = try until(value, start: start, line)
      // Says on which day weeks begin, which yearly rules without weeks do not ask.
      case "WKST": break
      default:
        throw file.failure(line, "RRULE: \(key) is not understood; yearly rules may have \(Self.known)")
      }
    }
    guard frequency == "YEARLY" else {
      throw file.failure(
        line, "RRULE: FREQ=\(frequency ?? "?") is not understood; a blackout repeats with FREQ=YEARLY")
    }
    guard rule.count == nil || rule.until == nil else {
      throw file.failure(line, "RRULE has COUNT or UNTIL, not both")
    }
    return rule
  }

  private static let known = "INTERVAL, COUNT, UNTIL, BYMONTH, BYMONTHDAY and BYDAY"

  private func numbers(
    _ text: String, _ range: ClosedRange<Int>, _ key: String, _ line: CalendarFile.Line, single: Bool = false
  ) throws(ScheduleError) -> [Int] {
    var numbers: [Int] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let number = Int(part), range.contains(number), number != 0 else {
        throw file.failure(
          line, "RRULE: \(key)=\(text): \(quoted(String(part))) is not a number that goes here")
      }
      numbers.append(number)
    }
    guard !numbers.isEmpty, !single || numbers.count == 1 else {
      throw file.failure(line, "RRULE: \(key)=\(text) is not one number")
    }
    return numbers
  }

  private func weekdays(_ text: String, _ line: CalendarFile.Line) throws(ScheduleError) -> [YearlyRule.Day] {
    let names = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"]
    var days: [YearlyRule.Day] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ordinalText = part.dropLast(2)
      let ordinal = ordinalText.isEmpty ? 0 : Int(ordinalText)
      guard let weekday = names.firstIndex(of: String(part.suffix(2))), let ordinal,
        (-53...53).contains(ordinal),
        ordinalText.isEmpty || ordinal != 0
      else {
        throw file.failure(
          line, "RRULE: BYDAY=\(text): \(quoted(String(part))) is not a day like MO, 2TU or -1FR")
      }
      days.append(YearlyRule.Day(ordinal: ordinal, weekday: weekday))
    }
    return days
  }

  private func until(_ text: String, start: Moment, _ line: CalendarFile.Line) throws(ScheduleError) -> Int64
  {
    let moment = try moment(
      text, CalendarFile.Line(number: line.number, name: "RRULE: UNTIL", parameters: [:], value: text))
    switch (start, moment) {
    // A day includes all of it.
    case (_, .date(let day)): return Int64(day + 1) * secondsPerDay - 1
    case (.local(_, let zone?), .utc(let instant)): return zone.localSeconds(at: instant)
    case (_, .local(let seconds, _)): return seconds
    case (_, .utc(let instant)): return instant.seconds
    }
  }

  /// The start of the last of so many occurrences, those that are left out included.
  private static func last(of count: Int, _ event: CalendarEvent) -> Int64 {
    var all = event
    all.exceptions = []
    let firstYear = Calendar.civil(Int(floorDivide(event.startSeconds, secondsPerDay))).year
    var left = count
    for year in firstYear...9_999 {
      for start in all.starts(in: year) {
        left -= 1
        if left == 0 { return start }
      }
    }
    return .max
  }
}
