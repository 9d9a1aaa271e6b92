import Testing

@testable import Scheduling

/// The due instants of a schedule's first trigger, in local time without offset.
func dueInstants(
  _ schedule: Schedule, after start: String, count: Int, lastDue: Instant? = nil
) throws -> [String] {
  var account = TriggerAccount(accountedThrough: try instant(start, schedule.zone), lastDue: lastDue)
  var due: [String] = []
  while due.count < count, let firing = schedule.nextFiring(of: 0, after: account) {
    #expect(firing.dueAt > account.accountedThrough)
    due.append(String(firing.dueAt.description(in: schedule.zone).prefix(16)))
    account = TriggerAccount(accountedThrough: firing.dueAt, lastDue: firing.dueAt)
  }
  return due
}

func schedule(
  _ rule: Trigger.Rule, zone: String = "Europe/Vienna", windows: [Window] = [], blackout: Blackout = .none,
  start: String? = nil, end: String? = nil, repetition: Repetition? = nil, jitter: Interval = .zero,
  delay: Interval = .zero, outside: OutsideWindow? = nil, job: String = "job"
) throws -> Schedule {
  let zone = try Zone.named(zone)
  let trigger = try Trigger(
    rule, startAt: start.map { try instant($0, zone) }, endAt: end.map { try instant($0, zone) },
    delay: delay,
    jitter: jitter, repetition: repetition, outsideWindow: outside)
  return try Schedule(triggers: [trigger], windows: windows, blackout: blackout, zone: zone, jobName: job)
}

func times(_ texts: String...) throws -> [TimeOfDay] { try texts.map { try TimeOfDay(parsing: $0) } }

