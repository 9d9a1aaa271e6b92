import RunLifecycle
import RunStore
import Scheduling
import Testing

@Suite("The planner, with triggers that follow no clock") struct PlannerEventTests {
  static let noon = PlannerHarness.daily(12)

  static func after(_ conditions: AfterCondition...) -> Trigger { Trigger(.after(conditions)) }

  @Test("runs a job after another one's run has ended as it wants")
  func after() throws {
    var harness = try PlannerHarness("2026-01-01T11:55")
    let key = harness.key
    harness.ending = { run in
      (.seconds(5), run.job == key ? .failed("no") : .succeeded(resultJSON: nil))
    }
    try harness.goLive(harness.plan([Self.noon]))
    try harness.goLive(harness.plan([Self.after(AfterCondition(job: "job"))], named: "success"))
    try harness.goLive(
      harness.plan([Self.after(AfterCondition(job: "job", outcomes: ["failed"]))], named: "failure"))
    try harness.goLive(harness.plan([Self.after(AfterCondition(job: "job", outcomes: []))], named: "either"))
    try harness.run(until: "2026-01-01T12:20")
    let rows = try harness.ledger()
    #expect(rows == ["job 12:00:00 failed", "failure 12:00:05 succeeded", "either 12:00:05 succeeded"])
    #expect(harness.starts.last?.cause == .after(RunID(1)))
  }

