import Scheduling
import Testing

@Suite("Schedule.due(around:)") struct DueAroundTests {
  private func around(
    _ rule: Trigger.Rule, _ from: String, _ minutes: Int64 = 1, lastDue: String? = nil
  ) throws -> [String] {
    let schedule = try Schedule(triggers: [Trigger(rule)], zone: .utc, jobName: "job")
    let start = try Instant(parsing: from, in: .utc)
    let last = try lastDue.map { try Instant(parsing: $0, in: .utc) }
    let account = last.map { TriggerAccount(accountedThrough: $0, lastDue: $0) }
    let due = schedule.due(around: start..<start + .minutes(minutes), accounts: [account])
    return [due.before, due.within, due.after].map { firing in
      firing.map { String($0.dueAt.description.dropFirst(5).prefix(11)) } ?? "-"
    }
  }

  private func daily() throws -> Trigger.Rule { .daily(DailyRule(at: [try TimeOfDay(parsing: "02:00")])) }

  @Test("tells the calendar's instants in the span and next to it") func calendar() throws {
    #expect(try around(daily(), "2026-03-05T02:00") == ["03-04T02:00", "03-05T02:00", "03-06T02:00"])
    #expect(try around(daily(), "2026-03-05T02:01") == ["03-05T02:00", "-", "03-06T02:00"])
    #expect(
      try around(daily(), "2026-03-05T00:00", 3 * 1440) == ["03-04T02:00", "03-05T02:00", "03-08T02:00"])
    #expect(try around(.cron(CronExpression(parsing: "0 0 29 2 *")), "2026-03-05T00:00")[0] == "02-29T00:00")
  }

  @Test("counts a fixed rate from its last due instant, and knows nothing of the time before") func rate()
    throws
  {
    let every = Trigger.Rule.every(.hours(2))
    #expect(try around(every, "2026-03-05T02:00") == ["-", "-", "-"])
    let last = "2026-03-05T00:30"
    #expect(
      try around(every, "2026-03-05T04:30", lastDue: last) == ["03-05T02:30", "03-05T04:30", "03-05T06:30"])
    #expect(try around(every, "2026-03-05T00:30", lastDue: last) == ["-", "03-05T00:30", "03-05T02:30"])
    #expect(try around(every, "2026-03-04T22:30", lastDue: last) == ["-", "-", "03-05T00:30"])
    #expect(
      try around(.restartAfter(.minutes(5)), "2026-03-05T00:35", lastDue: last) == ["-", "03-05T00:35", "-"])
  }

  @Test("takes all triggers together") func several() throws {
    let hourly = Trigger(.cron(try CronExpression(parsing: "15 * * * *")))
    let schedule = try Schedule(triggers: [Trigger(try daily()), hourly], zone: .utc, jobName: "job")
    let start = try Instant(parsing: "2026-03-05T02:00", in: .utc)
    let due = schedule.due(around: start..<start + .minutes(1))
    #expect(due.before?.trigger == 1 && due.within?.trigger == 0 && due.after?.trigger == 1)
    #expect(due.before.map { start - $0.dueAt } == .minutes(45))
  }
}
