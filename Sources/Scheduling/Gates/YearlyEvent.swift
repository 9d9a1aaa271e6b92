/// An event that comes back every year, in the zone of a schedule.
struct YearlyEvent: Sendable {
  private let event: CalendarEvent
  private let zone: Zone

  init(_ event: CalendarEvent, zone: Zone) {
    self.event = event
    self.zone = zone
  }

  func label(at instant: Instant) -> String { event.label(at: instant, in: zone) }

  /// The occurrence that holds at `instant`.
  func span(at instant: Instant) -> (from: Instant, to: Instant)? {
    let year = Calendar.civil(Int(floorDivide(instant.seconds, secondsPerDay))).year
    for candidate in (year - 1 - event.yearsLong)...(year + 1) {
      for span in event.occurrences(in: candidate, zone: zone) where span.from <= instant && instant < span.to
      {
        return span
      }
    }
    return nil
  }

  /// When the next occurrence begins.
  func start(after instant: Instant) -> Instant? {
    let year = Calendar.civil(Int(floorDivide(instant.seconds, secondsPerDay))).year
    // 29 February may be eight years off; an interval makes it rarer.
    for candidate in (year - 1)...(year + 400) {
      if event.isOver(before: candidate) { return nil }
      let starts = event.occurrences(in: candidate, zone: zone).map(\.from).filter { $0 > instant }
      if let first = starts.min() { return first }
    }
    return nil
  }
}
