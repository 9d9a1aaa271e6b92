import RunLifecycle
import Scheduling
import Values

/// The triggers of a job (SPEC 4.1): one inline, or several in `triggers`.
struct TriggersDecoder {
  let zone: Zone
  let jobName: String
  /// The job's folder: a watched path starts there.
  let folder: String

  func decode(_ reader: inout TableReader) -> [Trigger] {
    let outside = reader.choice("outside_window", of: OutsideWindow.allCases.map(\.rawValue))
      .flatMap(OutsideWindow.init(rawValue:))
    let dayMatch = dayMatch(&reader)
    let readers = list(&reader)
    if readers != nil { refuseInline(&reader) }
    var triggers: [Trigger] = []
    var names: Set<String> = []
    for var inner in readers ?? [] {
      if let trigger = trigger(&inner, inline: false, dayMatch, outside) {
        triggers.append(trigger)
        if let name = trigger.name, !names.insert(name).inserted {
          inner.report(
            "name", "another trigger is named \(Found.quoted(name)) too; a trigger is known by its name")
        }
      }
      inner.close(.trigger)
    }
    if readers == nil, let trigger = trigger(&reader, inline: true, dayMatch, outside) {
      triggers.append(trigger)
    }
    return triggers
  }

  private func dayMatch(_ reader: inout TableReader) -> DayMatch? {
    reader.choice("day_match", of: ["and", "or"]).flatMap(DayMatch.init(rawValue:))
  }

  /// The tables of `triggers`; `nil` if there is no such key.
  private func list(_ reader: inout TableReader) -> [TableReader]? {
    let example = "triggers = { { every = \"10m\" }, { on = \"startup\" } }"
    guard let value = reader.value("triggers") else { return nil }
    if let table = value.asTable, table.items.isEmpty {
      let what =
        table.fields.isEmpty ? "the list is empty; it needs at least one trigger" : "is a list, also of one"
      reader.report("triggers", what + ": triggers = { { every = \"10m\" } }")
      return []
    }
    return reader.tables("triggers", example: example) ?? []
  }

  private func refuseInline(_ reader: inout TableReader) {
    for key in KeyList.rules + KeyList.besideRule where reader.has(key) {
      _ = reader.value(key)
      reader.report(
        key, "stands beside `triggers`; put it into one of them: triggers = { { every = \"10m\" }, { ... } }")
    }
  }

  // MARK: - One trigger

  private func trigger(
    _ reader: inout TableReader, inline: Bool, _ dayMatch: DayMatch?, _ outside: OutsideWindow?
  ) -> Trigger? {
    let dayMatch = (inline ? nil : self.dayMatch(&reader)) ?? dayMatch
    let rules = KeyList.rules.filter { reader.has($0) }
    let beside = KeyList.besideRule.filter { reader.has($0) }
    let isSingle = checkNumber(of: rules, beside, &reader, inline: inline)
    let readable = rules.map { ($0, rule($0, &reader, dayMatch)) }
    let enabled = inline ? nil : reader.flag("enabled")
    let limit = inline ? nil : reader.duration("time_limit")
    let name = reader.text("name", wanted: "a string")
    if name == "" { reader.report("name", "is empty") }
    let start = instant("start_at", &reader)
    let end = instant("end_at", &reader)
    let delay = reader.duration("delay")
    let jitter = reader.duration("jitter")
    let repetition = repetition(&reader)
    if reader.has("settle"), !reader.has("watch") {
      _ = reader.value("settle")
      reader.report("settle", "belongs to watch: watch = \"inbox/*.csv\", settle = \"5s\"")
    }
    guard isSingle, let (key, rule) = readable.first, let rule else { return nil }
    let trigger = Trigger(
      rule, name: name, enabled: enabled ?? true, startAt: start, endAt: end, delay: delay ?? .zero,
      jitter: jitter ?? .zero, repetition: repetition, timeLimit: limit, outsideWindow: outside)
    // Asked alone, so that what is wrong is said where it stands.
    let alone = reader.attempt(at: reader.place(of: key)) { () throws(ScheduleError) in
      try Schedule(triggers: [trigger], zone: zone, jobName: jobName)
    }
    return alone.map { _ in trigger }
  }

