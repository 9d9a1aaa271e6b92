import RunLifecycle
import RunStore
import Scheduling
import Testing

@Suite("GateReport") struct GateReportTests {
  private func report(_ harness: PlannerHarness, _ plan: JobPlan) throws -> [String] {
    let run = try #require(try harness.store.runs(.init(limit: 1)).first)
    return GateReport(of: run, plan: plan, pool: 2).answers.map { answer in
      "\(answer.gate.rawValue) \(answer.isOpen.map { $0 ? "+" : "-" } ?? "?") \(answer.said)"
    }
  }

  @Test("tells what each gate said to a run that started") func started() throws {
    var harness = try PlannerHarness("2026-01-01T11:00")
    let plan = try harness.plan([PlannerHarness.daily(12)], window: ("10:00", "14:00")) {
      $0.pool = "db"
      $0.hasWhen = true
    }
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T12:30")
    #expect(
      try report(harness, plan) == [
        "enabled + enabled", "paused + not paused", "late + started 0s after its instant; late_within is 1m",
        "window + window 10:00-14:00: open until 14:00", "blackout + no blackout",
        "overlap + no other run was running (overlap = \"skip\")", "requires + nothing is required",
        "when + when said yes", "pool + had a place in the pool db, which has 2",
      ])
  }

  @Test("asks no gate behind the one that is closed") func closed() throws {
    var harness = try PlannerHarness("2026-01-01T11:00")
    let plan = try harness.plan([PlannerHarness.daily(12)], window: ("13:00", "14:00"))
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T12:30")
    let said = try report(harness, plan)
    #expect(said[3] == "window - window 13:00-14:00 is closed")
    #expect(said[..<3].allSatisfy { $0.contains(" + ") })
    #expect(said[4...].allSatisfy { $0.hasSuffix(" ? not asked") })
  }

  @Test("tells who paused the job, and which run was in the way") func reasons() throws {
    var harness = try PlannerHarness("2026-01-01T11:00")
    harness.ending = { _ in (.hours(48), .succeeded(resultJSON: nil)) }
    let plan = try harness.plan([PlannerHarness.daily(12)])
    try harness.goLive(plan)
    try harness.run(until: "2026-01-02T12:30")
    #expect(try report(harness, plan)[5] == "overlap - overlap: run 1 was still running")
    try harness.handle(.pause(harness.key, by: "root"))
    try harness.run(until: "2026-01-03T12:30")
    #expect(try report(harness, plan)[1] == "paused - paused by root since 2026-01-02T12:30:00.000Z")
  }

  @Test("knows that a pause holds what waits, as an attempt that follows another") func held() throws {
    var harness = try PlannerHarness("2026-01-01T11:00")
    harness.ending = { _ in (.seconds(1), .failed("no")) }
    let plan = try harness.plan([PlannerHarness.daily(12)]) {
      $0.retry = RetryPolicy(count: 3, interval: .minutes(10))
    }
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T12:05")
    try harness.handle(.pause(harness.key, by: "eva"))
    try harness.run(until: "2026-01-01T12:30")
    let run = try #require(try harness.store.runs(.init(limit: 1)).first)
    #expect(run.state == .waiting && run.attempt == 1)
    let pause = try harness.store.jobs().first?.pause
    let answers = GateReport(of: run, plan: plan, pause: pause).answers
    #expect(answers[1].isOpen == false && answers[1].said.hasPrefix("paused by eva since "))
    #expect(answers[2].isOpen == nil)
  }

  @Test("says of a manual run which gates it passed by") func manual() throws {
    var harness = try PlannerHarness("2026-01-01T11:00")
    let plan = try harness.plan([PlannerHarness.daily(12)], window: ("13:00", "14:00"))
    try harness.goLive(plan)
    try harness.handle(.manual(request: "eva/1-2", job: harness.key, params: nil, testing: false))
    try harness.run(until: "2026-01-01T11:30")
    #expect(try report(harness, plan)[3] == "window + passed by: eva started it")
    #expect(try report(harness, plan)[5].hasPrefix("overlap + no other run was running"))
  }

  @Test("does not call a run late that waited for its turn") func queued() throws {
    var harness = try PlannerHarness("2026-01-01T11:00")
    harness.ending = { _ in (.hours(30), .succeeded(resultJSON: nil)) }
    let plan = try harness.plan([PlannerHarness.daily(12)]) { $0.overlap = .queue(limit: 1) }
    try harness.goLive(plan)
    try harness.run(until: "2026-01-02T20:00")
    #expect(try report(harness, plan)[2] == "late + in time, and then waited")
  }

  @Test("in test mode asks nothing behind overlap") func testMode() throws {
    var harness = try PlannerHarness("2026-01-01T11:00")
    let plan = try harness.plan([PlannerHarness.daily(12)]) { $0.testing = true }
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T12:30")
    #expect(try report(harness, plan).map { $0.contains(" + ") }.filter { $0 }.count == 6)
  }

  @Test("leaves out what open gates said to a version that is not known") func unknownVersion() throws {
    var harness = try PlannerHarness("2026-01-01T11:00")
    try harness.goLive(harness.plan([PlannerHarness.daily(12)]))
    try harness.run(until: "2026-01-01T12:30")
    let run = try #require(try harness.store.runs(.init()).first)
    #expect(
      GateReport(of: run, plan: nil).answers.allSatisfy {
        $0.isOpen == true && $0.said == "what it said then is not kept"
      })
  }

  @Test("tells what is known of a firing that is still to come") func expected() throws {
    let harness = try PlannerHarness("2026-01-01T11:00")
    let plan = try harness.plan([PlannerHarness.daily(12)], window: ("13:00", "14:00"))
    let noon = try Instant(parsing: "2026-01-02T12:00", in: .utc)
    let firing = Firing(trigger: 0, dueAt: noon, startAt: noon)
    let outside = GateReport(expected: firing, plan: plan, pause: nil).answers
    #expect(outside.map(\.isOpen) == [true, true, nil, false, nil, nil, nil, nil, nil])
    #expect(outside[2].said == "asked at the start: within 1m of its instant, else missed")
    let pause = Pause(since: noon, by: "root")
    let paused = GateReport(expected: firing, plan: plan, pause: pause).answers
    #expect(paused[1].said == "paused by root since \(noon)" && paused[1].isOpen == false)
    #expect(paused[3].isOpen == nil)
  }
}

