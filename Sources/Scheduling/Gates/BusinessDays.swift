/// The days on which people work: not at weekends, not on holidays.
public struct BusinessDays: Sendable {
  /// No holidays last longer.
  private static let patience = 4_000

  private let weekend: Set<Weekday>
  private let holidays: BlackoutTable
  private let zone: Zone

  /// - Parameters:
  ///   - holidays: What covers a day from its midnight to the next makes it a holiday.
  ///   - zone: Where the days are.
  public init(weekend: Set<Weekday> = [.saturday, .sunday], holidays: Blackout = .none, zone: Zone) {
    self.weekend = weekend
    self.holidays = BlackoutTable(holidays, zone: zone)
    self.zone = zone
  }

  public func contains(_ date: LocalDate) -> Bool {
    guard !weekend.contains(date.weekday) else { return false }
    if holidays.isEmpty { return true }
    let opens = zone.instant(of: date, at: .midnight)
    let closes = zone.instant(of: LocalDate(dayNumber: date.dayNumber + 1), at: .midnight)
    return (holidays.end(at: opens) ?? opens) < closes
  }

  /// The n-th of these days after `date`, or before it where `count` is negative; `date` itself for 0.
  ///
  /// Nil where ten years have none, or the calendar ends.
  ///
  /// - Complexity: O(days in between).
  public func day(_ count: Int, from date: LocalDate) -> LocalDate? {
    var (day, left, idle) = (date, count.magnitude, 0)
    while left > 0 {
      guard idle < Self.patience, let next = day.adding(days: count.signum()) else { return nil }
      day = next
      if contains(day) { (left, idle) = (left - 1, 0) } else { idle += 1 }
    }
    return day
  }
}
