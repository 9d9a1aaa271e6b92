/// A `VEVENT` of an iCalendar file, as far as it says when nothing fires.
public struct CalendarEvent: Sendable, Equatable {
  /// A date or a time as the calendar gives it.
  enum Moment: Sendable, Equatable {
    case date(Int)
    /// Local seconds; nil for the zone of the schedule ("floating").
    case local(Int64, Zone?)
    case utc(Instant)
  }

  /// How long an occurrence is.
  enum Length: Sendable, Equatable {
    /// By the calendar: in local time.
    case nominal(seconds: Int64)
    case exact(Interval)
  }

  var summary: String
  var start: Moment
  var length: Length
  var yearly: YearlyRule?
  /// The first seconds (local, or UTC where the start is) of occurrences that are left out.
  var exceptions: Set<Int64>

  var written: String { "\(summary)|\(start)|\(length)|\(String(describing: yearly))|\(exceptions.sorted())" }
}
