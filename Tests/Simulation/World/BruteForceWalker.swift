import Scheduling

/// Finds due instants and open gates by looking at every minute, second or day there is, from what SPEC 4 says and
/// from nothing that `Scheduling` computes: the second opinion that the planner's ledger is held against.
struct BruteForceWalker {
  let place: Place

  private static let day: Int64 = 86_400
  private static let tick = Interval(microseconds: 1)

  // MARK: Gates

  /// Windows and blackouts together.
  func isOpen(_ schedule: Schedule, at instant: Instant) -> Bool {
    (schedule.windows.isEmpty || schedule.windows.contains { isOpen($0, at: instant) })
      && !schedule.blackout.entries.contains { holds($0, at: instant) }
  }

  /// When the window closes that is open at this instant.
  func closing(of window: Window, at instant: Instant) -> Instant? {
    span(of: window, at: instant)?.closes
  }

  private func isOpen(_ window: Window, at instant: Instant) -> Bool { span(of: window, at: instant) != nil }

  private func span(of window: Window, at instant: Instant) -> (opens: Instant, closes: Instant)? {
    let today = Place.floor(place.local(instant), Self.day)
    let (from, to) = (Int64(window.from.seconds), Int64(window.to.seconds))
    for day in today - 2...today + 1 where window.days.contains(weekday(of: day)) {
      let opens = place.first(showing: day * Self.day + from)
      var closes = place.first(showing: day * Self.day + (to > from ? to : to + Self.day))
      // One that daylight saving skips whole opens for its length.
      if closes <= opens { closes = opens + .seconds(to > from ? to - from : to + Self.day - from) }
      if opens <= instant, instant < closes { return (opens, closes) }
    }
    return nil
  }

  private func holds(_ entry: Blackout.Entry, at instant: Instant) -> Bool {
    switch entry {
    case .days(let first, let last):
      let day = Int(Place.floor(place.local(instant), Self.day))
      return first.dayNumber <= day && day <= last.dayNumber
    case .span(let from, let to): return from <= instant && instant < to
    case .event: return false
    }
  }

  /// 1970-01-01 was a Thursday.
  private func weekday(of day: Int64) -> Weekday {
    Weekday(rawValue: Int(((day + 4) % 7 + 7) % 7)) ?? .sunday
  }

  // MARK: Due instants

  /// The due instants of a trigger that follow an account, up to `end`. None for one that does not follow the clock.
  func due(_ index: Int, of schedule: Schedule, after account: TriggerAccount, through end: Instant)
    -> [Instant]
  {
    let trigger = schedule.triggers[index]
    guard trigger.enabled, account.accountedThrough < end else { return [] }
    let after = account.accountedThrough
    switch trigger.rule {
    case .every(let interval) where trigger.startAt == nil:
      return rate(interval, of: schedule, trigger, account, through: end)
    case .every(let interval):
      let firings = repeated(trigger, from: after, through: end) {
        grid(interval, trigger, from: $0, through: $1)
      }
      return trigger.outsideWindow == .defer ? firings.filter { isOpen(schedule, at: $0) } : firings
    case .cron(let expression):
      let minutes = PlainCron(expression.text)
      return repeated(trigger, from: after, through: end) { calendar(minutes, from: $0, through: $1) }
    case .daily(let rule):
      return repeated(trigger, from: after, through: end) {
        days(rule.at, from: $0, through: $1) { $0 % Int64(rule.everyDays) == 0 }
      }
    case .weekly(let rule):
      return repeated(trigger, from: after, through: end) {
        days(rule.at, from: $0, through: $1) { rule.on.contains(weekday(of: $0)) }
      }
    case .at(let instants): return Set(instants).filter { after < $0 && $0 <= end }.sorted()
    default: return []
    }
  }

  /// A fixed rate goes on from the last due instant; where that leads out of the gates, it waits for their opening.
  private func rate(
    _ interval: Interval, of schedule: Schedule, _ trigger: Trigger, _ account: TriggerAccount,
    through end: Instant
  ) -> [Instant] {
    var found: [Instant] = []
    var due = account.accountedThrough + Self.tick
    if let last = account.lastDue { due = max(due, last + interval) }
    while due <= end {
      if trigger.outsideWindow == .defer {
        while due <= end, !isOpen(schedule, at: due) { due = nextSecond(after: due) }
        guard due <= end else { break }
      }
      found.append(due)
      due = due + interval
    }
    return found
  }

  private func nextSecond(after instant: Instant) -> Instant {
    Instant(microseconds: (Place.floor(instant.microseconds, 1_000_000) + 1) * 1_000_000)
  }

