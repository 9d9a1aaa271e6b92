/// A part of the day in which a start is allowed, half open: `[from, to)`.
///
/// Where `from` is after `to` it crosses midnight and belongs to the day on which it opens.
public struct Window: Sendable, Hashable, CustomStringConvertible {
  /// What happens to a run that is still going when the window closes.
  public enum OnClose: String, Sendable, CaseIterable {
    case finish, stop
  }

  public let from: TimeOfDay
  public let to: TimeOfDay
  /// The days on which it opens.
  public let days: Set<Weekday>
  public let onClose: OnClose

  /// - Throws: where `from` and `to` are the same, or there is no day.
  public init(
    from: TimeOfDay, to: TimeOfDay, days: Set<Weekday> = Set(Weekday.allCases), onClose: OnClose = .finish
  ) throws(ScheduleError) {
    guard from != to else {
      throw ScheduleError(
        "the window is empty: \"from\" and \"to\" are both \(from); for the whole day write from = \"00:00\", to = \"24:00\""
      )
    }
    guard from != .endOfDay else {
      throw ScheduleError(
        "the window's \"from\" is 24:00, the end of the day; write \"00:00\" for its beginning")
    }
    guard !days.isEmpty else { throw ScheduleError("the window has no days, so that it never opens") }
    self.from = from
    self.to = to
    self.days = days
    self.onClose = onClose
  }

  /// `02:00-04:00`, or `22:00-02:00 fri, sat`.
  public var description: String {
    let times = "\(from)-\(to)"
    return days.count == 7 ? times : "\(times) \(days.sorted().map(\.description).joined(separator: ", "))"
  }

  /// Seconds from midnight of the day on which it opens to its end.
  var end: Int { to > from ? to.seconds : to.seconds + 86_400 }
}
