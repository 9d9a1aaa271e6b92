import RunLifecycle
import Scheduling
import Testing

@Suite("Forecast") struct ForecastTests {
  private static let start = Instant(microseconds: 1_767_225_600_000_000)

  private func job(
    _ number: Int32, _ cron: String, duration: Interval = .seconds(1), pause: Pause? = nil,
    _ edit: (inout RunPolicy) -> Void = { _ in }
  ) throws -> Forecast.Job {
    var policy = RunPolicy()
    edit(&policy)
    let schedule = try Schedule(
      triggers: [Trigger(.cron(CronExpression(parsing: cron)))], zone: .utc, jobName: "job\(number)")
    return Forecast.Job(
      plan: JobPlan(
        key: JobKey(number), name: "job\(number)", version: "v", schedule: schedule, policy: policy),
      pause: pause, duration: duration, from: Self.start)
  }

  private func play(
    _ jobs: [Forecast.Job], _ length: Interval, pools: [String: Int] = [:], seed: UInt64 = 1, fail: Int = 0
  ) -> (rows: [Run], summary: ForecastSummary) {
    var forecast = Forecast(jobs, from: Self.start, pools: pools, seed: seed, failPercent: fail)
    var summary = ForecastSummary(jobs)
    var rows: [Run] = []
    forecast.play(until: Self.start + length) { row, now in
      summary.add(row, at: now)
      if case .ended(let run) = row { rows.append(run) }
      return true
    }
    summary.close(open: forecast.open, at: Self.start + length)
    return (rows, summary)
  }

  @Test("makes a row for each due instant, from the first on and up to the last") func due() throws {
    let rows = play([try job(1, "*/15 * * * *")], .hours(24)).rows
    #expect(rows.map(\.dueAt) == (0..<96).map { Self.start + .minutes($0 * 15) })
    #expect(rows.allSatisfy { $0.outcome == .succeeded })
  }

  @Test("lets a run take as long as its job's runs do, give or take a fifth, and skips what comes meanwhile")
  func overlap() throws {
    let (rows, summary) = play([try job(1, "* * * * *", duration: .seconds(150))], .hours(10))
    for run in rows where run.outcome == .succeeded {
      let (started, ended) = (try #require(run.startedAt), try #require(run.endedAt))
      #expect((Interval.seconds(120)...Interval.seconds(180)).contains(ended - started))
    }
    let skipped = rows.filter { $0.outcome == .skipped }
    #expect(!skipped.isEmpty && skipped.allSatisfy { $0.gate == .overlap })
    #expect(summary.overlaps == [JobKey(1): skipped.reduce(0) { $0 + $1.count }])
    #expect(rows.reduce(0) { $0 + $1.count } + summary.open >= 600)
  }

  @Test("plays the ends that other jobs wait for, and nothing that is not the clock's doing") func events()
    throws
  {
    var waits = try job(2, "0 0 1 1 *")
    let triggers = [
      Trigger(.after([AfterCondition(job: "job1")])), Trigger(.event(.load)), Trigger(.event(.boot)),
      Trigger(.event(.startup)),
    ]
    waits.plan.schedule = try Schedule(triggers: triggers, zone: .utc, jobName: "job2")
    let jobs = [
      try job(1, "0 12 * * *"), Forecast.Job(plan: waits.plan, duration: .seconds(1), from: Self.start),
    ]
    #expect(
      play(jobs, .days(3)).rows.map(\.cause.kind) == ["clock", "after", "clock", "after", "clock", "after"])
    #expect(
      Forecast.shares(of: jobs, count: 4, pools: [:], from: Self.start, until: Self.start + .days(3)).count
        == 1)
  }

  @Test("is the same for the same seed, and another for another") func seeds() throws {
    let jobs = [try job(1, "* * * * *") { $0.retry = RetryPolicy(count: 1, interval: .seconds(5)) }]
    let first = play(jobs, .hours(5), seed: 7, fail: 30).rows
    #expect(first == play(jobs, .hours(5), seed: 7, fail: 30).rows)
    #expect(first != play(jobs, .hours(5), seed: 8, fail: 30).rows)
    // Of 300 runs about 27 fail twice; a share this far off has a chance of one in many millions.
    #expect((5...70).contains(first.count { $0.outcome == .failed }))
    #expect(first.allSatisfy { $0.outcome != .failed || $0.attempt == 2 })
  }

  @Test("tells which pool was full, for how long, and for whom") func pools() throws {
    let jobs = try (1...3).map { number in
      try job(Int32(number), "0 12 * * *", duration: .minutes(10)) { $0.pool = "db" }
    }
    let load = try #require(play(jobs, .days(1), pools: ["db": 1]).summary.pools["db"])
    #expect(load.waits == 2 && load.job == JobKey(3))
    #expect((Interval.minutes(16)...Interval.minutes(24)).contains(load.longest))
    #expect(play(jobs, .days(1), pools: ["db": 3]).summary.pools.isEmpty)
  }

  @Test("counts starts by the minute, and a pause as a row that stays open") func busiest() throws {
    let pause = Pause(since: Self.start, by: "root")
    let jobs = [try job(1, "0 * * * *"), try job(2, "0 12 * * *"), try job(3, "0 * * * *", pause: pause)]
    let summary = play(jobs, .days(1)).summary
    let busiest = try #require(summary.busiest(1).first)
    #expect(busiest.minute == Self.start + .hours(12) && busiest.starts == 2)
    #expect(summary.open == 1 && summary.outcomes == [.succeeded: 25])
    #expect(summary.busiest(3).map(\.starts) == [2, 1, 1])
  }

  @Test("in shares comes to the same as in one, and keeps together what touches") func shares() throws {
    var jobs = try (1...8).map { try job(Int32($0), "*/\($0) * * * *", duration: .seconds(80)) }
    for place in [0, 3, 6] { jobs[place].plan.policy.pool = "db" }
    let (pools, end) = (["db": 1], Self.start + Interval.hours(6))
    let shares = Forecast.shares(of: jobs, count: 3, pools: pools, from: Self.start, until: end)
    #expect(shares.count == 3 && shares.flatMap { $0 }.count == 8)
    #expect(shares.count { share in share.contains { $0.plan.policy.pool == "db" } } == 1)
    var sum = ForecastSummary(jobs)
    for share in shares { sum.add(play(share, .hours(6), pools: pools).summary) }
    #expect(sum == play(jobs, .hours(6), pools: pools).summary)
  }
}
