import RunLifecycle
import Scheduling
import Testing

@Suite("The planner, while a job is paused") struct PlannerPauseTests {
  static let minutely = Trigger(.every(.minutes(1)), startAt: Instant(microseconds: 0))

  @Test("has one row for all firings, over a restart too, and goes on afterwards")
  func oneRow() throws {
    var harness = try PlannerHarness("2026-01-01T09:59:30")
    let plan = try harness.plan([Self.minutely]) { $0.catchUp = .newest }
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T10:00:30")
    try harness.handle(.pause(harness.key, by: "root"))
    try harness.run(until: "2026-01-01T10:05:30")
    #expect(try harness.ledger() == ["10:00:00 succeeded", "10:01:00...10:05:00 x5 waiting"])
    try harness.restart(at: "2026-01-01T10:20:30", plan)
    try harness.run(until: "2026-01-01T10:30:30")
    try harness.handle(.resume(harness.key, by: "ann"))
    try harness.run(until: "2026-01-01T10:31:30")
    #expect(
      try harness.ledger(reasons: true) == [
        "10:00:00 succeeded",
        "10:01:00...10:30:00 x30 skipped: paused by root since 2026-01-01T10:00:30.000Z, resumed by ann",
        "10:31:00 succeeded",
      ])
  }

  @Test("has another row when the clock is set back and the job changed in the pause")
  func clockSetBack() throws {
    var harness = try PlannerHarness("2026-01-01T10:00:30")
    try harness.goLive(harness.plan([Self.minutely]))
    try harness.handle(.pause(harness.key, by: "root"))
    try harness.run(until: "2026-01-01T10:03:30")
    let from = harness.now
    harness.now = try Instant(parsing: "2026-01-01T08:00:30", in: .utc)
    try harness.handle(.clockStepped(from: from, to: harness.now))
    let often = Trigger(.every(.seconds(30)), startAt: Instant(microseconds: 0))
    try harness.goLive(harness.plan([often], version: "v2"), initial: false)
    try harness.run(until: "2026-01-01T08:02:15")
    try harness.handle(.resume(harness.key, by: "root"))
    let ledger = try harness.ledger()
    #expect(ledger == ["10:01:00...10:03:00 x3 skipped", "08:00:30...08:02:00 x4 skipped"])
  }

  @Test("turns what was claimed a moment before into the pause's row")
  func claimedBefore() throws {
    var harness = try PlannerHarness("2026-01-01T10:00:59.970")
    try harness.goLive(harness.plan([Self.minutely]))
    try harness.handle(.timePassed)
    #expect(harness.planner.waiting.count == 1)
    try harness.handle(.pause(harness.key, by: "root"))
    try harness.run(until: "2026-01-01T10:03:30")
    #expect(try harness.ledger() == ["10:01:00...10:03:00 x3 waiting"])
    #expect(harness.starts.isEmpty)
  }

  @Test("holds what waits for its next attempt, and lets manual runs pass")
  func holds() throws {
    var harness = try PlannerHarness("2026-01-01T09:59:30")
    harness.ending = { run in
      (.seconds(1), run.attempt == 1 && !run.isManual ? .failed("no") : .succeeded(resultJSON: nil))
    }
    let daily = PlannerHarness.daily(10)
    try harness.goLive(harness.plan([daily]) { $0.retry = RetryPolicy(count: 2, interval: .minutes(1)) })
    try harness.run(until: "2026-01-01T10:00:30")
    try harness.handle(.pause(harness.key, by: "root"))
    try harness.run(until: "2026-01-01T10:10")
    #expect(harness.startTimes == ["10:00:00"])
    try harness.handle(.resume(harness.key, by: "root"))
    try harness.run(until: "2026-01-01T10:20")
    #expect(harness.starts.map(\.attempt) == [1, 2])
    try harness.handle(.pause(harness.key, by: "root"))
    try harness.handle(.manual(request: "r", job: harness.key, params: nil, testing: false))
    try harness.run(until: "2026-01-01T10:30")
    #expect(try harness.ledger() == ["10:00:00 #2 succeeded", "10:20:00 succeeded"])
  }

  @Test("ends the pause's row when the job is removed")
  func removed() throws {
    var harness = try PlannerHarness("2026-01-01T09:59:30")
    try harness.goLive(harness.plan([Self.minutely]))
    try harness.handle(.pause(harness.key, by: "root"))
    try harness.run(until: "2026-01-01T10:05:30")
    try harness.handle(.jobRemoved(harness.key))
    #expect(try harness.ledger() == ["10:00:00...10:05:00 x6 skipped"])
    #expect(harness.planner.nextWake == nil)
  }

  @Test("a row whose first instant has one already is claimed for the others, also when the pause has ended")
  func firstIsTaken() throws {
    var harness = try PlannerHarness("2026-01-01T09:30")
    let plan = try harness.plan([Trigger(.every(.hours(1)), startAt: Instant(microseconds: 0))])
    try harness.goLive(plan)
    let ten = try Instant(parsing: "2026-01-01T10:00", in: .utc)
    var other = Run(
      id: RunID(900), job: harness.key, trigger: "another", cause: .clock(ten), dueAt: ten, dueUntil: nil,
      count: 1,
      notBefore: ten, node: "n", version: plan.version)
    other.state = .ended
    other.outcome = .succeeded
    try harness.store.commit([.record(other, [])])
    try harness.handle(.pause(harness.key, by: "eva"))
    // The machine slept.
    harness.now = try Instant(parsing: "2026-01-01T12:30", in: .utc)
    try harness.handle(.timePassed)
    try harness.handle(.resume(harness.key, by: "eva"))
    try harness.run(until: "2026-01-01T13:30")
    #expect(
      try Set(harness.ledger()) == [
        "10:00:00 succeeded", "11:00:00...12:00:00 x2 skipped", "13:00:00 succeeded",
      ])
  }
}
