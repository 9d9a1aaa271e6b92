import RunLifecycle
import Scheduling
import Testing

@Suite("The planner, with a backlog that is made up one by one") struct PlannerBacklogTests {
  static let hourly = Trigger(.every(.hours(1)), startAt: Instant(microseconds: 0))

  @Test("runs each missed instant, oldest first, one at a time; regular firings join the end")
  func all() throws {
    var harness = try PlannerHarness("2026-01-01T09:30")
    harness.ending = { _ in (.minutes(20), .succeeded(resultJSON: nil)) }
    let plan = try harness.plan([Self.hourly]) { $0.catchUp = .all }
    try harness.goLive(plan)
    try harness.restart(at: "2026-01-01T13:30", plan)
    try harness.run(until: "2026-01-01T16:10")
    #expect(
      try harness.ledger() == [
        "10:00:00 succeeded", "11:00:00 succeeded", "12:00:00 succeeded", "13:00:00 succeeded",
        "14:00:00 succeeded", "15:00:00 succeeded", "16:00:00 running",
      ])
    let starts = harness.starts.compactMap(\.startedAt).map { String($0.description.dropFirst(11).prefix(5)) }
    #expect(starts == ["13:30", "13:50", "14:10", "14:30", "14:50", "15:10", "16:00"])
  }

  @Test("forgets what is older than catch_up_within, in one row", arguments: [CatchUp.all, .newest])
  func within(catchUp: CatchUp) throws {
    var harness = try PlannerHarness("2026-01-01T09:30")
    let plan = try harness.plan([Self.hourly]) {
      $0.catchUp = catchUp
      $0.catchUpWithin = .hours(3)
    }
    try harness.goLive(plan)
    try harness.restart(at: "2026-01-02T13:30", plan)
    try harness.run(until: "2026-01-02T13:50")
    let made =
      catchUp == .all ? ["11:00:00 succeeded", "12:00:00 succeeded"] : ["11:00:00...12:00:00 x2 missed"]
    #expect(try harness.ledger() == ["10:00:00...10:00:00 x25 missed"] + made + ["13:00:00 succeeded"])
  }

  @Test("costs the same after a year of missed minutes")
  func year() throws {
    var harness = try PlannerHarness("2026-01-01T09:30")
    let minutely = Trigger(.every(.minutes(1)), startAt: Instant(microseconds: 0))
    let plan = try harness.plan([minutely]) {
      $0.catchUp = .all
      $0.catchUpWithin = .minutes(3)
    }
    try harness.goLive(plan)
    try harness.restart(at: "2027-01-01T09:30:30", plan)
    try harness.run(until: "2027-01-01T09:31:30")
    let rows = try harness.ledger()
    #expect(rows.first == "09:30:00...09:27:00 x525598 missed")
    #expect(rows.count == 5)
  }

  @Test("survives a crash in the middle of the backlog")
  func crash() throws {
    var harness = try PlannerHarness("2026-01-01T09:30")
    harness.ending = { _ in (.minutes(20), .succeeded(resultJSON: nil)) }
    let plan = try harness.plan([Self.hourly]) { $0.catchUp = .all }
    try harness.goLive(plan)
    try harness.restart(at: "2026-01-01T13:30", plan)
    try harness.run(until: "2026-01-01T14:00")
    try harness.restart(at: "2026-01-01T14:05", plan, evidence: .mainCalled(attempt: 1, at: nil))
    try harness.run(until: "2026-01-01T15:30")
    #expect(
      try harness.ledger() == [
        "10:00:00 succeeded", "11:00:00 interrupted", "12:00:00 succeeded", "13:00:00 succeeded",
        "14:00:00 succeeded", "15:00:00 succeeded",
      ])
  }
}