  /// Whether there is one rule, and no more.
  private func checkNumber(
    of rules: [String], _ beside: [String], _ reader: inout TableReader, inline: Bool
  ) -> Bool {
    if rules.isEmpty {
      let later = KeyList.laterRules.keys.contains { reader.has($0) }
      if inline {
        for key in beside where !later {
          reader.report(key, "belongs to a trigger, and there is none; add one, such as every = \"10m\"")
        }
      } else if !later {
        reader.problems.add(
          reader.place, "says not when; one of \(KeyList.rules.joined(separator: ", ")) is needed")
      }
      return false
    }
    guard rules.count > 1 else { return true }
    let calendars = ["daily", "weekly", "monthly"].filter(rules.contains)
    if calendars.count == 1, rules.allSatisfy({ $0 == calendars[0] || $0 == "at" || $0 == "on" }) {
      for key in rules where key != calendars[0] {
        reader.report(key, "belongs into the table: \(calendars[0]) = { \(key) = ... }")
      }
    } else {
      let list = rules.map { "`\($0)`" }.joined(separator: " and ")
      reader.problems.add(
        inline ? reader.place(of: rules[1]) : reader.place,
        "\(list) are \(rules.count) triggers; give each a table in triggers = { { ... }, { ... } }")
    }
    return false
  }

  private func instant(_ key: String, _ reader: inout TableReader) -> Instant? {
    reader.parsed(key, wanted: "an instant (\"2026-12-24T18:00\")") {
      (text) throws(ScheduleError) in try Instant(parsing: text, in: zone)
    }
  }

  private func repetition(_ reader: inout TableReader) -> Repetition? {
    let every = reader.duration("repeat_every", positive: true)
    let duration = reader.duration("repeat_for")
    let stops = reader.flag("stop_at_end")
    if reader.has("stop_at_end"), !reader.has("repeat_for") {
      reader.report(
        "stop_at_end",
        "stops what runs when the repetition ends; add repeat_every and repeat_for, or take it out")
    }
    if reader.has("repeat_for"), !reader.has("repeat_every") {
      reader.report("repeat_for", "says how long to repeat, and not how often; add repeat_every = \"10m\"")
    }
    return every.map { Repetition(every: $0, duration: duration, stopAtEnd: stops ?? false) }
  }

  // MARK: - Rules

  private func rule(_ key: String, _ reader: inout TableReader, _ dayMatch: DayMatch?) -> Trigger.Rule? {
    switch key {
    case "every": return reader.duration(key, positive: true).map { .every($0) }
    case "restart_after": return reader.duration(key, positive: true).map { .restartAfter($0) }
    case "cron":
      return reader.parsed(key, wanted: "a cron expression (\"*/15 * * * *\")") {
        (text) throws(ScheduleError) in
        try Trigger.Rule(cron: text, jobName: jobName, dayMatch: dayMatch ?? .standard)
      }
    case "daily": return daily(&reader)
    case "weekly": return weekly(&reader)
    case "monthly": return monthly(&reader)
    case "at":
      return reader.parsedList(key, wanted: "an instant (\"2026-12-24T18:00\")") {
        (text) throws(ScheduleError) in try Instant(parsing: text, in: zone)
      }.map { .at($0) }
    case "after": return after(&reader).map { .after($0) }
    case "watch": return watch(&reader)
    default:
      return reader.choice(key, of: EventKind.allCases.map(\.rawValue))
        .flatMap(EventKind.init(rawValue:)).map { .event($0) }
    }
  }

  /// `after`: a job's name, `{ job = ..., outcome = ... }`, or a list of either.
  private func after(_ reader: inout TableReader) -> [AfterCondition]? {
    let wanted = "the name of a job, or { job = \"backup\", outcome = \"failed\" }"
    if let table = reader.value("after")?.asTable, !table.fields.isEmpty {
      guard let inner = reader.table("after", example: "after = { job = \"backup\", outcome = \"failed\" }")
      else {
        return nil
      }
      return condition(inner).map { [$0] }
    }
    guard let items = reader.oneOrMore("after", wanted: wanted) else { return nil }
    let conditions: [AfterCondition] = items.compactMap { item in
      if case .string(let name) = item.value, !name.isEmpty { return AfterCondition(job: name) }
      guard let table = item.value.asTable else {
        reader.problems.add(item.place, Found.mismatch(item.value, wanted))
        return nil
      }
      return condition(TableReader(table, at: item.place, reader.problems))
    }
    if conditions.contains(where: { $0.job == jobName }) {
      reader.report("after", "the job waits for itself; restart_after starts it again when a run has ended")
      return nil
    }
    return conditions.count == items.count ? conditions : nil
  }

