import RunLifecycle
import RunStore
import Scheduling
import Testing

@Suite("Rows that wait, and what they wait for changes") struct PlannerWaitingTests {
  /// Due at noon, and held until the window opens.
  private static let noon: Trigger = {
    var trigger = PlannerHarness.daily(12)
    trigger.outsideWindow = .defer
    return trigger
  }()

  private func row(_ harness: PlannerHarness) throws -> Run {
    try #require(try harness.store.runs(RunQuery(limit: 1)).first)
  }

  @Test("say that they wait for an opening, from the claim on") func reason() throws {
    var harness = try PlannerHarness("2026-01-01T11:00")
    try harness.goLive(harness.plan([Self.noon], window: ("20:00", "21:00")))
    try harness.run(until: "2026-01-01T13:00")
    let held = try row(harness)
    #expect(held.state == .waiting && held.gate == .window && held.reason == "window 20:00-21:00 is closed")
    try harness.run(until: "2026-01-01T20:30")
    let started = try row(harness)
    #expect(started.outcome == .succeeded && started.gate == nil && started.reason == nil)
  }

  @Test("so does an attempt that meets a closed window, and the row knows until when") func retry() throws {
    var harness = try PlannerHarness("2026-01-01T11:00")
    harness.ending = { run in
      (.minutes(1), run.attempt == 1 ? .failed("no") : .succeeded(resultJSON: nil))
    }
    let plan = try harness.plan([PlannerHarness.daily(12)], window: ("11:00", "12:30")) {
      $0.retry = RetryPolicy(count: 1, interval: .hours(1))
    }
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T14:00")
    let waiting = try row(harness)
    #expect(waiting.gate == .window && waiting.reason == "window 11:00-12:30 is closed")
    #expect(waiting.attemptOutcome == .failed && waiting.error == "no")
    #expect(waiting.notBefore == (try Instant(parsing: "2026-01-02T11:00", in: .utc)))
    try harness.restart(at: "2026-01-01T15:00", plan)
    try harness.run(until: "2026-01-02T11:30")
    #expect(try harness.ledger() == ["12:00:00 #2 succeeded"])
    #expect(harness.startTimes.count == 2)
  }

  @Test("start at once when the window is another one, or is no more") func reload() throws {
    var harness = try PlannerHarness("2026-01-01T11:00")
    try harness.goLive(harness.plan([Self.noon], window: ("20:00", "21:00")))
    try harness.run(until: "2026-01-01T13:00")
    try harness.goLive(harness.plan([Self.noon], window: ("15:00", "16:00"), version: "v2"), initial: false)
    let later = try row(harness)
    #expect(later.state == .waiting && later.reason == "window 15:00-16:00 is closed")
    #expect(later.notBefore == (try Instant(parsing: "2026-01-01T15:00", in: .utc)))
    try harness.run(until: "2026-01-01T14:00")
    try harness.goLive(harness.plan([Self.noon], version: "v3"), initial: false)
    #expect(try row(harness).state == .running)
    try harness.run(until: "2026-01-01T14:01")
    #expect(harness.startTimes == ["14:00:00"])
    #expect(try harness.ledger() == ["12:00:00 succeeded"])
  }

  @Test("what is made up says so while it waits") func madeUp() throws {
    var harness = try PlannerHarness("2026-01-01T11:00")
    let plan = try harness.plan([PlannerHarness.daily(12)], window: ("11:00", "12:30")) {
      $0.catchUp = .newest
    }
    try harness.goLive(plan)
    try harness.restart(at: "2026-01-01T12:10", plan)
    #expect(try row(harness).state == .running, "the window is still open")
    var late = try PlannerHarness("2026-01-01T11:00")
    try late.goLive(plan)
    try late.restart(at: "2026-01-01T13:00", plan)
    #expect(try late.ledger(reasons: true) == ["12:00:00 waiting: window 11:00-12:30 is closed"])
    try late.run(until: "2026-01-02T11:30")
    #expect(try late.ledger() == ["12:00:00 succeeded"])
  }

  @Test("end at once, with what their last attempt came to, when the job is disabled or removed") func goes()
    throws
  {
    for isRemoved in [true, false] {
      var harness = try PlannerHarness("2026-01-01T11:00")
      harness.ending = { _ in (.minutes(1), .failed("no")) }
      let retry = RetryPolicy(count: 3, interval: .hours(1))
      try harness.goLive(harness.plan([PlannerHarness.daily(12)]) { $0.retry = retry })
      try harness.run(until: "2026-01-01T12:10")
      #expect(try row(harness).state == .waiting)
      let disabled = try harness.plan([PlannerHarness.daily(12)], version: "v2") {
        ($0.retry, $0.enabled) = (retry, false)
      }
      try harness.handle(
        isRemoved
          ? .jobRemoved(harness.key)
          : .jobLive(disabled, accounts: [], lastEnded: nil, initial: false))
      let ended = try row(harness)
      #expect(ended.state == .ended && ended.outcome == .failed && ended.attempt == 1)
      #expect(ended.reason == (isRemoved ? "the job was removed" : "the job is disabled"))
      #expect(ended.error == "no")
    }
  }

  @Test("go on where somebody started them, though the job is disabled") func byHand() throws {
    var harness = try PlannerHarness("2026-01-01T11:00")
    harness.ending = { run in (.minutes(1), run.attempt == 1 ? .failed("no") : .succeeded(resultJSON: nil)) }
    let retry = RetryPolicy(count: 3, interval: .hours(1))
    try harness.goLive(harness.plan([PlannerHarness.daily(12)]) { $0.retry = retry })
    try harness.handle(.manual(request: "eva/1", job: harness.key, params: nil, testing: false))
    try harness.run(until: "2026-01-01T11:30")
    try harness.goLive(
      harness.plan([PlannerHarness.daily(12)], version: "v2") { ($0.retry, $0.enabled) = (retry, false) },
      initial: false)
    #expect(try row(harness).state == .waiting)
    try harness.run(until: "2026-01-01T13:00")
    #expect(try harness.ledger() == ["11:00:00 #2 succeeded"])
    #expect(harness.starts.map(\.notBefore).last == (try Instant(parsing: "2026-01-01T12:01", in: .utc)))
  }

  @Test("ask again when their job's windows have changed while no daemon was there")
  func windowChangedWhileAway() throws {
    var harness = try PlannerHarness("2026-01-01T11:00")
    try harness.goLive(harness.plan([Self.noon], window: ("20:00", "21:00")))
    try harness.run(until: "2026-01-01T13:00")
    try harness.restart(
      at: "2026-01-01T14:00", harness.plan([Self.noon], window: ("10:00", "15:00"), version: "v2"))
    try harness.run(until: "2026-01-01T14:01")
    #expect(try harness.ledger() == ["12:00:00 succeeded"])
  }

  @Test("end when their trigger has gone while no daemon was there") func triggerGoneWhileAway() throws {
    var harness = try PlannerHarness("2026-01-01T11:00")
    try harness.goLive(harness.plan([Self.noon], window: ("20:00", "21:00")))
    try harness.run(until: "2026-01-01T13:00")
    try harness.restart(at: "2026-01-01T14:00", harness.plan([PlannerHarness.daily(9)], version: "v2"))
    #expect(try harness.ledger(reasons: true) == ["12:00:00 skipped: its trigger was removed"])
  }
}
