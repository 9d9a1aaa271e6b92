import JobWriting
import Scheduling

extension TaskTranslation {
  /// The triggers as `schedule` has them: one inline, several in `triggers`; with the zone of their clock.
  mutating func triggers() -> LuaTable {
    var table = LuaTable()
    let zone = commonZone
    var tables: [LuaTable] = []
    var names: Set<String> = []
    for trigger in task.triggers {
      for var written in translate(trigger, hasZone: zone != nil) {
        if let id = trigger.id?.trimmed, !id.isEmpty, names.insert(id).inserted {
          written.add("name", .string(id))
        }
        if let objection = JobText.objection(toTrigger: written, zone: zone) {
          notes.drop(trigger.key, "left out, for it would never start the task: \(objection)")
        } else {
          tables.append(written)
        }
      }
    }
    // What only a trigger in a list may say.
    let isInline = tables.count == 1 && tables[0]["enabled"] == nil && tables[0]["time_limit"] == nil
    if isInline {
      table = tables[0]
    } else if !tables.isEmpty {
      table.add("triggers", .table(LuaTable(tables.map { .init(.table($0)) })))
    }
    if let zone { table.add("time_zone", .string(zone)) }
    return table
  }

  // MARK: - Whose clock

  /// The zone in which every boundary is, where all have one offset; nil where they follow the machine's clock.
  private var commonZone: String? {
    let triggers = task.triggers.filter(\.kind.isByCalendar)
    guard triggers.contains(where: { $0.kind != .time }),
      let offset = triggers.first?.startBoundary?.offset, offset % 3600 == 0,
      (-12 * 3600...14 * 3600).contains(offset),
      task.triggers.allSatisfy({ trigger in
        [trigger.startBoundary, trigger.endBoundary].allSatisfy { $0 == nil || $0?.offset == offset }
      })
    else { return nil }
    // The sign of these names is the other way round.
    let hours = offset / 3600
    return hours == 0 ? "UTC" : "Etc/GMT\(hours < 0 ? "+" : "-")\(hours.magnitude)"
  }

  // MARK: - One trigger

  private mutating func translate(_ trigger: TaskTrigger, hasZone: Bool) -> [LuaTable] {
    var tables = rules(trigger, hasZone: hasZone)
    if tables.isEmpty { return [] }
    for place in tables.indices {
      if tables[place]["start_at"] == nil, let start = trigger.startBoundary, trigger.kind != .time {
        tables[place].add("start_at", .string(start.description))
      }
      if let end = trigger.endBoundary { tables[place].add("end_at", .string(end.description)) }
      if let delay = trigger.delay, delay > .zero { tables[place].add("delay", .string(delay.description)) }
      if let delay = trigger.randomDelay, delay > .zero {
        tables[place].add("jitter", .string(delay.description))
      }
      if let limit = timeLimit(trigger) { tables[place].add("time_limit", .string(limit)) }
      if !trigger.enabled { tables[place].add("enabled", false) }
    }
    return tables
  }

  /// The trigger's limit where it is the narrower of the two.
  private func timeLimit(_ trigger: TaskTrigger) -> String? {
    guard let limit = trigger.executionTimeLimit, limit > .zero else { return nil }
    let whole = task.settings.executionTimeLimit
    return whole == .zero || limit < whole ? limit.description : nil
  }

  private mutating func rules(_ trigger: TaskTrigger, hasZone: Bool) -> [LuaTable] {
    switch trigger.kind {
    case .time: return once(trigger)
    case .daily, .weekly, .monthly, .monthlyDOW:
      guard let start = trigger.startBoundary else { return [] }
      let tables = start.offset != nil && !hasZone ? byOffset(trigger, start) : calendar(trigger, start)
      return tables.map { repeated($0, trigger) }
    case .boot: return event("boot", trigger)
    case .registration: return event("load", trigger)
    case .idle:
      notes.drop(
        trigger.key,
        "IDLE: nothing starts a job when the machine becomes idle; `requires = { idle = true }` beside a "
          + "time comes near")
    case .event:
      notes.drop(
        trigger.key,
        "EVENT: there is no such event log here; `watch`, `after` and `webhook` start jobs for what happens")
    case .logon:
      notes.drop(
        trigger.key, "LOGON: nobody logs on to a daemon; `on = \"startup\"` or `\"boot\"` may do")
    case .sessionStateChange:
      notes.drop(
        trigger.key, "SESSION_STATE_CHANGE: there are no sessions here to be locked or connected to")
    case .other(let name):
      notes.drop(trigger.key, "\(name): what starts it belongs to that system alone")
    }
    return []
  }

  private func once(_ trigger: TaskTrigger) -> [LuaTable] {
    guard let start = trigger.startBoundary else { return [] }
    guard let repetition = trigger.repetition, repetition.duration == nil else {
      return [repeated(["at": .string(start.description)], trigger)]
    }
    // What is repeated for ever is a rate.
    return [["every": .string(repetition.interval.description), "start_at": .string(start.description)]]
  }

