/// A day of the week. Numbered as in cron: Sunday is 0.
public enum Weekday: Int, CaseIterable, Hashable, Comparable, Sendable, CustomStringConvertible {
  case sunday, monday, tuesday, wednesday, thursday, friday, saturday

  /// Reads `mon`...`sun` or a full English name, in any case.
  public init(parsing text: String) throws(ScheduleError) {
    let word = text.lowercased()
    guard let day = Self.allCases.first(where: { word == $0.name.lowercased() || word == $0.description })
    else {
      throw ScheduleError(
        "\(quoted(text)) is not a day of the week (mon, tue, wed, thu, fri, sat, sun)"
          + SlipFinder.hint(for: text, among: CronField.dayOfWeek.names))
    }
    self = day
  }

  /// `mon`.
  public var description: String { String(name.prefix(3)).lowercased() }

  /// `Monday`.
  public var name: String {
    switch self {
    case .sunday: "Sunday"
    case .monday: "Monday"
    case .tuesday: "Tuesday"
    case .wednesday: "Wednesday"
    case .thursday: "Thursday"
    case .friday: "Friday"
    case .saturday: "Saturday"
    }
  }

  /// Monday comes first.
  public static func < (left: Weekday, right: Weekday) -> Bool {
    (left.rawValue + 6) % 7 < (right.rawValue + 6) % 7
  }

  /// The set as bits, Sunday the lowest.
  static func mask(_ days: some Sequence<Weekday>) -> UInt8 {
    days.reduce(0) { $0 | 1 << UInt8($1.rawValue) }
  }
}
