import RunLifecycle
import Scheduling
import Testing

@Suite("The planner, when the clock is set back") struct PlannerClockTests {
  private static let hourly = Trigger(.every(.hours(1)), startAt: Instant(microseconds: 0))

  /// The clock is set, and the daemon sees it.
  private func set(_ harness: inout PlannerHarness, to text: String) throws {
    let from = harness.now
    harness.now = try Instant(parsing: text, in: .utc)
    try harness.handle(.clockStepped(from: from, to: harness.now))
  }

  @Test("lets a row go on that waits for a condition")
  func whatHadCome() throws {
    var harness = try PlannerHarness("2026-01-01T09:30")
    var isMet = false
    harness.unmet = { _, _ in isMet ? nil : "no network" }
    try harness.goLive(
      harness.plan([Self.hourly]) { policy in
        policy.overlap = .queue(limit: 1)
        var requires = Requirements()
        requires.network = true
        requires.wait = .hours(1)
        policy.requires = requires
      })
    try harness.run(until: "2026-01-01T10:30")
    isMet = true
    try set(&harness, to: "2026-01-01T08:10")
    try harness.run(until: "2026-01-01T08:12")
    #expect(harness.startTimes == ["08:10:00"])
    #expect(try harness.ledger() == ["10:00:00 succeeded"])
  }

  @Test("asks for a condition no longer than the job says, whatever the clock reads")
  func patience() throws {
    var harness = try PlannerHarness("2026-01-01T09:30")
    harness.unmet = { _, _ in "no network" }
    try harness.goLive(
      harness.plan([Self.hourly]) { policy in
        var requires = Requirements()
        requires.network = true
        requires.wait = .minutes(10)
        policy.requires = requires
      })
    try harness.run(until: "2026-01-01T10:05")
    try set(&harness, to: "2026-01-01T08:00")
    try harness.run(until: "2026-01-01T08:11")
    #expect(try harness.ledger() == ["10:00:00 skipped"])
  }

  @Test("keeps what is left of a retry's interval, and writes it down")
  func betweenAttempts() throws {
    var harness = try PlannerHarness("2026-01-01T09:30")
    harness.ending = { run in (.zero, run.attempt == 1 ? .failed("no") : .succeeded(resultJSON: nil)) }
    let plan = try harness.plan([Self.hourly]) {
      $0.retry = RetryPolicy(count: 1, interval: .minutes(20))
    }
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T10:05")
    try set(&harness, to: "2026-01-01T09:05")
    // The daemon is killed: what it knew is in the store.
    try harness.restart(at: "2026-01-01T09:06", plan, evidence: .mainCalled(attempt: 1, at: nil))
    try harness.run(until: "2026-01-01T09:30")
    #expect(harness.startTimes.last == "10:00:00")
    #expect(try harness.ledger() == ["10:00:00 #2 succeeded"])
    #expect(
      try harness.store.runs(.init(limit: 1)).first?.notBefore.description == "2026-01-01T09:20:00.000Z")
  }

  @Test("moves a row of a fixed rate along that was claimed a moment ahead")
  func claimedAhead() throws {
    var harness = try PlannerHarness("2026-01-01T10:00")
    try harness.goLive(harness.plan([Trigger(.every(.minutes(10)))]))
    try harness.run(until: "2026-01-01T10:05")
    harness.now = try Instant(parsing: "2026-01-01T10:09:59.960", in: .utc)
    try harness.handle(.timePassed)
    try set(&harness, to: "2026-01-01T09:09:59.960")
    try harness.run(until: "2026-01-01T09:10:30")
    #expect(harness.starts.last?.startedAt?.description == "2026-01-01T09:10:00.000Z")
    #expect(try harness.ledger() == ["10:00:00 succeeded", "10:10:00 succeeded"])
  }

  @Test("starts what follows a run that began before, and ends by the clock that is right")
  func followers() throws {
    var harness = try PlannerHarness("2026-01-01T09:30")
    harness.ending = { _ in (.minutes(5), .succeeded(resultJSON: nil)) }
    try harness.goLive(harness.plan([Self.hourly], named: "backup"))
    try harness.goLive(harness.plan([Trigger(.after([AfterCondition(job: "backup")]))]))
    try harness.run(until: "2026-01-01T10:01")
    // It goes on for another minute, by the clock that was wrong; the end is told then.
    let running = try #require(harness.planner.running.first)
    try set(&harness, to: "2024-01-01T10:00")
    try harness.handle(
      .attemptEnded(running.id, AttemptEnd(.succeeded(resultJSON: nil), at: harness.now)))
    try harness.handle(.timePassed)
    #expect(harness.starts.map(\.cause.kind) == ["clock", "after"])
  }

  @Test("claims again within a second what the store had refused")
  func refused() throws {
    let harness = try PlannerHarness("2026-01-01T09:59:59.960")
    let plan = try harness.plan([Self.hourly])
    var planner = Planner(node: "n", nextRunID: RunID(1), startID: "first")
    _ = planner.handle(.jobLive(plan, accounts: [], lastEnded: nil, initial: true), at: harness.now)
    _ = planner.handle(.timePassed, at: harness.now)
    _ = planner.handle(.claimFailed([RunID(1)], reason: "the disk is full"), at: harness.now)
    let back = harness.now - .days(400)
    _ = planner.handle(.clockStepped(from: harness.now, to: back), at: back)
    let wake = try #require(planner.nextWake)
    #expect(wake <= back + .seconds(1))
  }

  @Test("lets a row go on at the next start that waits under a clock that had been wrong by years")
  func wrongByYears() throws {
    var harness = try PlannerHarness("2036-01-01T09:30")
    harness.ending = { run in (.zero, run.attempt == 1 ? .failed("no") : .succeeded(resultJSON: nil)) }
    let plan = try harness.plan([Self.hourly]) {
      $0.retry = RetryPolicy(count: 1, interval: .minutes(20))
    }
    try harness.goLive(plan)
    try harness.run(until: "2036-01-01T10:05")
    try harness.restart(at: "2026-01-01T10:05", plan, evidence: .mainCalled(attempt: 1, at: nil))
    try harness.run(until: "2026-01-01T10:06")
    #expect(try harness.ledger() == ["10:00:00 #2 succeeded"])
  }
}
