/// What the calendar and the clock at some place show.
public struct LocalTime: Hashable, Sendable {
  public var date: LocalDate
  /// Since midnight, `0..<86_400_000_000`.
  public var microseconds: Int64

  public init(date: LocalDate, microseconds: Int64 = 0) {
    self.date = date
    self.microseconds = microseconds
  }

  public var hour: Int { Int(microseconds / 3_600_000_000) }
  public var minute: Int { Int(microseconds / 60_000_000 % 60) }
  public var second: Int { Int(microseconds / 1_000_000 % 60) }
}

extension Zone {
  /// What the calendar and the clock show here.
  public func localTime(at instant: Instant) -> LocalTime {
    let local = localSeconds(at: instant)
    return LocalTime(
      date: LocalDate(dayNumber: Int(floorDivide(local, secondsPerDay))),
      microseconds: floorModulo(local, secondsPerDay) * microsecondsPerSecond
        + floorModulo(instant.microseconds, microsecondsPerSecond))
  }

  /// The instant at which they show this: where daylight saving skips it, the first instant after the gap;
  /// where it comes twice, the first of the two.
  public func instant(of local: LocalTime) -> Instant {
    instant(
      ofLocal: Int64(local.date.dayNumber) * secondsPerDay + local.microseconds / microsecondsPerSecond,
      fraction: Interval(microseconds: local.microseconds % microsecondsPerSecond))
  }
}
