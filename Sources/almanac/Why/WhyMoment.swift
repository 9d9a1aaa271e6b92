import RunLifecycle
import Scheduling

/// What `why` is asked about.
enum WhyMoment: Equatable {
  /// The latest run, the present, and what comes next.
  case now
  case run(RunID)
  /// An instant, as exact as it was written: `02:00` is a minute, `2026-11-21` a day.
  case span(Range<Instant>)

  /// Reads a run's number, a time of day (the last one that was: today, else yesterday) or an instant.
  init(_ text: String?, in zone: Zone, now: Instant) throws(ScheduleError) {
    guard let text, !text.isEmpty else {
      self = .now
      return
    }
    if text.utf8.allSatisfy({ (48...57).contains($0) }) {
      guard let number = Int64(text) else { throw ScheduleError("\(text) is not the number of a run") }
      self = .run(RunID(number))
      return
    }
    let start: Instant
    if text.firstIndex(of: ":") == text.index(text.startIndex, offsetBy: 2, limitedBy: text.endIndex) {
      start = try Self.latest(TimeOfDay(parsing: text), in: zone, now: now)
    } else {
      do throws(ScheduleError) { start = try Instant(parsing: Self.joined(text), in: zone) } catch {
        throw ScheduleError(
          "\(error.message); write the number of a run, HH:MM, or an instant such as 2026-11-21T02:00")
      }
    }
    let isDay = !text.contains(":")
    let nextDay = zone.instant(of: LocalDate(dayNumber: zone.date(at: start).dayNumber + 1), at: .midnight)
    self = .span(start..<(isDay ? max(nextDay, start + .minutes(1)) : start + Self.precision(of: text)))
  }

  private static func latest(_ time: TimeOfDay, in zone: Zone, now: Instant) -> Instant {
    let today = zone.date(at: now)
    let instant = zone.instant(of: today, at: time)
    return instant <= now ? instant : zone.instant(of: LocalDate(dayNumber: today.dayNumber - 1), at: time)
  }

  /// `2026-11-21 02:00:00 +01:00`, as listings show it, in one piece.
  private static func joined(_ text: String) -> String {
    let parts = text.split(separator: " ")
    return parts.count > 1 ? parts[0] + "T" + parts.dropFirst().joined() : text
  }

  private static func precision(of text: String) -> Interval {
    let time = text.split(whereSeparator: { "T ".contains($0) }).last { $0.contains(":") } ?? ""
    let clock = time.prefix { !"Z+-".contains($0) }
    if clock.contains(".") || clock.contains(",") { return .milliseconds(1) }
    return clock.count { $0 == ":" } > 1 ? .seconds(1) : .minutes(1)
  }
}
