import Scheduling

/// The triggers of a task.
extension TaskDecoder {
  private static let everyTrigger = [
    "Type", "Id", "Enabled", "StartBoundary", "EndBoundary", "Repetition", "ExecutionTimeLimit",
  ]

  func trigger(_ reader: DefinitionReader) -> TaskTrigger? {
    var reader = reader
    guard reader.has("Type") else {
      reader.report(
        "Type", "is missing; write Type: DAILY, or another one of TIME, WEEKLY, MONTHLY, BOOT ...")
      return nil
    }
    guard let type = reader.constant("Type", .triggerTypes) else { return nil }
    let (kind, own) = kind(type, &reader)
    // Also where its kind is no good: all that is wrong is told at once.
    var trigger = TaskTrigger(kind ?? .time, key: reader.key)
    trigger.id = reader.text("Id")
    if let enabled = reader.flag("Enabled") { trigger.enabled = enabled }
    trigger.startBoundary = reader.boundary("StartBoundary")
    trigger.endBoundary = reader.boundary("EndBoundary")
    trigger.executionTimeLimit = reader.duration("ExecutionTimeLimit")
    if own.contains("RandomDelay") { trigger.randomDelay = reader.duration("RandomDelay") }
    if own.contains("Delay") { trigger.delay = reader.duration("Delay") }
    if let inner = reader.object("Repetition") { trigger.repetition = repetition(inner) }
    if case .other = trigger.kind { reader.takeRest() }
    reader.close(Self.everyTrigger + own)
    guard let kind else { return nil }
    if kind.isByCalendar, !reader.has("StartBoundary") {
      reader.report(
        "StartBoundary", "is missing; it says from when on, and at which time of day: 2026-01-01T02:00:00")
      return nil
    }
    // One whose boundary could not be read would be due at another time.
    return kind.isByCalendar && trigger.startBoundary == nil ? nil : trigger
  }

  /// The kind with what is its own, and the names of that.
  private func kind(_ type: Int, _ reader: inout DefinitionReader) -> (TaskTrigger.Kind?, [String]) {
    switch type {
    case 0:
      let subscription = reader.text("Subscription")
      for name in ["ValueQueries", "PeriodOfOccurrence", "NumberOfOccurrences", "MatchingElement"] {
        _ = reader.take(name)
      }
      return (
        .event(subscription: subscription ?? ""),
        [
          "Subscription", "ValueQueries", "PeriodOfOccurrence", "NumberOfOccurrences", "MatchingElement",
          "Delay",
        ]
      )
    case 1: return (.time, ["RandomDelay"])
    case 2:
      let interval = reader.number("DaysInterval", in: 1...365)
      guard interval != nil || !reader.has("DaysInterval") else {
        return (nil, ["DaysInterval", "RandomDelay"])
      }
      return (.daily(daysInterval: interval ?? 1), ["DaysInterval", "RandomDelay"])
    case 3: return (weekly(&reader), ["DaysOfWeek", "WeeksInterval", "RandomDelay"])
    case 4:
      return (
        monthly(&reader), ["DaysOfMonth", "MonthsOfYear", "RunOnLastDayOfMonth", "RandomDelay"]
      )
    case 5:
      return (
        monthlyDOW(&reader),
        ["WeeksOfMonth", "DaysOfWeek", "MonthsOfYear", "RunOnLastWeekOfMonth", "RandomDelay"]
      )
    case 6: return (.idle, [])
    case 7: return (.registration, ["Delay"])
    case 8: return (.boot, ["Delay"])
    case 9: return (.logon(userID: reader.text("UserId")), ["UserId", "Delay"])
    case 11:
      let change = reader.text("StateChange") ?? ""
      _ = reader.text("UserId")
      return (.sessionStateChange(change), ["StateChange", "UserId", "Delay"])
    default:
      return (.other(reader.text("Name") ?? "CUSTOM_TRIGGER_01"), ["Name"])
    }
  }