  private func grid(_ interval: Interval, _ trigger: Trigger, from: Instant, through end: Instant)
    -> [Instant]
  {
    guard let start = trigger.startAt else { return [] }
    let steps = Place.floor((from - start).microseconds, interval.microseconds) + 1
    var due = start + Interval(microseconds: max(0, steps) * interval.microseconds)
    var found: [Instant] = []
    while due <= end {
      found.append(due)
      due = due + interval
    }
    return found
  }

  /// The firings and their repetitions: up to `repeat_for` after each, but never over the next.
  private func repeated(
    _ trigger: Trigger, from: Instant, through end: Instant, _ firings: (Instant, Instant) -> [Instant]
  ) -> [Instant] {
    guard let repetition = trigger.repetition, let length = repetition.duration else {
      return firings(from, end)
    }
    let bases = firings(from - length - .seconds(1), end)
    var found: [Instant] = []
    for (index, base) in bases.enumerated() {
      let next = index + 1 < bases.count ? bases[index + 1] : .distantFuture
      var due = base
      while due <= min(base + length, end), due < next {
        if due > from { found.append(due) }
        due = due + repetition.every
      }
    }
    return found
  }

  /// Each minute, and what its clock on the wall shows.
  private func calendar(_ cron: PlainCron, from: Instant, through end: Instant) -> [Instant] {
    var found: [Instant] = []
    var minute = Instant(microseconds: (Place.floor(from.microseconds, 60_000_000) + 1) * 60_000_000)
    while minute <= end {
      let local = place.local(minute)
      if cron.followsElapsedTime {
        if matches(cron, local) { found.append(minute) }
      } else if minute == place.change, place.after > place.before, swallows(cron) {
        found.append(minute)
      } else if matches(cron, local), !place.isSecondTime(minute) {
        found.append(minute)
      }
      minute = minute + .minutes(1)
    }
    return found
  }

  /// True if a local time that the clocks jump over is one of the expression's.
  private func swallows(_ cron: PlainCron) -> Bool {
    let (first, end) = (place.local(place.change - Self.tick) + 1, place.local(place.change))
    return stride(from: first, to: end, by: 60).contains { matches(cron, $0) }
  }

  private func matches(_ cron: PlainCron, _ local: Int64) -> Bool {
    let day = Place.floor(local, Self.day)
    let time = local - day * Self.day
    return cron.matches(
      minute: Int(time / 60 % 60), hour: Int(time / 3600), weekday: weekday(of: day).rawValue)
  }

  /// Times of day, on the days that are meant.
  private func days(_ times: [TimeOfDay], from: Instant, through end: Instant, _ isMeant: (Int64) -> Bool)
    -> [Instant]
  {
    let first = Place.floor(place.local(from), Self.day) - 2
    let last = Place.floor(place.local(end), Self.day) + 1
    var found: Set<Instant> = []
    for day in first...last where isMeant(day) {
      for time in times {
        let due = place.first(showing: day * Self.day + Int64(time.seconds))
        if from < due, due <= end { found.insert(due) }
      }
    }
    return found.sorted()
  }
}

/// A cron expression read plainly: five fields, of which the third and the fourth are stars.
struct PlainCron {
  private let minutes: Set<Int>
  private let hours: Set<Int>
  private let weekdays: Set<Int>

  init(_ text: String) {
    let fields = text.split(separator: " ").map(String.init)
    minutes = Self.values(fields[0], 0...59)
    hours = Self.values(fields[1], 0...23)
    weekdays = Self.values(fields[4], 0...6)
  }

  /// SPEC 4.4: an expression for all 24 hours counts each real hour.
  var followsElapsedTime: Bool { hours.count == 24 }

  func matches(minute: Int, hour: Int, weekday: Int) -> Bool {
    minutes.contains(minute) && hours.contains(hour) && weekdays.contains(weekday)
  }

  /// The values of a list of numbers, ranges and steps.
  private static func values(_ field: String, _ all: ClosedRange<Int>) -> Set<Int> {
    var values: Set<Int> = []
    for item in field.split(separator: ",") {
      let halves = item.split(separator: "/")
      let ends = halves[0].split(separator: "-").compactMap { Int($0) }
      let first = ends.first ?? all.lowerBound
      let last = halves[0] == "*" ? all.upperBound : ends.last ?? first
      let step = halves.count > 1 ? Int(halves[1]) ?? 1 : 1
      values.formUnion(stride(from: first, through: last, by: step))
    }
    return values
  }
}
