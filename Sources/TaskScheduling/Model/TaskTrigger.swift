import Scheduling

/// What starts a task: its `ITrigger`, of any type.
public struct TaskTrigger: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// Once, at the start boundary.
    case time
    case daily(daysInterval: Int)
    case weekly(daysOfWeek: Set<Weekday>, weeksInterval: Int)
    case monthly(daysOfMonth: [MonthDay], monthsOfYear: Set<Int>)
    /// The first to fourth, or the last, of these days of the week.
    case monthlyDOW(weeksOfMonth: [WeekOfMonth], daysOfWeek: Set<Weekday>, monthsOfYear: Set<Int>)
    case boot
    case registration
    case idle
    /// An event of that system's log.
    case event(subscription: String)
    case logon(userID: String?)
    case sessionStateChange(String)
    /// One that the object model does not have, by the name that an export gives it.
    case other(String)
  }

  public var kind: Kind
  public var id: String?
  public var enabled = true
  public var startBoundary: TaskBoundary?
  public var endBoundary: TaskBoundary?
  public var repetition: TaskRepetition?
  public var executionTimeLimit: Interval?
  /// Up to this much is added to each start.
  public var randomDelay: Interval?
  /// After the event that starts the task.
  public var delay: Interval?
  /// Where it stands in the definition: `Triggers[2]`.
  public var key: String

  public init(_ kind: Kind, key: String = "Triggers") {
    self.kind = kind
    self.key = key
  }
}

/// Which of the days of one name in a month.
public enum WeekOfMonth: Sendable, Hashable {
  case first, second, third, fourth, last
}

/// Further starts after each start of a trigger.
public struct TaskRepetition: Sendable, Equatable {
  public var interval: Interval
  /// Nil: for ever, or until the trigger fires next.
  public var duration: Interval?
  public var stopAtDurationEnd = false

  public init(interval: Interval, duration: Interval? = nil, stopAtDurationEnd: Bool = false) {
    self.interval = interval
    self.duration = duration
    self.stopAtDurationEnd = stopAtDurationEnd
  }
}

/// When a trigger becomes active or inactive: what a clock shows, and where.
public struct TaskBoundary: Sendable, Equatable, CustomStringConvertible {
  public var local: LocalTime
  /// Seconds east of UTC; nil: by the clock of the machine.
  public var offset: Int?

  /// Reads `2026-01-01T02:00:00`, with `Z` or an offset behind it or not; a date alone is its midnight. Fractions
  /// of a second are left out.
  public init(parsing text: String) throws(ScheduleError) {
    // Whether it is a date and a time, and which; then what is behind it.
    let instant = try Instant(parsing: text, in: .utc)
    let time = text.dropFirst(10)
    if time.last.map({ "zZ".contains($0) }) ?? false {
      offset = 0
    } else if let sign = time.lastIndex(where: { $0 == "+" || $0 == "-" }) {
      let digits = time[sign...].dropFirst().filter(\.isNumber)
      let hours = Int(digits.prefix(2)) ?? 0
      let minutes = Int(digits.dropFirst(2)) ?? 0
      offset = (hours * 3600 + minutes * 60) * (time[sign] == "-" ? -1 : 1)
    } else {
      offset = nil
    }
    var shown = Zone.utc.localTime(at: instant + .seconds(Int64(offset ?? 0)))
    shown.microseconds -= shown.microseconds % 1_000_000
    local = shown
  }

  public init(_ local: LocalTime, offset: Int? = nil) {
    self.local = local
    self.offset = offset
  }

  var date: LocalDate { local.date }

  var timeOfDay: TimeOfDay {
    TimeOfDay(hour: local.hour, minute: local.minute, second: local.second) ?? .midnight
  }

  /// As a job writes it: `2026-01-01T02:00`, `2026-01-01T02:00Z`, `2026-01-01T02:00+02:00`.
  public var description: String {
    let text = "\(date)T\(timeOfDay)"
    guard let offset else { return text }
    guard offset != 0 else { return text + "Z" }
    let minutes = Int(offset.magnitude) / 60
    return text + (offset < 0 ? "-" : "+") + Self.twoDigits(minutes / 60) + ":" + Self.twoDigits(minutes % 60)
  }

  private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }

  /// The same place's clock at another day and time.
  func at(_ date: LocalDate, _ time: TimeOfDay? = nil) -> TaskBoundary {
    let microseconds = time.map { Int64($0.seconds) * 1_000_000 } ?? local.microseconds
    return TaskBoundary(LocalTime(date: date, microseconds: microseconds), offset: offset)
  }
}
