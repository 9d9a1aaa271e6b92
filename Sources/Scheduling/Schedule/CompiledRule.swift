/// A trigger's rule made ready to be asked.
enum CompiledRule: Sendable {
  /// Has no due instants by the clock.
  case never
  /// `every` without `start_at`: each due instant follows from the last one.
  case fixedRate(Interval, end: Instant)
  case fixedDelay(Interval, start: Instant, end: Instant)
  case due(DueInstants)
  /// With repetitions in between.
  case repeated(RepeatedInstants)

  /// - Throws: where the trigger says what is impossible, or can never fire.
  init(_ trigger: Trigger, zone: Zone) throws(ScheduleError) {
    try Self.check(trigger, zone)
    let end = trigger.endAt ?? Instant(microseconds: .max)
    switch trigger.rule {
    case .event, .after, .watch:
      self = .never
    case .restartAfter(let interval):
      self = .fixedDelay(interval, start: trigger.startAt ?? .distantPast, end: end)
    case .every(let interval) where trigger.startAt == nil:
      self = .fixedRate(interval, end: end)
    default:
      let kind = try Self.kind(trigger, zone: zone)
      let due = DueInstants(kind, zone: zone, start: trigger.startAt, end: trigger.endAt)
      guard due.next(after: due.start - Interval(microseconds: 1)) != nil else {
        throw ScheduleError("\(trigger.written) can never fire\(Self.reason(trigger))")
      }
      self = trigger.repetition.map { .repeated(RepeatedInstants(base: due, repetition: $0)) } ?? .due(due)
    }
    if !trigger.enabled { self = .never }
  }

  private static func reason(_ trigger: Trigger) -> String {
    if case .monthly(let rule) = trigger.rule {
      var days = MonthDays()
      for case .day(let number) in rule.on where (1...31).contains(number) {
        days.numbered |= 1 << UInt32(number)
      }
      let isByNumber = rule.on.allSatisfy { if case .day = $0 { true } else { false } }
      if isByNumber, let reason = CronExpression.reason(days, months: rule.months) { return ": \(reason)" }
    }
    guard trigger.startAt != nil || trigger.endAt != nil else { return ": the calendar has no such day" }
    return " between its start_at and end_at"
  }

  private static func check(_ trigger: Trigger, _ zone: Zone) throws(ScheduleError) {
    func refuse(_ what: String) -> ScheduleError { ScheduleError("\(trigger.written): \(what)") }
    let shortest = Interval.milliseconds(1)
    if case .every(let interval) = trigger.rule, interval < shortest {
      throw refuse("the interval is \(interval); the shortest is 1ms")
    }
    guard trigger.delay >= .zero, trigger.jitter >= .zero else {
      throw refuse("delay and jitter are not negative")
    }
    if let start = trigger.startAt, let end = trigger.endAt, start >= end {
      let (from, to) = (start.description(in: zone), end.description(in: zone))
      throw refuse("end_at (\(to)) is not after start_at (\(from)), so that it can never fire")
    }
    guard let repetition = trigger.repetition else { return }
    guard repetition.every >= shortest else {
      throw refuse("repeat_every is \(repetition.every); the shortest is 1ms")
    }
    if let duration = repetition.duration, duration < repetition.every {
      throw refuse("repeat_for (\(duration)) is shorter than repeat_every (\(repetition.every))")
    }
    switch trigger.rule {
    case .every where trigger.startAt == nil:
      throw refuse(
        "repeat_every needs a start_at here, so that the firings to repeat from stay where they are")
    case .restartAfter, .event, .after, .watch:
      throw refuse("repeat_every does not go with it; add a second trigger with every")
    default: break
    }
  }

  private static func kind(_ trigger: Trigger, zone: Zone) throws(ScheduleError) -> DueInstants.Kind {
    func refuse(_ what: String) -> ScheduleError { ScheduleError("\(trigger.written): \(what)") }
    let startDay = trigger.startAt.map { zone.date(at: $0).dayNumber }
    switch trigger.rule {
    case .cron(let expression):
      return .calendar(expression.rule, byElapsedTime: expression.followsElapsedTime)
    case .daily(let rule):
      guard (1...1_000_000).contains(rule.everyDays) else { throw refuse("every_days is at least 1") }
      return calendar(.every(days: rule.everyDays, anchor: startDay ?? 0), try times(rule.at, trigger))
    case .weekly(let rule):
      guard (1...100_000).contains(rule.everyWeeks) else { throw refuse("every_weeks is at least 1") }
      guard !rule.on.isEmpty else { throw refuse("\"on\" names no day") }
      // 1970-01-05 was a Monday.
      let anchor = startDay.map { $0 - (Calendar.weekday($0) + 6) % 7 } ?? 4
      let days = DayRule.weeks(weekdays: Weekday.mask(rule.on), every: rule.everyWeeks, anchor: anchor)
      return calendar(days, try times(rule.at, trigger))
    case .monthly(let rule):
      guard !rule.on.isEmpty else { throw refuse("\"on\" names no day") }
      let months = rule.months.reduce(UInt16(0)) { (1...12).contains($1) ? $0 | 1 << UInt16($1) : $0 }
      guard months != 0 else { throw refuse("\"months\" names no month") }
      return calendar(
        .months(try monthDays(rule, trigger), months: months, years: .all), try times(rule.at, trigger))
    case .at(let instants):
      guard !instants.isEmpty else { throw refuse("the list is empty") }
      return .given(Set(instants).sorted())
    case .every(let interval):
      return .grid(anchor: trigger.startAt ?? .distantPast, interval: interval)
    case .restartAfter, .event, .after, .watch:
      return .given([])
    }
  }

  private static func calendar(_ days: DayRule, _ times: TimesOfDay) -> DueInstants.Kind {
    .calendar(CalendarRule(days: days, times: times), byElapsedTime: false)
  }

  private static func times(_ times: [TimeOfDay], _ trigger: Trigger) throws(ScheduleError) -> TimesOfDay {
    guard !times.isEmpty else { throw ScheduleError("\(trigger.written): \"at\" names no time of day") }
    return .list(Set(times.map(\.seconds)).sorted())
  }

  private static func monthDays(_ rule: MonthlyRule, _ trigger: Trigger) throws(ScheduleError) -> MonthDays {
    var days = MonthDays()
    days.needsBoth = false
    for day in rule.on {
      switch day {
      case .day(let number) where (1...31).contains(number): days.numbered |= 1 << UInt32(number)
      case .last: days.beforeLast |= 1
      case .ordinal(let number, let weekday) where (1...5).contains(number):
        days.ordinalWeekdays |= 1 << UInt64((number - 1) * 7 + weekday.rawValue)
      case .lastWeekday(let weekday): days.lastWeekdays |= 1 << UInt8(weekday.rawValue)
      case .day, .ordinal: throw ScheduleError("\(trigger.written): no month has such a day")
      }
    }
    return days
  }
}
