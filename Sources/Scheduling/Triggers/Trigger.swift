/// One rule that yields due instants, with what the user set beside it (SPEC 4.1).
public struct Trigger: Sendable, Equatable {
  public enum Rule: Sendable, Equatable {
    /// At a fixed rate: from one due instant to the next; on the grid `startAt` + n × interval where that is set.
    case every(Interval)
    /// At a fixed delay after the previous run ended.
    case restartAfter(Interval)
    case cron(CronExpression)
    case daily(DailyRule)
    case weekly(WeeklyRule)
    case monthly(MonthlyRule)
    /// Once at each.
    case at([Instant])
    /// Not by the clock.
    case event(EventKind)
    /// When other jobs' runs end.
    case after([AfterCondition])
    /// When files appear or change.
    case watch(WatchRule)
  }

  public var rule: Rule
  /// As the user named it.
  public var name: String?
  public var enabled: Bool
  /// Due instants are in `startAt..<endAt`.
  public var startAt: Instant?
  public var endAt: Instant?
  /// Added to each firing.
  public var delay: Interval
  /// Up to this much is added to each firing, the same for the same job and due instant.
  public var jitter: Interval
  public var repetition: Repetition?
  /// Overrides the job's.
  public var timeLimit: Interval?
  public var outsideWindow: OutsideWindow
  /// What the trigger says: `cron = "*/15 * * * *"`. Its identity where it has no name.
  public var written: String
  /// The key under which its account is kept; ``Schedule`` makes it unique.
  public internal(set) var accountKey: String

  /// - Parameters:
  ///   - outsideWindow: As set by the user; nil for the kind's default.
  ///   - written: Nil for the rule as this target writes it.
  public init(
    _ rule: Rule, name: String? = nil, enabled: Bool = true, startAt: Instant? = nil, endAt: Instant? = nil,
    delay: Interval = .zero, jitter: Interval = .zero, repetition: Repetition? = nil,
    timeLimit: Interval? = nil,
    outsideWindow: OutsideWindow? = nil, written: String? = nil
  ) {
    self.rule = rule
    self.name = name
    self.enabled = enabled
    self.startAt = startAt
    self.endAt = endAt
    self.delay = delay
    self.jitter = jitter
    self.repetition = repetition
    self.timeLimit = timeLimit
    self.outsideWindow = outsideWindow ?? rule.defaultOutsideWindow
    self.written = written ?? rule.written
    accountKey = name ?? rule.accountKind ?? self.written
  }

  /// What the `trigger` column of a listing shows.
  public var label: String { name ?? written }
}

extension Trigger.Rule {
  /// The rule of a cron expression: `@reboot` is an event, all others are times.
  public init(cron text: String, jobName: String = "", dayMatch: DayMatch = .standard) throws(ScheduleError) {
    if text.lowercased().filter({ !$0.isWhitespace }) == "@reboot" {
      self = .event(.boot)
    } else {
      self = .cron(try CronExpression(parsing: text, jobName: jobName, dayMatch: dayMatch))
    }
  }
}

/// What happens that is not the clock's doing.
public enum EventKind: String, Sendable, CaseIterable {
  case startup, boot, load, shutdown
}

/// The end of another job's run that a trigger waits for.
public struct AfterCondition: Sendable, Hashable {
  public var job: String
  /// The outcomes that count, as the ledger names them; empty: every one.
  public var outcomes: [String]

  public init(job: String, outcomes: [String] = ["succeeded"]) {
    self.job = job
    self.outcomes = outcomes
  }

  /// True for a run that ended with this outcome.
  public func isMet(by outcome: String) -> Bool { outcomes.isEmpty || outcomes.contains(outcome) }
}

/// Files that a trigger waits for.
public struct WatchRule: Sendable, Hashable {
  /// As the job writes it.
  public var pattern: String
  /// The folder that a relative pattern starts from, absolute.
  public var folder: String
  /// How long a path has to be left alone before it counts.
  public var settle: Interval

  public init(pattern: String, folder: String, settle: Interval = .seconds(1)) {
    self.pattern = pattern
    self.folder = folder
    self.settle = settle
  }
}

/// Further firings after each firing of a trigger.
public struct Repetition: Sendable, Hashable {
  public var every: Interval
  /// The last repetition is at most this long after the firing; nil: until the trigger fires next.
  public var duration: Interval?
  /// Whether running instances are stopped when the repetition ends.
  public var stopAtEnd: Bool

  public init(every: Interval, duration: Interval? = nil, stopAtEnd: Bool = false) {
    self.every = every
    self.duration = duration
    self.stopAtEnd = stopAtEnd
  }
}

/// What becomes of a firing outside the window.
public enum OutsideWindow: String, Sendable, CaseIterable {
  case `defer`, skip
}

extension Trigger.Rule {
  /// SPEC 4.2.
  public var defaultOutsideWindow: OutsideWindow {
    switch self {
    case .every, .restartAfter: .defer
    case .cron, .daily, .weekly, .monthly, .at, .event, .after, .watch: .skip
    }
  }

  /// The kind that stands for the rule as its account's key, so that an edited interval keeps its account.
  fileprivate var accountKind: String? {
    switch self {
    case .every: "every"
    case .restartAfter: "restart_after"
    default: nil
    }
  }

  /// Whether it follows the wall clock and not events or runs.
  var isClock: Bool {
    switch self {
    case .every, .cron, .daily, .weekly, .monthly, .at: true
    case .restartAfter, .event, .after, .watch: false
    }
  }
}
