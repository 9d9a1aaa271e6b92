import RunLifecycle
import Scheduling
import Testing

@Suite("The planner, when a job is due while it runs") struct PlannerOverlapTests {
  /// Due every ten minutes from 10:00 on; runs take 25.
  static let tenMinutes = Trigger(.every(.minutes(10)), startAt: Instant(microseconds: 0))

  static func harness(_ overlap: Overlap?) throws -> PlannerHarness {
    var harness = try PlannerHarness("2026-01-01T09:55")
    harness.ending = { _ in (.minutes(25), .succeeded(resultJSON: nil)) }
    try harness.goLive(harness.plan([tenMinutes]) { $0.overlap = overlap })
    return harness
  }

  @Test("queues one firing, and skips those that find the queue full")
  func queue() throws {
    var harness = try Self.harness(.queue(limit: 1))
    try harness.run(until: "2026-01-01T10:45")
    #expect(harness.startTimes == ["10:00:00", "10:25:00"])
    let ledger = try harness.ledger(reasons: true)
    #expect(
      ledger == [
        "10:00:00 succeeded", "10:10:00 running",
        "10:20:00 skipped: overlap: run 1 was still running, and 1 in the queue",
        "10:30:00 waiting: overlap: waits its turn; run 2 was still running",
        "10:40:00 skipped: overlap: run 2 was still running, and 1 in the queue",
      ])
  }

  @Test("keeps a queue over a restart, however late it is")
  func queueRestarts() throws {
    var harness = try Self.harness(.queue(limit: nil))
    try harness.run(until: "2026-01-01T10:15")
    let plan = try harness.plan([Self.tenMinutes]) { $0.overlap = .queue(limit: nil) }
    try harness.restart(at: "2026-01-01T10:19", plan, evidence: .mainNotCalled)
    try harness.run(until: "2026-01-01T11:30")
    #expect(
      try harness.ledger().prefix(3) == ["10:00:00 missed", "10:10:00 succeeded", "10:20:00 succeeded"])
  }

  @Test("runs side by side, as many as the limit says")
  func parallel() throws {
    var harness = try Self.harness(.parallel(limit: 2))
    try harness.run(until: "2026-01-01T10:29")
    #expect(harness.startTimes == ["10:00:00", "10:10:00"])
    #expect(
      try harness.ledger(reasons: true).last
        == "10:20:00 skipped: overlap: 2 runs were still running, which max_parallel allows")
  }

  @Test("stops what runs for the newer firing, which starts when that has ended")
  func replace() throws {
    var harness = try Self.harness(.replace)
    try harness.run(until: "2026-01-01T10:12")
    #expect(harness.stops.map(\.cause) == [.replaced(by: RunID(2))])
    #expect(harness.startTimes == ["10:00:00", "10:10:01"])
    #expect(try harness.ledger() == ["10:00:00 cancelled", "10:10:00 running"])
  }

  @Test("has only the newest firing wait for the run that it replaces")
  func replaceTwice() throws {
    var harness = try PlannerHarness("2026-01-01T09:59:50")
    let second = Trigger(.every(.milliseconds(400)), startAt: Instant(microseconds: 0))
    harness.ending = { _ in (.minutes(1), .succeeded(resultJSON: nil)) }
    try harness.goLive(harness.plan([second]) { $0.overlap = .replace })
    try harness.run(until: "2026-01-01T09:59:51.300")
    // The first is being stopped, which takes a second; others come meanwhile.
    #expect(
      try harness.ledger() == [
        "09:59:50 running", "09:59:50 skipped", "09:59:50 skipped", "09:59:51 waiting",
      ])
  }

  @Test("lets manual runs wait their turn, and start beside others")
  func manual() throws {
    var queued = try Self.harness(.queue(limit: 5))
    try queued.run(until: "2026-01-01T10:01")
    try queued.handle(.manual(request: "r", job: queued.key, params: nil, testing: false))
    try queued.run(until: "2026-01-01T10:26")
    #expect(try queued.ledger().prefix(2) == ["10:00:00 succeeded", "10:01:00 running"])
    var beside = try Self.harness(.parallel(limit: nil))
    try beside.run(until: "2026-01-01T10:01")
    try beside.handle(.manual(request: "r", job: beside.key, params: nil, testing: false))
    #expect(beside.planner.runningCount == 2)
  }

  @Test("queues a firing behind those that wait already")
  func order() throws {
    var harness = try Self.harness(.queue(limit: 3))
    harness.ending = { run in (run.id == RunID(1) ? .minutes(30) : .minutes(1), .succeeded(resultJSON: nil)) }
    try harness.run(until: "2026-01-01T10:40")
    #expect(harness.startTimes == ["10:00:00", "10:30:00", "10:31:00", "10:32:00", "10:40:00"])
    #expect(harness.starts.map(\.id) == [1, 2, 3, 4, 5].map { RunID($0) })
  }
}