  @Test("tells a job that was not live what has ended meanwhile, once")
  func endedMeanwhile() throws {
    var harness = try PlannerHarness("2026-01-01T11:55")
    let first = try harness.plan([Self.noon])
    let next = try harness.plan([Self.after(AfterCondition(job: "job"))], named: "next")
    for plan in [first, next] { try harness.goLive(plan) }
    try harness.run(until: "2026-01-01T12:20")
    try harness.restart(at: "2026-01-02T11:55", first)
    try harness.run(until: "2026-01-02T12:20")
    try harness.goLive(next)
    let ended = try harness.store.runs(RunQuery(job: first.key)).reversed().map {
      EndedRun(job: "job", run: $0)
    }
    #expect(ended.count == 2)
    for _ in 1...2 { try harness.handle(.endedMeanwhile(next.key, Array(ended))) }
    try harness.run(until: "2026-01-02T12:30")
    #expect(
      try harness.ledger() == [
        "job 12:00:00 succeeded", "next 12:00:01 succeeded", "job 12:00:00 succeeded",
        "next 12:00:01 succeeded",
      ])
  }

  @Test("lets nothing follow a dry run")
  func afterDryRun() throws {
    var harness = try PlannerHarness("2026-01-01T11:55")
    try harness.goLive(harness.plan([]))
    try harness.goLive(harness.plan([Self.after(AfterCondition(job: "job"))], named: "next"))
    try harness.handle(
      .manual(
        request: "r1" + Cause.dryRequestSuffix, job: harness.key, params: nil, testing: false))
    try harness.run(until: "2026-01-01T12:20")
    #expect(try harness.ledger() == ["job 11:55:00 succeeded"])
    #expect(harness.starts.map(\.isDry) == [true])
  }

  @Test("tries a dry run again at once, and says when another run would be")
  func dryRetry() throws {
    var harness = try PlannerHarness("2026-01-01T11:55")
    harness.ending = { _ in (.seconds(1), .failed("no")) }
    try harness.goLive(
      harness.plan([]) { $0.retry = RetryPolicy(count: 2, interval: .minutes(5), backoff: 2) })
    try harness.handle(
      .manual(
        request: "r1" + Cause.dryRequestSuffix, job: harness.key, params: nil, testing: false))
    try harness.run(until: "2026-01-01T11:55:10")
    #expect(try harness.ledger() == ["11:55:00 #3 failed"])
    #expect(harness.starts.count == 3)
    #expect(
      harness.notes.filter { $0.contains("dry") } == [
        "dry: would be tried again in 5m, and is at once", "dry: would be tried again in 10m, and is at once",
      ])
  }

  @Test("runs a job once each of a list has ended so, and forgets nothing over a restart")
  func fanIn() throws {
    var harness = try PlannerHarness("2026-01-01T11:55")
    let one = try harness.plan([Self.noon])
    let hourLater = PlannerHarness.daily(13)
    let two = try harness.plan([hourLater], named: "two")
    let both = try harness.plan(
      [Self.after(AfterCondition(job: "job"), AfterCondition(job: "two"))], named: "both")
    for plan in [one, two, both] { try harness.goLive(plan) }
    try harness.run(until: "2026-01-01T12:30")
    try harness.restart(at: "2026-01-01T12:31", one, two, both)
    try harness.run(until: "2026-01-01T13:30")
    try harness.run(until: "2026-01-02T12:30")
    #expect(
      try harness.ledger() == [
        "job 12:00:00 succeeded", "two 13:00:00 succeeded", "both 13:00:01 succeeded",
        "job 12:00:00 succeeded",
      ])
    try harness.run(until: "2026-01-02T13:30")
    #expect(try harness.ledger().last == "both 13:00:01 succeeded")
  }

  @Test("queues what follows, and never lets one run take another's place")
  func payloads() throws {
    var harness = try PlannerHarness("2026-01-01T11:55")
    let key = harness.key
    harness.ending = { run in
      run.job == key
        ? (.seconds(1), .succeeded(resultJSON: nil))
        : (.minutes(3), run.attempt == 1 ? .failed("no") : .succeeded(resultJSON: nil))
    }
    try harness.goLive(
      harness.plan([
        Trigger(
          .every(.minutes(1)), startAt: Instant(microseconds: 0),
          endAt: try Instant(parsing: "2026-01-01T11:58", in: .utc))
      ]))
    try harness.goLive(
      harness.plan([Self.after(AfterCondition(job: "job"))], named: "slow") {
        $0.retry = RetryPolicy(count: 1, interval: .seconds(1))
      })
    try harness.run(until: "2026-01-01T13:00")
    let slow = try harness.ledger().filter { $0.hasPrefix("slow") }
    #expect(slow.count == 3 && slow.allSatisfy { $0.hasSuffix("#2 succeeded") }, "\(slow)")
  }

  @Test("fires once a boot, once for each content of the file, and once a start")
  func life() throws {
    var harness = try PlannerHarness("2026-01-01T12:00")
    let triggers = [Trigger(.event(.boot)), Trigger(.event(.load)), Trigger(.event(.startup))]
    let plan = try harness.plan(triggers) { $0.overlap = .parallel(limit: nil) }
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T12:01")
    #expect(harness.starts.map(\.cause.kind).sorted() == ["boot", "load", "startup"])
    try harness.restart(at: "2026-01-01T12:02", plan)
    try harness.run(until: "2026-01-01T12:03")
    #expect(harness.starts.map(\.cause.kind).dropFirst(3) == ["startup"])
    harness.bootID = "boot2"
    try harness.restart(at: "2026-01-01T12:04", plan)
    try harness.run(until: "2026-01-01T12:05")
    #expect(harness.starts.map(\.cause.kind).dropFirst(4).sorted() == ["boot", "startup"])
    var edited = plan
    edited.version = "v2"
    try harness.goLive(edited, initial: false)
    try harness.goLive(plan, initial: false)
    try harness.run(until: "2026-01-01T12:06")
    #expect(harness.starts.map(\.cause).dropFirst(6) == [.load("v2")])
  }

  @Test("a job that is new while the machine is up was not there for its boot")
  func newJob() throws {
    var harness = try PlannerHarness("2026-01-01T12:00")
    let plan = try harness.plan([Trigger(.event(.boot))])
    try harness.goLive(plan, initial: false)
    try harness.restart(at: "2026-01-01T12:02", plan)
    try harness.run(until: "2026-01-01T12:05")
    #expect(harness.starts.isEmpty)
  }

  @Test("starts what waits for the daemon's end when that drains, and nothing else")
  func shutdown() throws {
    var harness = try PlannerHarness("2026-01-01T12:00:30")
    let plan = try harness.plan([
      Trigger(.event(.shutdown)), Trigger(.every(.minutes(1)), startAt: Instant(microseconds: 0)),
    ])
    try harness.goLive(plan)
    try harness.handle(.drain)
    try harness.run(until: "2026-01-01T12:10")
    #expect(harness.starts.map(\.cause) == [.shutdown("first")])
  }

  @Test("runs for files that have come, with their paths, and remembers what it has seen")
  func watch() throws {
    var harness = try PlannerHarness("2026-01-01T12:00")
    let trigger = Trigger(.watch(WatchRule(pattern: "inbox/*.csv", folder: "/jobs")))
    try harness.goLive(harness.plan([trigger]))
    let watched = { (snapshot: String?, memo: String) in
      PlannerEvent.watched(
        harness.key, triggerKey: "watch = \"inbox/*.csv\"", snapshot: snapshot,
        params: snapshot.map { "{\"paths\":[\"\($0)\"]}" },
        memo: memo)
    }
    try harness.handle(watched(nil, "nothing"))
    #expect(try harness.ledger() == [])
    try harness.handle(watched("a", "a"))
    try harness.handle(watched("b", "a b"))
    try harness.run(until: "2026-01-01T12:01")
    #expect(harness.starts.map(\.cause) == [.watch("a"), .watch("b")])
    #expect(harness.starts.last?.params == "{\"paths\":[\"b\"]}")
    #expect(try harness.store.accounts(of: [harness.key])[harness.key]?.first?.memo == "a b")
  }

  @Test("archives a job that long after its last trigger has ended")
  func archive() throws {
    var harness = try PlannerHarness("2026-01-01T12:00")
    let once = Trigger(.at([try Instant(parsing: "2026-01-01T13:00", in: .utc)]))
    let plan = try harness.plan([
      once, Trigger(.event(.startup), endAt: try Instant(parsing: "2026-01-01T14:00", in: .utc)),
    ]) {
      $0.archiveAfter = .hours(1)
    }
    try harness.goLive(plan)
    try harness.run(until: "2026-01-01T14:30")
    #expect(!harness.planner.isArchived(harness.key, at: harness.now))
    try harness.restart(at: "2026-01-01T15:00", plan)
    try harness.run(until: "2026-01-01T15:30")
    #expect(harness.planner.isArchived(harness.key, at: harness.now))
    #expect(harness.starts.count == 2)
  }

  @Test("stops a run when its window closes, or its repetition ends, without another attempt")
  func stops() throws {
    var harness = try PlannerHarness("2026-01-01T11:55")
    harness.ending = { _ in (.hours(2), .succeeded(resultJSON: nil)) }
    let retry = RetryPolicy(count: 3, interval: .seconds(1))
    try harness.goLive(
      harness.plan([Self.noon], window: ("11:00", "12:30"), onClose: .stop) { $0.retry = retry })
    let repeated = Trigger(
      PlannerHarness.daily(12).rule,
      repetition: Repetition(every: .minutes(10), duration: .minutes(45), stopAtEnd: true))
    try harness.goLive(harness.plan([repeated], named: "repeated") { $0.retry = retry })
    try harness.run(until: "2026-01-01T12:29:59")
    #expect(harness.stops.isEmpty)
    try harness.run(until: "2026-01-01T13:00")
    #expect(harness.stops.map(\.run) == [RunID(1), RunID(2)])
    let rows = try harness.ledger().filter { !$0.hasSuffix("skipped") }
    #expect(rows == ["job 12:00:00 cancelled", "repeated 12:00:00 cancelled"])
  }
}
