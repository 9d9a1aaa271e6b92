import RunLifecycle
import Scheduling
import Testing

@Suite("The planner, with pools and conditions") struct PlannerPoolTests {
  static let noon = PlannerHarness.daily(12)

  /// Three jobs that are due at noon and share a pool with one place, each running for a minute.
  private func world(priorities: [Int]) throws -> PlannerHarness {
    var harness = try PlannerHarness("2026-01-01T11:55", pools: ["database": 1])
    harness.ending = { _ in (.minutes(1), .succeeded(resultJSON: nil)) }
    for (index, priority) in priorities.enumerated() {
      try harness.goLive(
        harness.plan([Self.noon], named: ["a", "b", "c"][index]) {
          $0.pool = "database"
          $0.priority = priority
        })
    }
    return harness
  }

  @Test("starts no more runs than a pool has places, by priority, then by age")
  func pool() throws {
    var harness = try world(priorities: [5, 5, 1])
    try harness.run(until: "2026-01-01T12:00:30")
    #expect(harness.planner.runningCount == 1)
    try harness.run(until: "2026-01-01T12:10")
    #expect(harness.starts.map { Int($0.job.rawValue) }.first == 4)
    #expect(harness.startTimes == ["12:00:00", "12:01:00", "12:02:00"])
    #expect(try harness.ledger().allSatisfy { $0.hasSuffix("succeeded") })
  }

  @Test("gives a free place to the first in line, not to the next run of the job that had it")
  func fairness() throws {
    var harness = try PlannerHarness("2026-01-01T11:55", pools: ["database": 1])
    harness.ending = { _ in (.seconds(90), .succeeded(resultJSON: nil)) }
    let each = Trigger(.every(.minutes(1)), startAt: Instant(microseconds: 0))
    let busy = try harness.plan([each], named: "busy") {
      ($0.pool, $0.overlap) = ("database", .queue(limit: nil))
    }
    let urgent = try harness.plan([Self.noon], named: "urgent") { ($0.pool, $0.priority) = ("database", 0) }
    let equal = try harness.plan([Self.noon], named: "equal") { $0.pool = "database" }
    for plan in [busy, urgent, equal] { try harness.goLive(plan) }
    try harness.run(until: "2026-01-01T12:20")
    let order = harness.starts.map(\.job)
    let place = try #require(order.firstIndex(of: urgent.key))
    #expect(harness.starts[place].startedAt == (try Instant(parsing: "2026-01-01T12:01", in: .utc)))
    #expect(order.filter { $0 == equal.key }.count == 1, "among equals, the older one is first")
    #expect(Set(harness.starts.map(\.startedAt)).count == harness.starts.count, "one at a time")
  }