@Suite("RetryAnswer") struct RetryAnswerTests {
  private func said(
    _ kinds: AttemptEnd.Kind..., retry: RetryPolicy?, until end: String = "2026-01-01T13:00"
  ) throws -> String? {
    var harness = try PlannerHarness("2026-01-01T11:55")
    harness.ending = { run in (.seconds(1), kinds[min(run.attempt, kinds.count) - 1]) }
    let plan = try harness.plan([PlannerHarness.daily(12)]) { $0.retry = retry }
    try harness.goLive(plan)
    try harness.run(until: end)
    let run = try #require(try harness.store.runs(.init()).first)
    return RetryAnswer(of: run, policy: plan.policy)?.said
  }

  @Test("says why there is no further attempt, or that there is one") func reasons() throws {
    let twice = RetryPolicy(count: 2, interval: .minutes(1))
    #expect(try said(.failed("no"), retry: nil) == "not tried again: the job has no retry")
    #expect(try said(.failed("no"), retry: twice) == "not tried again: retry.count = 2 is used up")
    #expect(try said(.fatal("no"), retry: twice) == "not tried again: the job said so (job.fatal)")
    #expect(
      try said(.cancelled("by root"), retry: twice) == "not tried again: a run that was cancelled never is")
    #expect(
      try said(.failed("no"), retry: twice, until: "2026-01-01T12:00:30")
        == "attempt 1 failed, attempt 2 of 3 follows")
    #expect(try said(.failed("no"), .succeeded(resultJSON: nil), retry: twice) == nil)
  }
}
