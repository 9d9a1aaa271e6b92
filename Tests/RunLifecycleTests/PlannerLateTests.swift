import Glibc
import RunLifecycle
import Scheduling
import Testing

@Suite("The planner, when it comes late") struct PlannerLateTests {
  static let hourly = Trigger(.every(.hours(1)), startAt: Instant(microseconds: 0))

  @Test("starts within late_within as if on time, and has one row for what was missed")
  func lateWithin() throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    let plan = try harness.plan([Self.hourly])
    try harness.goLive(plan)
    try harness.restart(at: "2026-01-01T06:00:50", plan)
    try harness.run(until: "2026-01-01T06:30")
    #expect(try harness.ledger() == ["01:00:00...05:00:00 x5 missed", "06:00:00 succeeded"])
    try harness.restart(at: "2026-01-01T08:10", plan)
    try harness.run(until: "2026-01-01T08:30")
    #expect(try harness.ledger().suffix(1) == ["07:00:00...08:00:00 x2 missed"])
  }

  /// What this thread has taken so far: other tests run beside it.
  private static func processorTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  @Test("makes a year of missed minutes one row, at once")
  func year() throws {
    var harness = try PlannerHarness("2025-01-01T00:00:30")
    let cron = Trigger(.cron(try CronExpression(parsing: "* * * * *")))
    let plan = try harness.plan([cron]) { $0.catchUp = .newest }
    try harness.goLive(plan)
    let begin = Self.processorTime()
    try harness.restart(at: "2026-01-01T00:00:30", plan)
    let spent = Self.processorTime() - begin
    try harness.run(until: "2026-01-01T00:00:50")
    // The newest is due within late_within: nothing has to be made up.
    #expect(try harness.ledger() == ["00:01:00...23:59:00 x525599 missed", "00:00:00 succeeded"])
    #expect(spent < .milliseconds(500))
  }

  @Test("makes up the newest missed instant with start_when_available")
  func makeUp() throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    let plan = try harness.plan([Self.hourly]) { $0.catchUp = .newest }
    try harness.goLive(plan)
    try harness.restart(at: "2026-01-01T04:10", plan)
    try harness.run(until: "2026-01-01T04:30")
    #expect(try harness.ledger() == ["01:00:00...03:00:00 x3 missed", "04:00:00 succeeded"])
    #expect(harness.startTimes == ["04:10:00"])
  }

  @Test("lets what is made up wait for the window, until the next regular start supersedes it")
  func superseded() throws {
    var harness = try PlannerHarness("2026-01-01T01:00")
    let daily = Trigger(.cron(try CronExpression(parsing: "30 2 * * *")))
    let plan = try harness.plan([daily], window: ("02:00", "04:00")) { $0.catchUp = .newest }
    try harness.goLive(plan)
    try harness.restart(at: "2026-01-01T12:00", plan)
    try harness.run(until: "2026-01-02T02:10")
    #expect(try harness.ledger() == ["02:30:00 succeeded"])
    #expect(harness.startTimes == ["02:00:00"])
    // The window opens just when the regular one is due.
    let narrow = try harness.plan([daily], window: ("02:30", "04:00"), version: "v2") {
      $0.catchUp = .newest
    }
    try harness.goLive(narrow, initial: false)
    try harness.restart(at: "2026-01-02T12:00", narrow)
    try harness.run(until: "2026-01-03T03:00")
    #expect(
      try harness.ledger(reasons: true).suffix(2) == [
        "02:30:00 missed: superseded by run 3", "02:30:00 succeeded",
      ])
  }

  @Test("tells skipped from missed in a downtime with windows")
  func windows() throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    var hourly = Self.hourly
    hourly.outsideWindow = .skip
    let plan = try harness.plan([hourly], window: ("02:00", "04:00")) { $0.catchUp = .newest }
    try harness.goLive(plan)
    try harness.restart(at: "2026-01-01T06:30", plan)
    try harness.run(until: "2026-01-01T06:40")
    #expect(
      try harness.ledger() == [
        "01:00:00 skipped", "02:00:00 missed", "03:00:00 waiting", "04:00:00...06:00:00 x3 skipped",
      ])
  }

  @Test("covers instants of several triggers once each, however they interleave")
  func severalTriggers() throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    let quarter = Trigger(.every(.minutes(15)), name: "quarter", startAt: Instant(microseconds: 0))
    let plan = try harness.plan([Self.hourly, quarter])
    try harness.goLive(plan)
    try harness.restart(at: "2026-01-01T03:05", plan)
    try harness.run(until: "2026-01-01T03:10")
    #expect(try harness.ledger() == ["00:30:00...03:00:00 x11 missed"])
  }

  @Test("holds one firing of a deferring calendar trigger until the window opens")
  func deferring() throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    var cron = Trigger(.cron(try CronExpression(parsing: "0 0,1,3 * * *")))
    cron.outsideWindow = .defer
    let plan = try harness.plan([cron], window: ("02:00", "04:00"))
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T02:30")
    #expect(try harness.ledger() == ["01:00:00 succeeded"])
    #expect(harness.startTimes == ["02:00:00"])
    // In the middle of the window: 03:00 was missed, 00:00 was held, 01:00 merged, 03:00 missed.
    try harness.restart(at: "2026-01-02T03:30", plan)
    try harness.run(until: "2026-01-02T03:40")
    #expect(
      try harness.ledger().suffix(4) == [
        "03:00:00 missed", "00:00:00 succeeded", "01:00:00 skipped", "03:00:00 missed",
      ])
  }

  @Test("has the due instants of a deferring every in the window only")
  func everyInWindow() throws {
    var harness = try PlannerHarness("2026-01-01T12:00")
    let plan = try harness.plan([Trigger(.every(.hours(24)))], window: ("02:00", "04:00"))
    try harness.goLive(plan)
    try harness.run(until: "2026-01-04T12:00")
    #expect(try harness.ledger() == Array(repeating: "02:00:00 succeeded", count: 3))
  }

  @Test("takes a step of the clock forward like a downtime, and repeats nothing after one back")
  func clockSteps() throws {
    var harness = try PlannerHarness("2026-01-01T00:30")
    try harness.goLive(try harness.plan([Trigger(.cron(try CronExpression(parsing: "0 * * * *")))]))
    try harness.run(until: "2026-01-01T01:30")
    let from = harness.now
    harness.now = try Instant(parsing: "2026-01-01T04:30", in: .utc)
    try harness.handle(.clockStepped(from: from, to: harness.now))
    try harness.handle(.timePassed)
    #expect(try harness.ledger() == ["01:00:00 succeeded", "02:00:00...04:00:00 x3 missed"])
    let ahead = harness.now
    harness.now = try Instant(parsing: "2026-01-01T02:30", in: .utc)
    try harness.handle(.clockStepped(from: ahead, to: harness.now))
    try harness.run(until: "2026-01-01T05:30")
    #expect(try harness.ledger().dropFirst(2) == ["05:00:00 succeeded"])
    #expect(harness.notes.count == 2)
  }

  @Test("lets a fixed rate keep its remaining time when the clock goes back")
  func fixedRateBack() throws {
    var harness = try PlannerHarness("2026-01-01T10:00")
    try harness.goLive(try harness.plan([Trigger(.every(.hours(1)))]))
    try harness.run(until: "2026-01-01T10:20")
    let from = harness.now
    harness.now = try Instant(parsing: "2026-01-01T09:30", in: .utc)
    try harness.handle(.clockStepped(from: from, to: harness.now))
    try harness.run(until: "2026-01-01T10:30")
    // 40 minutes were left.
    #expect(try harness.ledger() == ["10:00:00 succeeded", "10:10:00 succeeded"])
  }

  @Test("says that what was due under a schedule that changed while nobody was there is in no row")
  func changedWhileAway() throws {
    var harness = try PlannerHarness("2026-01-01T09:30")
    try harness.goLive(harness.plan([Self.hourly]))
    try harness.run(until: "2026-01-01T10:30")
    try harness.restart(at: "2026-01-01T15:30", harness.plan([PlannerHarness.daily(12)], version: "v2"))
    #expect(
      harness.notes == [
        "\(Self.hourly.accountKey) was changed while no daemon was there:"
          + " what was due by it after 2026-01-01T10:00:00.000Z is in no row"
      ])
    #expect(try harness.ledger() == ["10:00:00 succeeded"])
  }

  @Test("gives the other instants of a row theirs when its first is read a second time")
  func rowTaken() throws {
    var harness = try PlannerHarness("2026-01-01T10:00:30")
    let minutely = Trigger(.every(.minutes(1)), startAt: Instant(microseconds: 0))
    try harness.goLive(harness.plan([minutely]))
    try harness.run(until: "2026-01-01T10:01:30")
    let from = harness.now
    harness.now = try Instant(parsing: "2026-01-01T10:00:10", in: .utc)
    try harness.handle(.clockStepped(from: from, to: harness.now))
    let often = Trigger(.every(.seconds(30)), startAt: Instant(microseconds: 0))
    try harness.goLive(harness.plan([often], version: "v2") { $0.lateWithin = .seconds(2) }, initial: false)
    // Held up until then; the first that is late is 10:01, which ran before the clock was set.
    try harness.run(until: "2026-01-01T10:00:45")
    harness.now = try Instant(parsing: "2026-01-01T10:03:10", in: .utc)
    try harness.handle(.timePassed)
    #expect(
      try harness.ledger() == [
        "10:01:00 succeeded", "10:00:30 succeeded", "10:01:30...10:03:00 x4 missed",
      ])
    let accounts = try harness.store.accounts(of: [harness.key])[harness.key] ?? []
    let through = try Instant(parsing: "2026-01-01T10:03:00", in: .utc)
    #expect(accounts.map(\.account.accountedThrough).contains(through))
  }

  @Test("counts from now again when the clock had been wrong by years")
  func farBack() throws {
    var harness = try PlannerHarness("2036-01-01T10:30")
    let plan = try harness.plan([Self.hourly])
    try harness.goLive(plan)
    try harness.run(until: "2036-01-01T11:30")
    try harness.restart(at: "2026-01-01T10:30", plan)
    try harness.run(until: "2026-01-01T11:30")
    #expect(try harness.ledger().count == 2)
    #expect(harness.notes.contains { $0.contains("in the future") })
  }
}