  @Test("says which pool a run waits for, and gives its place back when it is cancelled")
  func waiting() throws {
    var harness = try world(priorities: [5, 5, 5])
    try harness.run(until: "2026-01-01T12:00:30")
    let waiting = harness.planner.waiting
    #expect(
      waiting.map(\.reason) == [
        "pool database: all 1 places were taken", "pool database: all 1 places were taken",
      ])
    #expect(waiting.map(\.gate) == [.pool, .pool])
    try harness.handle(.cancel(waiting[0].id, by: "root"))
    try harness.run(until: "2026-01-01T12:10")
    #expect(harness.startTimes == ["12:00:00", "12:01:00"])
  }

  @Test("gives the place back between attempts")
  func retries() throws {
    var harness = try PlannerHarness("2026-01-01T11:55", pools: ["database": 1])
    let key = harness.key
    harness.ending = { run in
      run.attempt == 1 && run.job == key
        ? (.seconds(10), .failed("no")) : (.seconds(10), .succeeded(resultJSON: nil))
    }
    for name in ["job", "other"] {
      try harness.goLive(
        harness.plan([Self.noon], named: name) {
          $0.pool = "database"
          $0.retry = RetryPolicy(count: 1, interval: .minutes(5))
        })
    }
    try harness.run(until: "2026-01-01T12:20")
    #expect(harness.starts.map(\.attempt) == [1, 1, 2])
    #expect(try harness.ledger() == ["job 12:00:00 #2 succeeded", "other 12:00:00 succeeded"])
  }

  @Test("skips a firing that finds another one of its job in line")
  func overlap() throws {
    var harness = try PlannerHarness("2026-01-01T11:59:30", pools: ["database": 1])
    harness.ending = { _ in (.minutes(10), .succeeded(resultJSON: nil)) }
    try harness.goLive(harness.plan([Self.noon], named: "long") { $0.pool = "database" })
    let minutes = Trigger(.every(.minutes(1)), startAt: Instant(microseconds: 30_000_000))
    try harness.goLive(harness.plan([minutes], named: "short") { $0.pool = "database" })
    try harness.run(until: "2026-01-01T12:02:10")
    #expect(
      try harness.ledger(reasons: true).filter { $0.hasPrefix("short 12") } == [
        "short 12:00:30 skipped: overlap: run 1 was still running",
        "short 12:01:30 skipped: overlap: run 1 was still running",
      ])
  }

  @Test("asks for what a run requires, and goes on asking as long as it may wait")
  func requires() throws {
    var harness = try PlannerHarness("2026-01-01T11:55")
    var asked = 0
    let counter = Counter()
    harness.unmet = { _, _ in
      counter.count += 1
      return counter.count < 4 ? "there is no network" : nil
    }
    var requires = Requirements()
    requires.network = true
    requires.wait = .minutes(10)
    try harness.goLive(harness.plan([Self.noon]) { $0.requires = requires })
    try harness.run(until: "2026-01-01T12:00:05")
    #expect(
      harness.planner.waiting.first?.reason?.hasPrefix("requires: there is no network; asked again") == true)
    try harness.run(until: "2026-01-01T12:20")
    asked = counter.count
    #expect(asked == 4)
    #expect(harness.startTimes == ["12:00:30"])
    #expect(try harness.ledger() == ["12:00:00 succeeded"])
  }

  @Test("skips a run whose requirements do not hold, with the reason")
  func requirementsUnmet() throws {
    var harness = try PlannerHarness("2026-01-01T11:55")
    harness.unmet = { _, _ in "there is no network" }
    var requires = Requirements()
    requires.network = true
    try harness.goLive(harness.plan([Self.noon]) { $0.requires = requires })
    try harness.run(until: "2026-01-01T12:20")
    requires.wait = .minutes(2)
    try harness.goLive(harness.plan([Self.noon], version: "v2") { $0.requires = requires }, initial: false)
    try harness.run(until: "2026-01-02T12:20")
    #expect(
      try harness.ledger(reasons: true) == [
        "12:00:00 skipped: requires: there is no network",
        "12:00:00 skipped: requires: there is no network (asked for 2m)",
      ])
    #expect(harness.starts.isEmpty)
  }

  @Test(
    "asks a job's when just before the start, and not for manual runs",
    arguments: [
      (WhenAnswer.yes, "12:00:00 succeeded"),
      (WhenAnswer.no("not the first Monday"), "12:00:00 skipped: when: not the first Monday"),
      (WhenAnswer.failed("a.lua:3: boom"), "12:00:00 failed: when failed"),
    ])
  func when(answer: WhenAnswer, expected: String) throws {
    var harness = try PlannerHarness("2026-01-01T11:55")
    harness.when = { _ in answer }
    try harness.goLive(harness.plan([Self.noon]) { $0.hasWhen = true })
    try harness.run(until: "2026-01-01T12:20")
    try harness.handle(.manual(request: "r", job: harness.key, params: nil, testing: false))
    try harness.run(until: "2026-01-01T12:30")
    #expect(try harness.ledger(reasons: true) == [expected, "12:20:00 succeeded"])
  }

  @Test("takes no answer of its when for one about what the job requires since")
  func answerToAnotherQuestion() throws {
    let harness = try PlannerHarness("2026-01-01T11:59:59.990")
    var planner = Planner(node: "n", nextRunID: RunID(1), startID: "first")
    let noon = try Instant(parsing: "2026-01-01T12:00", in: .utc)
    let old = try harness.plan([Self.noon]) { $0.hasWhen = true }
    var requires = Requirements()
    requires.network = true
    let new = try harness.plan([Self.noon], version: "v2") { $0.requires = requires }
    _ = planner.handle(.jobLive(old, accounts: [], lastEnded: nil, initial: true), at: harness.now)
    _ = planner.handle(.timePassed, at: harness.now)
    _ = planner.handle(.claimed([RunID(1)]), at: noon)
    _ = planner.handle(.jobLive(new, accounts: [], lastEnded: nil, initial: false), at: noon)
    let early = planner.handle(.whenAnswered(RunID(1), .yes), at: noon)
    #expect(!early.contains { if case .start = $0 { true } else { false } })
    let answered = planner.handle(.conditionsChecked(RunID(1), unmet: nil), at: noon)
    #expect(answered.contains { if case .start = $0 { true } else { false } })
  }

  private final class Counter { var count = 0 }
}
