import Testing

@testable import Scheduling

@Suite("Schedule") struct ScheduleTests {
  // MARK: - Properties over random schedules

  private static let cronTexts = [
    "*/15 2-4 * * mon-fri", "30 2 * * *", "0 * * * *", "*/7 * * * *", "0 0 1,15 * 0", "0 0 L * *",
    "0 12 * * fri#2", "0 22-2 * * *",
    "15 10 */3 * *", "0 0 29 2 *", "*/30 * * * * *",
  ]

  private func randomRule(_ random: inout SeededGenerator) throws -> Trigger.Rule {
    func time() -> TimeOfDay {
      TimeOfDay(hour: Int.random(in: 0...23, using: &random), minute: Int.random(in: 0...59, using: &random))
        ?? .midnight
    }
    switch Int.random(in: 0..<5, using: &random) {
    case 0:
      return .cron(
        try CronExpression(parsing: Self.cronTexts[Int.random(in: 0..<Self.cronTexts.count, using: &random)]))
    case 1:
      return .daily(
        DailyRule(at: [time(), time(), .endOfDay], everyDays: Int.random(in: 1...4, using: &random)))
    case 2:
      let days = Set((0..<3).compactMap { _ in Weekday(rawValue: Int.random(in: 0...6, using: &random)) })
      return .weekly(WeeklyRule(on: days, at: [time()], everyWeeks: Int.random(in: 1...3, using: &random)))
    case 3:
      return .monthly(
        MonthlyRule(
          on: [.day(Int.random(in: 1...31, using: &random)), .last, .ordinal(2, .tuesday)], at: [time()]))
    default: return .every(.minutes(Int64.random(in: 1...4_000, using: &random)))
    }
  }

  @Test("is strictly after, monotonic, and counts together what it gives one by one") func properties() throws
  {
    var random = SeededGenerator(seed: 7)
    let zones = [
      "Europe/Vienna", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "UTC", "America/St_Johns",
    ]
    for round in 0..<250 {
      let rule = try randomRule(&random)
      let hasRepetition = if case .every = rule { false } else { Int.random(in: 0..<3, using: &random) == 0 }
      let repetition =
        hasRepetition
        ? Repetition(every: .minutes(11), duration: Bool.random(using: &random) ? .minutes(47) : nil) : nil
      let schedule = try schedule(rule, zone: zones[round % zones.count], repetition: repetition)
      let start = Instant(seconds: Int64.random(in: 1_200_000_000...1_600_000_000, using: &random))
      var account = TriggerAccount(accountedThrough: start, lastDue: start)
      var due: [Instant] = []
      while due.count < 60, let firing = schedule.nextFiring(of: 0, after: account) {
        #expect(firing.dueAt > account.accountedThrough, "\(rule)")
        #expect(firing.startAt == firing.dueAt)
        // Asking from just before gives the same.
        let before = TriggerAccount(
          accountedThrough: firing.dueAt - Interval(microseconds: 1), lastDue: account.lastDue)
        #expect(schedule.nextFiring(of: 0, after: before)?.dueAt == firing.dueAt, "\(rule)")
        due.append(firing.dueAt)
        account = TriggerAccount(accountedThrough: firing.dueAt, lastDue: firing.dueAt)
      }
      let all = schedule.firings(
        of: 0, after: TriggerAccount(accountedThrough: start, lastDue: start), through: try #require(due.last)
      )
      #expect(all?.first == due.first, "\(rule)")
      #expect(all?.last == due.last, "\(rule) \(repetition as Any) \(zones[round % zones.count])")
      #expect(all?.count == due.count, "\(rule) \(repetition as Any) \(zones[round % zones.count])")
    }
  }