  private func weekly(_ reader: inout DefinitionReader) -> TaskTrigger.Kind? {
    let interval = reader.number("WeeksInterval", in: 1...52)
    let days = reader.flags("DaysOfWeek", .daysOfWeek)
    if !reader.has("DaysOfWeek") { reader.report("DaysOfWeek", "is missing; write [Monday, Thursday]") }
    guard let days, interval != nil || !reader.has("WeeksInterval") else { return nil }
    return .weekly(daysOfWeek: Self.weekdays(days), weeksInterval: interval ?? 1)
  }

  private func monthly(_ reader: inout DefinitionReader) -> TaskTrigger.Kind? {
    let flags = reader.flags("DaysOfMonth", .daysOfMonth)
    let last = reader.flag("RunOnLastDayOfMonth") ?? false
    let months = months(&reader)
    if !reader.has("DaysOfMonth"), !last {
      reader.report("DaysOfMonth", "is missing; write [\"1\", \"15\", Last]")
    }
    guard let months, flags != nil || last && !reader.has("DaysOfMonth") else { return nil }
    var days = (1...31).filter { (flags ?? 0) & 1 << ($0 - 1) != 0 }.compactMap(MonthDay.init(day:))
    if last || (flags ?? 0) & 1 << 31 != 0 { days.append(.last) }
    return .monthly(daysOfMonth: days, monthsOfYear: months)
  }

  private func monthlyDOW(_ reader: inout DefinitionReader) -> TaskTrigger.Kind? {
    let flags = reader.flags("WeeksOfMonth", .weeksOfMonth)
    let last = reader.flag("RunOnLastWeekOfMonth") ?? false
    let days = reader.flags("DaysOfWeek", .daysOfWeek)
    let months = months(&reader)
    if !reader.has("WeeksOfMonth"), !last {
      reader.report("WeeksOfMonth", "is missing; write [First, Last]")
    }
    if !reader.has("DaysOfWeek") { reader.report("DaysOfWeek", "is missing; write [Monday, Thursday]") }
    guard let days, let months, flags != nil || last && !reader.has("WeeksOfMonth") else { return nil }
    let named: [WeekOfMonth] = [.first, .second, .third, .fourth, .last]
    let all = (flags ?? 0) | (last ? 16 : 0)
    let weeks = named.enumerated().filter { all & 1 << $0.offset != 0 }.map(\.element)
    return .monthlyDOW(weeksOfMonth: weeks, daysOfWeek: Self.weekdays(days), monthsOfYear: months)
  }

  /// All twelve where none is named.
  private func months(_ reader: inout DefinitionReader) -> Set<Int>? {
    guard reader.has("MonthsOfYear") else { return Set(1...12) }
    return reader.flags("MonthsOfYear", .monthsOfYear).map { flags in
      Set((1...12).filter { flags & 1 << ($0 - 1) != 0 })
    }
  }

  private static func weekdays(_ flags: Int) -> Set<Weekday> {
    Set((0...6).filter { flags & 1 << $0 != 0 }.compactMap(Weekday.init(rawValue:)))
  }

  private func repetition(_ reader: DefinitionReader) -> TaskRepetition? {
    var reader = reader
    let interval = reader.duration("Interval")
    let duration = reader.duration("Duration")
    let stops = reader.flag("StopAtDurationEnd")
    reader.close(["Interval", "Duration", "StopAtDurationEnd"])
    guard let interval, interval > .zero else {
      if let duration, duration > .zero { reader.report("Interval", "is missing; write Interval: PT10M") }
      return nil
    }
    let limit = duration.flatMap { $0 > .zero ? $0 : nil }
    if let limit, limit < interval {
      reader.report("Duration", "\(limit) is shorter than the Interval, \(interval)")
      return nil
    }
    return TaskRepetition(interval: interval, duration: limit, stopAtDurationEnd: stops ?? false)
  }
}

extension TaskTrigger.Kind {
  /// Whether a clock starts it, so that it needs a start boundary.
  var isByCalendar: Bool {
    switch self {
    case .time, .daily, .weekly, .monthly, .monthlyDOW: true
    default: false
    }
  }
}