  private func condition(_ reader: TableReader) -> AfterCondition? {
    var reader = reader
    let job = reader.text("job", wanted: "the name of a job")
    if job == nil { reader.report("job", "is missing; write job = \"backup\"") }
    let known = Outcome.allCases.map(\.rawValue)
    let outcomes = reader.parsedList("outcome", wanted: "an outcome (\"succeeded\", \"failed\", \"any\")") {
      (text) throws(ScheduleError) in
      guard text == "any" || known.contains(text) else {
        throw ScheduleError(
          "\(Found.quoted(text)) is no outcome; known are any, \(known.joined(separator: ", "))")
      }
      return text
    }
    reader.close(.after)
    guard let job, !reader.has("outcome") || outcomes != nil else { return nil }
    let wanted = outcomes ?? ["succeeded"]
    return AfterCondition(job: job, outcomes: wanted.contains("any") ? [] : wanted)
  }

  /// `watch`: a path with wildcards, from the job's folder.
  private func watch(_ reader: inout TableReader) -> Trigger.Rule? {
    let pattern = reader.text("watch", wanted: "a path with wildcards (\"inbox/*.csv\")")
    let settle = reader.duration("settle")
    guard let pattern else { return nil }
    guard !pattern.isEmpty, !pattern.contains("\0") else {
      reader.report("watch", "is empty; write the path to watch: watch = \"inbox/*.csv\"")
      return nil
    }
    return .watch(WatchRule(pattern: pattern, folder: folder, settle: settle ?? .seconds(1)))
  }

  private func daily(_ reader: inout TableReader) -> Trigger.Rule? {
    guard var table = reader.table("daily", example: "daily = { at = \"02:30\" }") else { return nil }
    let at = times(&table)
    let count = table.integer("every_days", in: 1...1_000_000)
    table.close(.daily)
    return at.map { .daily(DailyRule(at: $0, everyDays: count ?? 1)) }
  }

  private func weekly(_ reader: inout TableReader) -> Trigger.Rule? {
    guard var table = reader.table("weekly", example: "weekly = { on = \"mon\", at = \"02:30\" }") else {
      return nil
    }
    let at = times(&table)
    let on = table.parsedList("on", wanted: "days of the week (\"mon\")") {
      (text) throws(ScheduleError) in try Weekday(parsing: text)
    }
    let count = table.integer("every_weeks", in: 1...100_000)
    table.close(.weekly)
    if !table.has("on") { table.report("on", "is missing; write on = {\"mon\", \"thu\"}") }
    guard let at, let on else { return nil }
    return .weekly(WeeklyRule(on: Set(on), at: at, everyWeeks: count ?? 1))
  }

  private func monthly(_ reader: inout TableReader) -> Trigger.Rule? {
    guard var table = reader.table("monthly", example: "monthly = { on = 1, at = \"02:30\" }") else {
      return nil
    }
    let at = times(&table)
    let on = monthDays(&table)
    let months = table.parsedList("months", wanted: "months (\"jan\")") {
      (text) throws(ScheduleError) in try MonthlyRule.month(parsing: text)
    }
    table.close(.monthly)
    if !table.has("on") { table.report("on", "is missing; write on = {1, 15, \"last\"}") }
    guard let at, let on else { return nil }
    return .monthly(MonthlyRule(on: on, months: months.map(Set.init) ?? Set(1...12), at: at))
  }

  private func times(_ reader: inout TableReader) -> [TimeOfDay]? {
    if !reader.has("at") { reader.report("at", "is missing; write at = \"02:30\"") }
    return reader.parsedList("at", wanted: "a time of day (\"02:30\")") {
      (text) throws(ScheduleError) in try TimeOfDay(parsing: text)
    }
  }

  /// Numbers and words together: `{1, 15, "last", "first mon"}`.
  private func monthDays(_ reader: inout TableReader) -> [MonthDay]? {
    let wanted = "a day of the month (1 to 31, \"last\", \"first mon\")"
    guard let items = reader.oneOrMore("on", wanted: wanted) else { return nil }
    let days: [MonthDay] = items.compactMap { item in
      if case .string(let text) = item.value {
        return reader.attempt(at: item.place) { () throws(ScheduleError) in try MonthDay(parsing: text) }
      }
      if let number = item.value.asInt, let day = Int(exactly: number).flatMap(MonthDay.init(day:)) {
        return day
      }
      let isNumber = item.value.asDouble != nil
      reader.problems.add(
        item.place,
        isNumber ? "\(Found.number(item.value)) is not \(wanted)" : Found.mismatch(item.value, wanted))
      return nil
    }
    return days.count == items.count ? days : nil
  }
}
