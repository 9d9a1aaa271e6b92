import RunLifecycle
import Scheduling
import Testing

@Suite("The planner, from attempts to the end of a run") struct PlannerRunTests {
  static let hourly = Trigger(.every(.hours(1)), startAt: Instant(microseconds: 0))

  private func retrying(_ harness: PlannerHarness, count: Int, _ interval: Interval) throws -> JobPlan {
    try harness.plan([Self.hourly]) { $0.retry = RetryPolicy(count: count, interval: interval, backoff: 2) }
  }

  @Test("tries again after growing intervals, as often as retry says")
  func retries() throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    harness.ending = { _ in (.seconds(1), .failed("no")) }
    try harness.goLive(try retrying(harness, count: 3, .minutes(1)))
    try harness.run(until: "2026-01-01T01:30")
    #expect(harness.starts.map(\.attempt) == [1, 2, 3, 4])
    #expect(try harness.ledger() == ["01:00:00 #4 failed"])
    // 61, 122 and 243 seconds after the first start.
    #expect(harness.planner.isIdle)
  }

  @Test("lets only a firing that really starts take the place of a run that waits to retry")
  func supersededRetry() throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    harness.ending = {
      $0.id == RunID(1) ? (.seconds(1), .failed("no")) : (.minutes(1), .succeeded(resultJSON: nil))
    }
    try harness.goLive(try retrying(harness, count: 3, .minutes(70)))
    try harness.run(until: "2026-01-01T02:30")
    #expect(
      try harness.ledger(reasons: true) == [
        "01:00:00 failed: superseded by run 2 before attempt 2", "02:00:00 succeeded",
      ])
  }

  @Test("goes on retrying after a restart, where it was")
  func retryOverRestart() throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    harness.ending = {
      $0.attempt == 1 ? (.seconds(1), .timedOut(nil)) : (.seconds(1), .succeeded(resultJSON: nil))
    }
    let plan = try retrying(harness, count: 1, .minutes(10))
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T01:05")
    let evidence = Evidence.mainCalled(attempt: 1, at: nil)
    try harness.restart(at: "2026-01-01T01:06", plan, evidence: evidence)
    #expect(harness.starts.count == 1)
    try harness.run(until: "2026-01-01T01:30")
    #expect(try harness.ledger() == ["01:00:00 #2 succeeded"])
  }

  @Test(
    "applies the retry rule to what was interrupted, and starts again what was not called",
    arguments: [
      // Evidence, seconds of downtime, what the ledger says at the end.
      (Evidence.mainCalled(attempt: 1, at: nil), 30, 0, "01:00:00 interrupted"),
      (Evidence.mainCalled(attempt: 1, at: nil), 30, 1, "01:00:00 #2 succeeded"),
      (Evidence.unknown, 30, 0, "01:00:00 interrupted"),
      (Evidence.mainNotCalled, 30, 0, "01:00:00 succeeded"),
      // Too late for late_within.
      (Evidence.mainNotCalled, 300, 1, "01:00:00 missed"),
    ])
  func recovery(evidence: Evidence, down: Int, retries: Int, wanted: String) throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    harness.ending = { _ in (.minutes(10), .succeeded(resultJSON: nil)) }
    let plan = try retrying(harness, count: retries, .seconds(10))
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T01:00:05")
    try harness.restart(at: "2026-01-01T01:0\(down / 60):\(down % 60 + 10)", plan, evidence: evidence)
    try harness.run(until: "2026-01-01T01:30")
    #expect(try harness.ledger() == [wanted])
  }

  @Test("ends what a job left open that is gone")
  func goneJob() throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    harness.ending = { _ in (.minutes(10), .succeeded(resultJSON: nil)) }
    try harness.goLive(try retrying(harness, count: 5, .seconds(10)))
    try harness.run(until: "2026-01-01T01:00:05")
    try harness.restart(at: "2026-01-01T01:01", nil, evidence: .mainCalled(attempt: 1, at: nil))
    #expect(try harness.ledger() == ["01:00:00 interrupted"])
  }

  @Test("starts what fell without a trace again, uncounted, but not for ever")
  func unstarted() throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    harness.ending = { _ in (.milliseconds(10), .notStarted("the host fell")) }
    try harness.goLive(try harness.plan([Self.hourly]))
    try harness.run(until: "2026-01-01T01:30")
    #expect(harness.starts.map(\.attempt) == [1, 1, 1])
    #expect(try harness.ledger() == ["01:00:00 interrupted"])
  }

  @Test("ends a run that is cancelled, between attempts too, and never tries it again")
  func cancel() throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    harness.ending = { _ in (.minutes(1), .cancelled("cancelled by me")) }
    try harness.goLive(try retrying(harness, count: 3, .minutes(30)))
    try harness.run(until: "2026-01-01T01:00:30")
    try harness.handle(.cancel(RunID(1), by: "me"))
    #expect(harness.stops.map(\.run) == [RunID(1)])
    try harness.run(until: "2026-01-01T01:50")
    #expect(try harness.ledger(reasons: true) == ["01:00:00 cancelled: cancelled by me"])
    harness.ending = { _ in (.seconds(1), .failed("no")) }
    try harness.run(until: "2026-01-01T02:10")
    try harness.handle(.cancel(RunID(2), by: "me"))
    #expect(try harness.ledger(reasons: true).last == "02:00:00 cancelled: cancelled by me")
  }

  @Test("lets a run end on its version when the job is changed or removed, and tries it no more if removed")
  func reload() throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    harness.ending = { _ in (.minutes(10), .failed("no")) }
    try harness.goLive(try retrying(harness, count: 3, .minutes(1)))
    try harness.run(until: "2026-01-01T01:05")
    try harness.handle(.jobRemoved(harness.key))
    try harness.run(until: "2026-01-01T03:00")
    #expect(try harness.ledger() == ["01:00:00 failed"])
    #expect(harness.planner.nextWake == nil)
  }

  @Test("fires nothing for the time before a change, nor for that in which a job was away")
  func goLive() throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    let plan = try harness.plan([Self.hourly])
    try harness.goLive(plan)
    try harness.handle(.jobRemoved(harness.key))
    try harness.run(until: "2026-01-01T03:30")
    try harness.goLive(plan, initial: false)
    try harness.run(until: "2026-01-01T04:30")
    let cron = Trigger(.cron(try CronExpression(parsing: "15 * * * *")))
    try harness.goLive(try harness.plan([cron], version: "v2"), initial: false)
    try harness.run(until: "2026-01-01T05:30")
    #expect(try harness.ledger() == ["04:00:00 succeeded", "05:15:00 succeeded"])
  }

  @Test("keeps the rhythm of an every whose file was away for a moment")
  func flicker() throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    let plan = try harness.plan([Trigger(.every(.hours(24)))])
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T01:00")
    try harness.handle(.jobRemoved(harness.key))
    try harness.goLive(plan, initial: false)
    try harness.run(until: "2026-01-02T01:00")
    #expect(try harness.ledger() == ["00:30:00 succeeded", "00:30:00 succeeded"])
  }
}