@Suite("Trigger") struct TriggerTests {
  @Test("daily fires every n-th day at each of its times") func daily() throws {
    #expect(
      try dueInstants(schedule(.daily(DailyRule(at: times("01:00")))), after: "2026-07-09T01:00", count: 2)
        == ["2026-07-10T01:00", "2026-07-11T01:00"])
    #expect(
      try dueInstants(
        schedule(.daily(DailyRule(at: times("13:00", "01:00", "13:00")))), after: "2026-07-09", count: 3)
        == ["2026-07-09T01:00", "2026-07-09T13:00", "2026-07-10T01:00"])
    // Every second day from 1970-01-01 on: even day numbers.
    #expect(
      try dueInstants(
        schedule(.daily(DailyRule(at: times("01:00"), everyDays: 2))), after: "2026-07-09", count: 2)
        == ["2026-07-10T01:00", "2026-07-12T01:00"])
    #expect(
      try dueInstants(
        schedule(.daily(DailyRule(at: times("01:00"), everyDays: 3)), start: "2026-07-09T12:00"),
        after: "2026-07-01", count: 2)
        == ["2026-07-12T01:00", "2026-07-15T01:00"])
  }

  @Test("daily moves over a gap, fires once in a repeated hour, and takes 24:00 as the day's end")
  func dailyCorners() throws {
    let twice = try schedule(.daily(DailyRule(at: times("02:30"))))
    #expect(
      try dueInstants(twice, after: "2027-03-27", count: 3) == [
        "2027-03-27T02:30", "2027-03-28T03:00", "2027-03-29T02:30",
      ])
    #expect(
      try dueInstants(twice, after: "2026-10-24T12:00", count: 2) == ["2026-10-25T02:30", "2026-10-26T02:30"])
    let midnight = try schedule(.daily(DailyRule(at: times("24:00", "00:00"))))
    #expect(
      try dueInstants(midnight, after: "2026-07-09T00:00", count: 2) == [
        "2026-07-10T00:00", "2026-07-11T00:00",
      ])
    let end = try schedule(.daily(DailyRule(at: times("24:00"), everyDays: 2)))
    #expect(try dueInstants(end, after: "2026-07-09", count: 2) == ["2026-07-11T00:00", "2026-07-13T00:00"])
    let apia = try schedule(.daily(DailyRule(at: times("12:00"))), zone: "Pacific/Apia")
    #expect(
      try dueInstants(apia, after: "2011-12-29", count: 3) == [
        "2011-12-29T12:00", "2011-12-31T00:00", "2011-12-31T12:00",
      ])
    let saoPaulo = try schedule(.daily(DailyRule(at: times("00:00"))), zone: "America/Sao_Paulo")
    #expect(
      try dueInstants(saoPaulo, after: "2018-11-03T12:00", count: 2) == [
        "2018-11-04T01:00", "2018-11-05T00:00",
      ])
  }

  @Test("weekly fires every n-th week, counted from Mondays") func weekly() throws {
    let plain = WeeklyRule(on: [.monday, .thursday], at: try times("06:30"))
    #expect(
      try dueInstants(schedule(.weekly(plain)), after: "2026-07-09T06:30", count: 3)
        == ["2026-07-13T06:30", "2026-07-16T06:30", "2026-07-20T06:30"])
    // 2026-07-06 is 2948 weeks after 1970-01-05.
    let second = WeeklyRule(on: [.sunday, .monday], at: try times("06:30"), everyWeeks: 2)
    #expect(
      try dueInstants(schedule(.weekly(second)), after: "2026-07-01", count: 4)
        == ["2026-07-06T06:30", "2026-07-12T06:30", "2026-07-20T06:30", "2026-07-26T06:30"])
    #expect(
      try dueInstants(schedule(.weekly(second), start: "2026-07-15T00:00"), after: "2026-07-01", count: 3)
        == ["2026-07-19T06:30", "2026-07-27T06:30", "2026-08-02T06:30"])
  }

  @Test("monthly fires on days, the last day and ordinal weekdays, and passes over days that are not there")
  func monthly() throws {
    func due(_ on: [MonthDay], _ months: Set<Int> = Set(1...12), _ count: Int) throws -> [String] {
      try dueInstants(
        schedule(.monthly(MonthlyRule(on: on, months: months, at: times("02:00")))), after: "2026-01-20",
        count: count
      ).map { String($0.prefix(10)) }
    }
    #expect(
      try due([.day(1), .day(15), .last], [1, 7], 4) == [
        "2026-01-31", "2026-07-01", "2026-07-15", "2026-07-31",
      ])
    #expect(try due([.day(31)], Set(1...12), 3) == ["2026-01-31", "2026-03-31", "2026-05-31"])
    #expect(
      try due([.ordinal(1, .monday), .lastWeekday(.friday)], Set(1...12), 3) == [
        "2026-01-30", "2026-02-02", "2026-02-27",
      ])
    #expect(try due([.ordinal(5, .monday)], Set(1...12), 2) == ["2026-03-30", "2026-06-29"])
    #expect(try due([.day(29)], [2], 2) == ["2028-02-29", "2032-02-29"])
    #expect(throws: ScheduleError.self) { try due([.day(30), .day(31)], [2], 1) }
    #expect(throws: ScheduleError.self) { try due([], Set(1...12), 1) }
  }

  @Test("at fires once at each instant, whatever their order") func at() throws {
    let zone = try Zone.named("Europe/Vienna")
    let rule = Trigger.Rule.at([
      try instant("2026-12-24T18:00", zone), try instant("2026-12-01", zone), try instant("2026-12-01", zone),
    ])
    #expect(
      try dueInstants(schedule(rule), after: "2026-07-01", count: 9) == [
        "2026-12-01T00:00", "2026-12-24T18:00",
      ])
    #expect(try dueInstants(schedule(rule), after: "2027-07-01", count: 9) == [])
    #expect(throws: ScheduleError.self) { try schedule(.at([])) }
  }

  @Test("every does not drift, goes through both changes, and is due at once when it was never seen")
  func every() throws {
    let hourly = try schedule(.every(.hours(1)))
    #expect(
      hourly.nextFiring(of: 0, after: TriggerAccount(accountedThrough: try instant("2026-07-01")))?.dueAt
        == (try instant("2026-07-01")) + Interval(microseconds: 1))
    let last = try instant("2026-10-25T00:30Z")
    #expect(
      try dueInstants(hourly, after: "2026-10-25T00:30Z", count: 3, lastDue: last)
        == ["2026-10-25T02:30", "2026-10-25T03:30", "2026-10-25T04:30"])
    // After downtime the grid stays: 00:30, 01:30, ...
    let down = TriggerAccount(accountedThrough: last, lastDue: last)
    let all = try #require(hourly.firings(of: 0, after: down, through: instant("2026-10-26T00:00Z")))
    #expect(all == (try instant("2026-10-25T01:30Z"), try instant("2026-10-25T23:30Z"), 23))
    // An edited interval counts from the last due instant, never into the past.
    let edited = TriggerAccount(accountedThrough: try instant("2026-10-25T05:00Z"), lastDue: last)
    #expect(
      hourly.nextFiring(of: 0, after: edited)?.dueAt == (try instant("2026-10-25T05:00Z"))
        + Interval(microseconds: 1))
  }

  @Test("every with start_at stays on its grid") func grid() throws {
    let grid = try schedule(.every(.minutes(7)), start: "2026-07-01T00:03", end: "2026-07-01T00:24")
    #expect(
      try dueInstants(grid, after: "2020-01-01", count: 9) == [
        "2026-07-01T00:03", "2026-07-01T00:10", "2026-07-01T00:17",
      ])
    #expect(try dueInstants(grid, after: "2026-07-01T00:03", count: 1) == ["2026-07-01T00:10"])
    let account = TriggerAccount(accountedThrough: try instant("2020-01-01"))
    #expect(try #require(grid.firings(of: 0, after: account, through: instant("2030-01-01"))).count == 3)
  }

  @Test("restart_after counts from the end of the run, first at once") func restartAfter() throws {
    let rule = try schedule(.restartAfter(.seconds(30)))
    let live = try instant("2026-07-01")
    #expect(
      rule.nextFiring(of: 0, after: TriggerAccount(accountedThrough: live))?.dueAt == live
        + Interval(microseconds: 1))
    let ended = TriggerAccount(accountedThrough: live, lastDue: live + .minutes(5))
    #expect(rule.nextFiring(of: 0, after: ended)?.dueAt == live + .minutes(5) + .seconds(30))
    #expect(rule.firings(of: 0, after: ended, through: live + .days(9))?.count == 1)
  }

  @Test("repetitions follow Windows' fencepost: 1 m for 4 m is five starts") func repetition() throws {
    let daily = Trigger.Rule.daily(DailyRule(at: try times("01:00")))
    let five = try schedule(daily, repetition: Repetition(every: .minutes(1), duration: .minutes(4)))
    #expect(
      try dueInstants(five, after: "2026-07-01", count: 6)
        == [
          "2026-07-01T01:00", "2026-07-01T01:01", "2026-07-01T01:02", "2026-07-01T01:03", "2026-07-01T01:04",
          "2026-07-02T01:00",
        ])
    let account = TriggerAccount(accountedThrough: try instant("2026-07-01", five.zone))
    #expect(
      try #require(five.firings(of: 0, after: account, through: instant("2026-07-11", five.zone))).count == 50
    )
    // In the middle of a repetition.
    let middle = TriggerAccount(accountedThrough: try instant("2026-07-01T01:02", five.zone))
    #expect(
      try #require(five.firings(of: 0, after: middle, through: instant("2026-07-02T01:01:30", five.zone)))
        .count == 4)
    #expect(
      five.repetitionEnd(of: 0, at: try instant("2026-07-01T01:02", five.zone))
        == (try instant("2026-07-01T01:04", five.zone)))
    // Without repeat_for: until it fires next.
    let endless = try schedule(daily, repetition: Repetition(every: .hours(7)))
    #expect(
      try dueInstants(endless, after: "2026-07-01", count: 5)
        == [
          "2026-07-01T01:00", "2026-07-01T08:00", "2026-07-01T15:00", "2026-07-01T22:00", "2026-07-02T01:00",
        ])
    // A new firing begins a new repetition.
    let overlapping = try schedule(daily, repetition: Repetition(every: .hours(10), duration: .hours(30)))
    #expect(
      try dueInstants(overlapping, after: "2026-07-01", count: 4)
        == ["2026-07-01T01:00", "2026-07-01T11:00", "2026-07-01T21:00", "2026-07-02T01:00"])
  }

  @Test("fires in start_at ..< end_at only") func bounds() throws {
    let rule = Trigger.Rule.daily(DailyRule(at: try times("01:00")))
    #expect(
      try dueInstants(
        schedule(rule, start: "2026-07-02T01:00", end: "2026-07-04T01:00"), after: "2026-06-01", count: 9)
        == ["2026-07-02T01:00", "2026-07-03T01:00"])
    #expect(throws: ScheduleError.self) {
      try schedule(rule, start: "2026-07-02T02:00", end: "2026-07-02T03:00")
    }
    #expect(throws: ScheduleError.self) { try schedule(rule, start: "2026-07-03", end: "2026-07-02") }
  }

  @Test("a disabled trigger and an event are never due by the clock") func neverDue() throws {
    var trigger = Trigger(.every(.minutes(1)))
    trigger.enabled = false
    let schedule = try Schedule(triggers: [trigger, Trigger(.event(.boot))], zone: .utc, jobName: "job")
    let account = TriggerAccount(accountedThrough: try instant("2026-07-01"))
    #expect(schedule.nextFiring(of: 0, after: account) == nil)
    #expect(schedule.nextFiring(of: 1, after: account) == nil)
    #expect(schedule.nextFiring(of: 2, after: account) == nil)
    #expect(schedule.firings(of: 0, after: account, through: try instant("2027-07-01")) == nil)
  }

  @Test("refuses what is impossible") func refused() throws {
    #expect(throws: ScheduleError.self) { try schedule(.every(.zero)) }
    #expect(throws: ScheduleError.self) { try schedule(.daily(DailyRule(at: []))) }
    #expect(throws: ScheduleError.self) { try schedule(.daily(DailyRule(at: times("01:00"), everyDays: 0))) }
    #expect(throws: ScheduleError.self) { try schedule(.weekly(WeeklyRule(on: [], at: times("01:00")))) }
    #expect(throws: ScheduleError.self) {
      try schedule(
        .daily(DailyRule(at: times("01:00"))),
        repetition: Repetition(every: .minutes(5), duration: .minutes(1)))
    }
    #expect(throws: ScheduleError.self) {
      try schedule(.every(.minutes(5)), repetition: Repetition(every: .minutes(1)))
    }
    #expect(throws: ScheduleError.self) {
      try Schedule(
        triggers: [Trigger(.every(.minutes(1)), name: "a"), Trigger(.every(.minutes(2)), name: "a")],
        zone: .utc, jobName: "job")
    }
  }

  @Test("keeps accounts apart, and by what they say") func accountKeys() throws {
    let cron = try CronExpression(parsing: "*/15 * * * *")
    let schedule = try Schedule(
      triggers: [
        Trigger(.every(.minutes(10))), Trigger(.every(.minutes(5))), Trigger(.cron(cron)),
        Trigger(.cron(cron)),
        Trigger(.cron(cron), name: "quarter"), Trigger(.restartAfter(.seconds(1))),
      ], zone: .utc, jobName: "job")
    #expect(
      schedule.triggers.map(\.accountKey)
        == [
          "every", "every#2", "cron = \"*/15 * * * *\"", "cron = \"*/15 * * * *\"#2", "quarter",
          "restart_after",
        ])
    #expect(schedule.triggers.map(\.label)[0] == "every = \"10m\"")
    #expect(schedule.triggers[4].label == "quarter")
  }

  @Test("changes its fingerprint with what it says, the zone and the windows") func fingerprints() throws {
    let base = try schedule(.every(.minutes(10)))
    #expect(base.fingerprint(of: 0) == (try schedule(.every(.minutes(10)))).fingerprint(of: 0))
    let others = try [
      schedule(.every(.minutes(11))), schedule(.every(.minutes(10)), zone: "UTC"),
      schedule(.every(.minutes(10)), windows: [Window(from: .midnight, to: TimeOfDay(parsing: "01:00"))]),
      schedule(.every(.minutes(10)), start: "2026-01-01"),
      schedule(.every(.minutes(10)), blackout: blackout("2026-01-01")),
    ]
    #expect(Set(others.map { $0.fingerprint(of: 0) } + [base.fingerprint(of: 0)]).count == 6)
  }

  @Test("says what it says and what it means") func words() throws {
    let zone = try Zone.named("Europe/Vienna")
    let rules: [(Trigger.Rule, String, String)] = try [
      (.every(.minutes(10)), "every = \"10m\"", "every 10 minutes"),
      (.every(.hours(1)), "every = \"1h\"", "every hour"),
      (.restartAfter(.seconds(30)), "restart_after = \"30s\"", "30 seconds after each run ends"),
      (.daily(DailyRule(at: times("02:30"))), "daily = { at = \"02:30\" }", "at 02:30 every day"),
      (
        .daily(DailyRule(at: times("02:30", "14:30"), everyDays: 2)),
        "daily = { at = {\"02:30\", \"14:30\"}, every_days = 2 }",
        "at 02:30 and 14:30 every 2nd day"
      ),
      (
        .weekly(WeeklyRule(on: [.thursday, .monday], at: times("06:30"), everyWeeks: 2)),
        "weekly = { on = {\"mon\", \"thu\"}, at = \"06:30\", every_weeks = 2 }",
        "at 06:30 on Monday and Thursday of every 2nd week"
      ),
      (
        .monthly(MonthlyRule(on: [.day(1), .day(15), .last], months: [1, 7], at: times("02:00"))),
        "monthly = { on = {1, 15, \"last\"}, months = {\"jan\", \"jul\"}, at = \"02:00\" }",
        "at 02:00 on days 1 and 15 and the last day of January and July"
      ),
      (
        .monthly(MonthlyRule(on: [.ordinal(1, .monday), .lastWeekday(.friday)], at: times("02:00"))),
        "monthly = { on = {\"first mon\", \"last fri\"}, at = \"02:00\" }",
        "at 02:00 on the first Monday and the last Friday of the month"
      ),
      (
        .at([instant("2026-12-24T18:00", zone)]), "at = \"2026-12-24T17:00:00.000Z\"",
        "once, at 2026-12-24 18:00:00+01:00"
      ),
      (.cron(CronExpression(parsing: "0 2 * * *")), "cron = \"0 2 * * *\"", "at 02:00 every day"),
      (.event(.boot), "on = \"boot\"", "when the machine has booted"),
    ]
    for (rule, written, words) in rules {
      #expect(Trigger(rule).written == written)
      #expect(Trigger(rule).inWords(in: zone) == words)
    }
    let full = Trigger(
      .daily(DailyRule(at: try times("01:00"))), startAt: try instant("2026-07-01", zone), delay: .minutes(5),
      jitter: .minutes(10),
      repetition: Repetition(every: .minutes(1), duration: .minutes(4)))
    #expect(
      full.inWords(in: zone)
        == "at 01:00 every day, then every minute for 4 minutes, from 2026-07-01 00:00:00+02:00, delayed by 5 minutes, with a jitter of up to 10 minutes"
    )
    #expect(try Trigger.Rule(cron: " @reboot") == .event(.boot))
  }
}
