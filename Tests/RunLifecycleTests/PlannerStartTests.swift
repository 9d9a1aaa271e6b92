import RunLifecycle
import Scheduling
import Testing

@Suite("The planner, from due instants to starts") struct PlannerStartTests {
  static let hourly = Trigger(.every(.hours(1)), startAt: Instant(microseconds: 0))

  @Test("claims ahead of the due instant, and starts at it")
  func claimsAhead() throws {
    var planner = Planner(node: "n", nextRunID: RunID(1), startID: "s")
    let due = try Instant(parsing: "2026-01-01T10:00", in: .utc)
    let harness = try PlannerHarness("2026-01-01T09:30")
    let plan = try harness.plan([Self.hourly])
    _ = planner.handle(.jobLive(plan, accounts: [], lastEnded: nil, initial: true), at: harness.now)
    let wake = try #require(planner.nextWake)
    #expect(wake > due - .milliseconds(50) && wake < due)
    let claims = planner.handle(.timePassed, at: wake)
    guard case .claim(let run, let moves) = claims.first else {
      Issue.record("no claim: \(claims)")
      return
    }
    #expect(run.cause == .clock(due) && run.dueAt == due && run.state == .waiting && run.attempt == 0)
    #expect(moves.map(\.account.accountedThrough) == [due])
    #expect(planner.handle(.claimed([run.id]), at: wake + .milliseconds(2)).isEmpty)
    #expect(planner.nextWake == due)
    #expect(planner.handle(.timePassed, at: due - Interval(microseconds: 1)).isEmpty)
    guard case .start(let started, let limit, _) = planner.handle(.timePassed, at: due).first else {
      Issue.record("no start")
      return
    }
    #expect(
      started.attempt == 1 && started.startedAt == due && started.state == .running && limit == .hours(24))
  }

  @Test("starts nothing whose claim the store refused, and claims it again")
  func refused() throws {
    var planner = Planner(node: "n", nextRunID: RunID(1), startID: "s")
    let harness = try PlannerHarness("2026-01-01T09:59:59.980")
    let plan = try harness.plan([Self.hourly])
    _ = planner.handle(.jobLive(plan, accounts: [], lastEnded: nil, initial: true), at: harness.now)
    let first = planner.handle(.timePassed, at: harness.now)
    _ = planner.handle(.claimFailed([RunID(1)], reason: "the disk is full"), at: harness.now)
    #expect(planner.handle(.timePassed, at: harness.now + .milliseconds(500)).isEmpty)
    #expect(planner.handle(.timePassed, at: harness.now + .seconds(1)) == first)
    let starts = planner.handle(.claimed([RunID(1)]), at: harness.now + .seconds(2))
    #expect(starts.contains { if case .start = $0 { true } else { false } })
  }

  @Test("makes one run of triggers that are due together, named after the first")
  func together() throws {
    var harness = try PlannerHarness("2026-01-01T09:30")
    let half = Trigger(.every(.minutes(30)), name: "half", startAt: Instant(microseconds: 0))
    var hourly = Self.hourly
    hourly.name = "hourly"
    try harness.goLive(harness.plan([hourly, half]))
    try harness.run(until: "2026-01-01T11:10")
    #expect(
      try harness.ledger() == ["09:30:00", "10:00:00", "10:30:00", "11:00:00"].map { $0 + " succeeded" })
    #expect(harness.starts.map(\.trigger) == ["half", "hourly", "half", "hourly"])
  }

  @Test("starts an every that was never seen at once, and keeps its rhythm over a restart and an edit")
  func every() throws {
    var harness = try PlannerHarness("2026-01-01T09:30")
    let plan = try harness.plan([Trigger(.every(.hours(1)))])
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T10:40")
    try harness.restart(at: "2026-01-01T11:00", plan)
    try harness.run(until: "2026-01-01T11:40")
    try harness.goLive(try harness.plan([Trigger(.every(.minutes(20)))], version: "v2"), initial: false)
    try harness.run(until: "2026-01-01T12:05")
    // 11:50 is 20 minutes after the last due instant.
    #expect(try harness.ledger() == ["09:30", "10:30", "11:30", "11:50"].map { $0 + ":00 succeeded" })
  }

  @Test("skips what is due while the job runs")
  func overlap() throws {
    var harness = try PlannerHarness("2026-01-01T09:30")
    harness.ending = { _ in (.minutes(90), .succeeded(resultJSON: nil)) }
    try harness.goLive(try harness.plan([Self.hourly]))
    try harness.run(until: "2026-01-01T12:30")
    #expect(
      try harness.ledger(reasons: true) == [
        "10:00:00 succeeded", "11:00:00 skipped: overlap: run 1 was still running", "12:00:00 running",
      ])
  }

  @Test("counts a fixed delay from the end of the latest run, retries included")
  func restartAfter() throws {
    var harness = try PlannerHarness("2026-01-01T09:00")
    harness.ending = {
      $0.id == RunID(1) ? (.minutes(1), .failed("no")) : (.minutes(2), .succeeded(resultJSON: nil))
    }
    let plan = try harness.plan([Trigger(.restartAfter(.minutes(10)))]) {
      $0.retry = RetryPolicy(count: 1, interval: .minutes(5))
    }
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T09:25")
    // 09:00 to 09:01, again 09:06 to 09:07, then ten minutes.
    #expect(try harness.ledger() == ["09:00:00 #2 failed", "09:17:00 succeeded"])
    // One that passed while the daemon was down is due at once, and nothing was missed.
    try harness.restart(at: "2026-01-01T12:00", plan)
    #expect(try harness.ledger().last == "09:29:00 running")
  }

  @Test("fires startup triggers at the daemon's start alone, in a closed window only where asked to")
  func startup() throws {
    var harness = try PlannerHarness("2026-01-01T09:00")
    let plan = try harness.plan([Trigger(.event(.startup))], window: ("02:00", "04:00"))
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T09:01")
    #expect(try harness.ledger(reasons: true) == ["09:00:00 skipped: window 02:00-04:00 is closed"])
    let insistent = try harness.plan([], window: ("02:00", "04:00")) { $0.runOnStartup = true }
    try harness.goLive(insistent, initial: false)
    try harness.run(until: "2026-01-01T09:02")
    #expect(harness.starts.isEmpty)
    try harness.restart(at: "2026-01-01T09:03", insistent)
    #expect(harness.starts.map(\.cause) == [.startup("second")])
  }

  @Test("lets a manual start pass window and enabled by, but not overlap")
  func manual() throws {
    var harness = try PlannerHarness("2026-01-01T09:00")
    try harness.goLive(try harness.plan([Self.hourly], window: ("02:00", "04:00")) { $0.enabled = false })
    try harness.handle(.manual(request: "r1", job: harness.key, params: "{}", testing: false))
    try harness.handle(.manual(request: "r2", job: harness.key, params: nil, testing: false))
    try harness.run(until: "2026-01-01T12:00")
    #expect(
      try harness.ledger(reasons: true) == [
        "09:00:00 succeeded", "09:00:00 skipped: overlap: run 1 was still running",
      ])
    #expect(harness.starts.map(\.params) == ["{}"])
  }

  @Test("records a tested run, and does not call main, in test mode")
  func testMode() throws {
    var harness = try PlannerHarness("2026-01-01T09:30")
    try harness.goLive(try harness.plan([Self.hourly]) { $0.testing = true })
    try harness.run(until: "2026-01-01T11:30")
    #expect(try harness.ledger() == ["10:00:00 tested", "11:00:00 tested"])
    #expect(harness.starts.isEmpty)
  }

  @Test("starts after a drain only what was claimed for the next few milliseconds")
  func drain() throws {
    var harness = try PlannerHarness("2026-01-01T09:30")
    try harness.goLive(try harness.plan([Self.hourly]))
    try harness.run(until: "2026-01-01T09:59:59.990")
    try harness.handle(.drain)
    try harness.run(until: "2026-01-01T12:30")
    #expect(try harness.ledger() == ["10:00:00 succeeded"])
    #expect(harness.planner.isIdle)
  }

  @Test("delays a start, and asks the gates at the delayed instant")
  func delay() throws {
    var harness = try PlannerHarness("2026-01-01T01:00")
    var hourly = Self.hourly
    hourly.delay = .minutes(10)
    hourly.outsideWindow = .skip
    try harness.goLive(try harness.plan([hourly], window: ("02:05", "03:05")))
    try harness.run(until: "2026-01-01T03:30")
    #expect(try harness.ledger() == ["01:00:00 skipped", "02:00:00 succeeded", "03:00:00 skipped"])
    #expect(harness.startTimes == ["02:10:00"])
  }
}