  private mutating func event(_ name: String, _ trigger: TaskTrigger) -> [LuaTable] {
    guard let repetition = trigger.repetition else { return [["on": .string(name)]] }
    if repetition.duration == nil {
      notes.add(
        trigger.key + ".Repetition",
        "every \(repetition.interval) as long as the daemon runs, and not counted from the event")
      return [["on": .string(name)], ["every": .string(repetition.interval.description)]]
    }
    notes.drop(
      trigger.key + ".Repetition", "the job starts once; main can wait with job.sleep and repeat what it does"
    )
    return [["on": .string(name)]]
  }

  private func repeated(_ table: LuaTable, _ trigger: TaskTrigger) -> LuaTable {
    guard let repetition = trigger.repetition else { return table }
    var table = table
    if table["start_at"] == nil, let start = trigger.startBoundary, trigger.kind != .time {
      table.add("start_at", .string(start.description))
    }
    table.add("repeat_every", .string(repetition.interval.description))
    if let duration = repetition.duration {
      table.add("repeat_for", .string(duration.description))
      if repetition.stopAtDurationEnd { table.add("stop_at_end", true) }
    }
    return table
  }

  // MARK: - Calendars

  private func calendar(_ trigger: TaskTrigger, _ start: TaskBoundary) -> [LuaTable] {
    let at = LuaValue.string(start.timeOfDay.description)
    switch trigger.kind {
    case .daily(let interval):
      var rule: LuaTable = ["at": at]
      if interval > 1 { rule.add("every_days", .number(interval)) }
      return [["daily": .table(rule)]]
    case .weekly(let days, let interval): return weekly(days, every: interval, from: start)
    case .monthly(let days, let months):
      let on = days.map { day -> LuaValue in
        if case .day(let number) = day { .number(number) } else { .string(day.description) }
      }
      return [["monthly": .table(monthly(on, months, at))]]
    case .monthlyDOW(let weeks, let days, let months):
      let on = weeks.flatMap { week in
        days.sorted(by: Self.mondayFirst).map { LuaValue.string("\(week) \($0)") }
      }
      return [["monthly": .table(monthly(on, months, at))]]
    default: return []
    }
  }

  private func monthly(_ on: [LuaValue], _ months: Set<Int>, _ at: LuaValue) -> LuaTable {
    var rule: LuaTable = ["on": on.count == 1 ? on[0] : .table(LuaTable(on.map { .init($0) }))]
    if months.count < 12 {
      let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
      rule.add("months", .oneOrMore(months.sorted().map { names[$0 - 1] }))
    }
    rule.add("at", at)
    return rule
  }

  private static func mondayFirst(_ left: Weekday, _ right: Weekday) -> Bool {
    left.isoNumber < right.isoNumber
  }

  /// Weeks begin on Sunday there and on Monday here, which shows where not every week counts: then Sunday is a trigger
  /// of its own, which begins a week apart from the others.
  private func weekly(_ days: Set<Weekday>, every interval: Int, from start: TaskBoundary) -> [LuaTable] {
    func rule(_ days: Set<Weekday>, from date: LocalDate? = nil) -> LuaTable {
      var rule: LuaTable = ["on": .oneOrMore(days.sorted(by: Self.mondayFirst).map(\.description))]
      rule.add("at", .string(start.timeOfDay.description))
      if interval > 1 { rule.add("every_weeks", .number(interval)) }
      var table: LuaTable = ["weekly": .table(rule)]
      if let date, date != start.date {
        table.add("start_at", .string(start.at(date, .midnight).description))
      }
      return table
    }
    guard interval > 1, days.contains(.sunday) else {
      let monday = interval > 1 && start.date.weekday == .sunday ? start.date.adding(days: 1) : nil
      return [rule(days, from: monday)]
    }
    let sinceSunday = start.date.weekday.rawValue
    let sunday = sinceSunday == 0 ? start.date : start.date.adding(days: 7 * interval - sinceSunday)
    let monday = sinceSunday == 0 ? start.date.adding(days: 1) : nil
    let others = days.subtracting([.sunday])
    return [rule([.sunday], from: sunday)] + (others.isEmpty ? [] : [rule(others, from: monday)])
  }

  // MARK: - Boundaries with an offset beside others without

  /// Rates of whole days in place of times of day, for the job's own zone has another clock.
  private mutating func byOffset(_ trigger: TaskTrigger, _ start: TaskBoundary) -> [LuaTable] {
    func rate(_ days: Int, from date: LocalDate) -> LuaTable {
      [
        "every": .string(Interval.days(Int64(days)).description),
        "start_at": .string(start.at(date).description),
      ]
    }
    switch trigger.kind {
    case .daily(let interval): return [rate(interval, from: start.date)]
    case .weekly(let days, let interval):
      return days.sorted(by: Self.mondayFirst).compactMap { day in
        var ahead = day.rawValue - start.date.weekday.rawValue
        // Sunday begins the week.
        if ahead < 0 { ahead += 7 * interval }
        return start.date.adding(days: ahead).map { rate(7 * interval, from: $0) }
      }
    default:
      notes.add(
        trigger.key + ".StartBoundary",
        "\(start): other triggers follow the clock of the machine, so this one does too")
      return calendar(trigger, TaskBoundary(start.local))
        .map { table in
          var table = table
          table.add("start_at", .string(start.description))
          return table
        }
    }
  }
}