  @Test("answers a year of missed minutes at once") func missedYear() throws {
    let schedule = try schedule(.cron(CronExpression(parsing: "* * * * *")))
    let start = try instant("2026-01-01", schedule.zone)
    let all = try #require(
      schedule.firings(of: 0, after: TriggerAccount(accountedThrough: start), through: start + .days(365)))
    #expect(all.count == 525_600)
    #expect(all.first == start + .minutes(1))
    #expect(all.last == start + .days(365))
  }

  @Test("answers for any instant, without trapping") func extremes() throws {
    let instants = [
      Int64.min, .min + 1, -1, 0, .max - 1, .max, Instant.distantPast.microseconds,
      Instant.distantFuture.microseconds,
    ]
    .map(Instant.init(microseconds:))
    let rules: [Trigger.Rule] = try [
      .every(.milliseconds(1)), .every(Interval(microseconds: .max)), .restartAfter(.zero),
      .cron(CronExpression(parsing: "0 * * * *")),
      .cron(CronExpression(parsing: "0 0 29 2 *")), .daily(DailyRule(at: times("24:00"))),
      .weekly(WeeklyRule(on: [.monday], at: times("01:00"))),
      .monthly(MonthlyRule(on: [.last], at: times("01:00"))), .at(instants),
    ]
    for rule in rules {
      for gated in [false, true] {
        let schedule = try schedule(
          rule, windows: gated ? [window("02:00", "04:00", [.monday])] : [], blackout: blackout("2026-12-24"))
        for instant in instants {
          _ = schedule.gate(at: instant)
          for last in [nil, instants.first, instants.last] {
            let account = TriggerAccount(accountedThrough: instant, lastDue: last)
            if let firing = schedule.nextFiring(of: 0, after: account) {
              #expect(firing.dueAt > instant && firing.dueAt <= .distantFuture, "\(rule)")
            }
            _ = schedule.firings(of: 0, after: account, through: instant + .days(800))
          }
        }
      }
    }
  }

  // MARK: - Delay and jitter

  @Test("spreads jitter by job and due instant, the same each time, below its limit") func jitter() throws {
    let rule = Trigger.Rule.daily(DailyRule(at: try times("02:00")))
    var offsets: Set<Int64> = []
    for number in 0..<200 {
      let schedule = try schedule(rule, jitter: .minutes(10), delay: .minutes(5), job: "job\(number)")
      let account = TriggerAccount(accountedThrough: try instant("2026-07-09", schedule.zone))
      let firing = try #require(schedule.nextFiring(of: 0, after: account))
      #expect(firing == schedule.nextFiring(of: 0, after: account))
      let offset = firing.startAt - firing.dueAt - .minutes(5)
      #expect(offset >= .zero && offset < .minutes(10))
      offsets.insert(offset.microseconds / 30_000_000)
    }
    // All of the ten minutes is used.
    #expect(offsets.count == 20)
  }

  @Test("scales jitter so that it neither reaches the next due instant nor leaves the window")
  func jitterLimits() throws {
    let minutely = Trigger.Rule.cron(try CronExpression(parsing: "* * * * *"))
    for number in 0..<100 {
      let often = try schedule(minutely, jitter: .hours(5), job: "job\(number)")
      let first = try #require(
        often.nextFiring(of: 0, after: TriggerAccount(accountedThrough: instant("2026-07-09"))))
      #expect(first.startAt < first.dueAt + .minutes(1))
      let every = try schedule(.every(.seconds(10)), jitter: .hours(5), job: "job\(number)")
      let now = try instant("2026-07-09")
      let firing = try #require(
        every.nextFiring(of: 0, after: TriggerAccount(accountedThrough: now, lastDue: now)))
      #expect(firing.dueAt == now + .seconds(10) && firing.startAt < now + .seconds(20))
      let nightly = try schedule(
        .every(.hours(24)), windows: [window("02:00", "04:00")], jitter: .hours(5), job: "job\(number)")
      let start = try #require(nightly.nextFiring(of: 0, after: TriggerAccount(accountedThrough: now)))
        .startAt
      let (opens, closes) = (
        try instant("2026-07-09T02:00", nightly.zone), try instant("2026-07-09T04:00", nightly.zone)
      )
      #expect(start >= opens && start < closes)
    }
  }

  // MARK: - Explained

  private func explained(_ schedule: Schedule, _ from: String, _ limit: Int) throws -> [String] {
    schedule.explained(from: try instant(from, schedule.zone), limit: limit).map { firing in
      let due = firing.dueAt.description(in: schedule.zone).prefix(16)
      return ([String(due)] + firing.notes).joined(separator: " | ")
    }
  }

  @Test("marks what daylight saving did") func explainedDaylightSaving() throws {
    #expect(
      try explained(schedule(.cron(CronExpression(parsing: "30 2 * * *"))), "2027-03-27T00:00", 3) == [
        "2027-03-27T02:30",
        "2027-03-28T03:00 | 02:30 does not exist (clocks go from 02:00 to 03:00): due at 03:00",
        "2027-03-29T02:30",
      ])
    #expect(
      try explained(schedule(.cron(CronExpression(parsing: "*/15 2-3 * * *"))), "2027-03-28T00:00", 2) == [
        "2027-03-28T03:00 | 02:00 and 3 more do not exist (clocks go from 02:00 to 03:00): due at 03:00",
        "2027-03-28T03:15",
      ])
    #expect(
      try explained(schedule(.cron(CronExpression(parsing: "30 2 * * *"))), "2026-10-25T00:00", 2)
        == ["2026-10-25T02:30 | 02:30 comes twice: this is the first", "2026-10-26T02:30"])
    #expect(
      try explained(schedule(.cron(CronExpression(parsing: "30 * * * *"))), "2026-10-25T01:00", 4) == [
        "2026-10-25T01:30", "2026-10-25T02:30 | 02:30 comes twice: this is the first, and both are due",
        "2026-10-25T02:30 | 02:30 comes twice: this is the second, an hour of its own", "2026-10-25T03:30",
      ])
  }

  @Test("tells a skipped day and a gap over midnight with their dates") func explainedSkippedDay() throws {
    let noon = Trigger.Rule.daily(DailyRule(at: try times("12:00")))
    #expect(
      try explained(schedule(noon, zone: "Pacific/Apia"), "2011-12-29T13:00", 2) == [
        "2011-12-31T00:00 | 2011-12-30 12:00 does not exist (clocks go from 2011-12-30 00:00 to 2011-12-31 00:00): due at 00:00",
        "2011-12-31T12:00",
      ])
    #expect(
      try explained(
        schedule(.daily(DailyRule(at: times("00:00"))), zone: "America/Sao_Paulo"), "2018-11-03T12:00", 1)
        == ["2018-11-04T01:00 | 00:00 does not exist (clocks go from 00:00 to 01:00): due at 01:00"])
  }

  @Test("marks an interval that waits for an opening, and an opening that daylight saving moves")
  func explainedOpenings() throws {
    let twenty = Trigger.Rule.every(.minutes(20))
    // Never seen before, it would be due at once.
    #expect(
      try explained(schedule(twenty, windows: [window("02:00", "03:00")]), "2027-03-28T00:00", 2) == [
        "2027-03-28T03:00 | window 02:00-03:00 is closed: due at the next opening | the window's 02:00 does not exist: it opens at 03:00",
        "2027-03-28T03:20",
      ])
    let grid = try Schedule(
      triggers: [Trigger(.every(.minutes(7)), startAt: instant("2026-01-01T00:03"))],
      windows: [window("22:00", "23:00")], zone: .utc, jobName: "job")
    #expect(
      try explained(grid, "2026-01-02T12:00", 2) == [
        "2026-01-02T22:01 | window 22:00-23:00 is closed: due at the first point of the grid in the next opening",
        "2026-01-02T22:08",
      ])
  }

  @Test("marks jitter, and what keeps it small") func explainedJitter() throws {
    func note(_ jitter: Interval, windows: [Window] = []) throws -> String {
      let rule = Trigger.Rule.daily(DailyRule(at: try times("02:00")))
      let trigger = Trigger(rule, jitter: jitter)
      let schedule = try Schedule(triggers: [trigger], windows: windows, zone: .utc, jobName: "job")
      return try #require(
        schedule.explained(from: instant("2026-07-09"), limit: 1).first?.notes.first {
          $0.hasPrefix("jitter +")
        })
    }
    #expect(try !note(.minutes(30)).contains("scaled"))
    #expect(try note(.days(2)).hasSuffix(" (scaled down to 1d, the time to the next due instant)"))
    #expect(
      try note(.hours(4), windows: [window("01:00", "03:00")])
        .hasSuffix(" (scaled down to 1h, the time until the window closes)"))
  }

  @Test("marks what window, blackout and delay did") func explainedGates() throws {
    let cron = Trigger.Rule.cron(try CronExpression(parsing: "0 */3 * * *"))
    #expect(
      try explained(schedule(cron, windows: [window("02:00", "04:00")]), "2026-07-09T00:00", 3) == [
        "2026-07-09T00:00 | skipped: window 02:00-04:00 is closed", "2026-07-09T03:00",
        "2026-07-09T06:00 | skipped: window 02:00-04:00 is closed",
      ])
    let deferring = try schedule(
      cron, windows: [window("05:00", "07:00")], delay: .minutes(5), outside: .defer)
    #expect(
      try explained(deferring, "2026-07-09T00:00", 4) == [
        "2026-07-09T00:00 | delay +5m | window 05:00-07:00 is closed: deferred to 05:00",
        "2026-07-09T03:00 | delay +5m | skipped: window 05:00-07:00 is closed, and merged with the firing that waits for the opening",
        "2026-07-09T06:00 | delay +5m",
        "2026-07-09T09:00 | delay +5m | window 05:00-07:00 is closed: deferred to 2026-07-10 05:00",
      ])
    #expect(
      deferring.explained(from: try instant("2026-07-09", deferring.zone), limit: 2).map(\.skipped) == [
        false, true,
      ])
    #expect(
      try explained(
        schedule(.daily(DailyRule(at: times("01:00"))), blackout: blackout("2026-12-24")), "2026-12-24", 2)
        == ["2026-12-24T01:00 | skipped: blackout 2026-12-24", "2026-12-25T01:00"])
    let every = try schedule(.every(.hours(1)), windows: [window("02:00", "04:00")])
    #expect(
      try explained(every, "2026-07-09T02:00", 3)
        == [
          "2026-07-09T02:00", "2026-07-09T03:00",
          "2026-07-10T02:00 | window 02:00-04:00 is closed: due at the next opening",
        ])
  }

  @Test("merges triggers that are due together, in order, within from and until") func explainedTogether()
    throws
  {
    let schedule = try Schedule(
      triggers: [
        Trigger(.daily(DailyRule(at: times("02:00"))), name: "night"),
        Trigger(.cron(CronExpression(parsing: "0 * * * *"))),
        Trigger(.restartAfter(.seconds(5)), startAt: instant("2026-07-09T02:30")),
      ], zone: .utc, jobName: "job")
    let firings = schedule.explained(
      from: try instant("2026-07-09T01:00"), until: try instant("2026-07-09T04:00"), limit: 99)
    #expect(
      firings.map(\.dueAt.description).map { String($0.dropFirst(11).prefix(5)) } == [
        "01:00", "02:00", "02:30", "03:00",
      ])
    #expect(firings.map(\.trigger) == [1, 0, 2, 1])
    #expect(firings[1].notes == ["also due now: cron = \"0 * * * *\""])
  }

  @Test("goes on from the accounts it is given") func explainedAccounts() throws {
    let schedule = try schedule(.every(.minutes(10)), zone: "UTC")
    let account = TriggerAccount(
      accountedThrough: try instant("2026-07-09T00:03"), lastDue: try instant("2026-07-09T00:03"))
    let from = try instant("2026-07-09T01:00")
    #expect(
      schedule.explained(from: from, limit: 1, accounts: [account])[0].dueAt
        == (try instant("2026-07-09T01:03")))
    #expect(schedule.explained(from: from, limit: 1)[0].dueAt == from)
  }
}
