/// Times in which nothing fires: dates, ranges of them, and the events of calendar files.
public struct Blackout: Sendable, Equatable {
  /// One of them.
  public enum Entry: Sendable, Equatable {
    /// These days, the last one included.
    case days(LocalDate, through: LocalDate)
    /// Half open.
    case span(from: Instant, to: Instant)
    /// An event of a calendar file.
    case event(CalendarEvent)
  }

  public var entries: [Entry]

  public init(_ entries: [Entry] = []) { self.entries = entries }

  public static let none = Blackout()

  /// Adds a date (`2026-12-24`) or a range (`2026-12-24..2027-01-06`, both days included; between instants
  /// half open; ISO 8601's `/` does for the dots).
  public mutating func add(parsing text: String, in zone: Zone) throws(ScheduleError) {
    if let dots = text.firstRange(of: "..") ?? text.firstRange(of: "/") {
      try add(from: String(text[..<dots.lowerBound]), to: String(text[dots.upperBound...]), in: zone)
    } else {
      let date: LocalDate
      do throws(ScheduleError) {
        date = try LocalDate(parsing: text)
      } catch {
        throw ScheduleError(
          "\(error.message); a blackout is a date (2026-12-24) or a range (2026-12-24..2027-01-06)")
      }
      entries.append(.days(date, through: date))
    }
  }

  /// Adds a range: of days, both included, where both are dates; else of instants, half open, where a date
  /// as `to` includes its day.
  public mutating func add(from: String, to: String, in zone: Zone) throws(ScheduleError) {
    let firstDay = try? LocalDate(parsing: from)
    let lastDay = try? LocalDate(parsing: to)
    if let firstDay, let lastDay {
      guard firstDay <= lastDay else {
        throw ScheduleError("the blackout from \(quoted(from)) to \(quoted(to)) ends before it begins")
      }
      entries.append(.days(firstDay, through: lastDay))
      return
    }
    let start = try Instant(parsing: from, in: zone)
    var end = try Instant(parsing: to, in: zone)
    if let lastDay { end = zone.instant(of: LocalDate(dayNumber: lastDay.dayNumber + 1), at: .midnight) }
    guard start < end else {
      throw ScheduleError("the blackout from \(quoted(from)) to \(quoted(to)) ends before it begins")
    }
    entries.append(.span(from: start, to: end))
  }
}

extension Blackout.Entry {
  /// What tells it from another one.
  var written: String {
    switch self {
    case .days(let first, let last): first == last ? first.description : "\(first)..\(last)"
    case .span(let from, let to): "\(from)..\(to)"
    case .event(let event): event.written
    }
  }
}
