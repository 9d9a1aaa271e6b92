import Foundation
import RunLifecycle
import RunStore
import RunStoreSQLite
import RunStoreTesting
import Scheduling
import Testing

private func row(_ id: Int64, _ job: JobKey, due: Instant, ended: Bool = true) -> Run {
  var run = Run(
    id: RunID(id), job: job, trigger: "every = \"1s\"", cause: .clock(due), dueAt: due, node: "n",
    version: "v")
  guard ended else { return run }
  run.state = .ended
  run.outcome = .succeeded
  run.endedAt = due + .milliseconds(200)
  return run
}

private func sweep(
  _ policy: RetentionPolicy, _ store: any RunStore, _ logs: any LogStore, now: Instant
) throws -> HistoryKeeper.Report {
  var keeper = try HistoryKeeper(policy, store: store, logs: logs, now: now)
  while try keeper.step() {}
  return keeper.report
}

@Suite("HistoryKeeper") struct HistoryKeeperTests {
  private let start = Instant(microseconds: 1_700_000_000_000_000)
  private static let unbounded = RetentionPolicy(age: nil, runs: nil, bytes: nil)

  @Test("takes out what is too old, with its lines, and the old lines of loads") func age() throws {
    let (store, logs) = (InMemoryRunStore(), InMemoryLogStore())
    let job = try #require(try store.jobKeys(for: ["a"])["a"])
    for day in Int64(0)..<10 {
      let due = start + .days(day)
      try store.commit([.record(row(day + 1, job, due: due), [])])
      try logs.append([
        LogLine(run: RunID(day + 1), job: job, at: due, level: "info", message: "run"),
        LogLine(run: nil, job: job, at: due, level: "info", message: "load"),
      ])
    }
    var policy = Self.unbounded
    #expect(try sweep(policy, store, logs, now: start + .days(10)) == .init())
    policy.age = .days(4)
    // Row 6 is too old by an hour; the one after it, which is not, shows that it is not the newest.
    #expect(
      try sweep(policy, store, logs, now: start + .days(9) + .hours(1)) == .init(runs: 6, lines: 12))
    #expect(try store.runs(RunQuery(job: job)).map(\.id.rawValue) == [10, 9, 8, 7])
    #expect(try logs.lines(LogQuery()).count == 8)
    #expect(try sweep(policy, store, logs, now: start + .days(900)).runs == 3)
    #expect(try store.lastEnded([job])[job]?.id == RunID(10), "the newest stays, however old it is")
    #expect(try logs.lines(LogQuery(run: RunID(10))).count == 1, "and so do its lines")
  }

  @Test("keeps the newest so many rows, of whatever job, and each job's newest") func runs() throws {
    let (store, logs) = (InMemoryRunStore(), InMemoryLogStore())
    let keys = try store.jobKeys(for: ["busy", "rare", "gone"])
    let (busy, rare, gone) = try (
      #require(keys["busy"]), #require(keys["rare"]), #require(keys["gone"])
    )
    for id in Int64(1)...100 {
      let job = id == 3 || id == 50 ? rare : id == 4 ? gone : busy
      try store.commit([.record(row(id, job, due: start + .seconds(id)), [])])
    }
    _ = try sweep(RetentionPolicy(age: nil, runs: 10, bytes: nil), store, logs, now: start + .minutes(2))
    #expect(try store.runs(RunQuery(job: busy, limit: 100)).map(\.id.rawValue) == Array(91...100).reversed())
    #expect(try store.runs(RunQuery(job: rare)).map(\.id.rawValue) == [50])
    #expect(try store.runs(RunQuery(job: gone)).map(\.id.rawValue) == [4])
  }

  @Test("takes out the oldest, lines first, until what is left is small enough") func bytes() throws {
    try withTemporaryFolder { folder in
      let store = try SQLiteRunStore(at: folder + "/ledger.sqlite")
      let logs = try SQLiteLogStore(at: folder + "/logs.sqlite")
      let job = try #require(try store.jobKeys(for: ["a"])["a"])
      let text = String(repeating: "x", count: 2000)
      for id in Int64(1)...2000 {
        let due = start + .seconds(id)
        try store.commit([.record(row(id, job, due: due), [])])
        try logs.append([LogLine(run: RunID(id), job: job, at: due, level: "info", message: text)])
      }
      let bound = 2 << 20
      #expect(try store.bytesInUse() + logs.bytesInUse() > 2 * bound)
      var policy = Self.unbounded
      policy.bytes = bound
      let report = try sweep(policy, store, logs, now: start + .hours(1))
      #expect(report.runs == report.lines && (1000..<1900).contains(report.runs), "\(report)")
      #expect(try store.bytesInUse() + logs.bytesInUse() <= bound)
      #expect(try store.runs(RunQuery(limit: 1)).first?.id == RunID(2000))
      #expect(try sweep(policy, store, logs, now: start + .hours(1)).runs == 0, "that is enough")
    }
  }

  @Test("takes out lines of loads when these alone are too much") func linesOfLoads() throws {
    try withTemporaryFolder { folder in
      let store = try SQLiteRunStore(at: folder + "/ledger.sqlite")
      let logs = try SQLiteLogStore(at: folder + "/logs.sqlite")
      let text = String(repeating: "x", count: 2000)
      for second in Int64(1)...2000 {
        let line = LogLine(
          run: nil, job: JobKey(1), at: start + .seconds(second), level: "info", message: text)
        try logs.append([line])
      }
      var policy = Self.unbounded
      policy.bytes = 2 << 20
      #expect(try sweep(policy, store, logs, now: start + .hours(1)).lines > 500)
      #expect(try store.bytesInUse() + logs.bytesInUse() <= 2 << 20)
    }
  }

  @Test("leaves no lines behind when it is cut off between two steps") func cutOff() throws {
    let (store, logs) = (InMemoryRunStore(), InMemoryLogStore())
    let job = try #require(try store.jobKeys(for: ["a"])["a"])
    for id in Int64(1)...2000 {
      try store.commit([.record(row(id, job, due: start + .seconds(id)), [])])
      try logs.append([LogLine(run: RunID(id), job: job, at: start, level: "info", message: "m")])
    }
    let policy = RetentionPolicy(age: nil, runs: 5, bytes: nil)
    for steps in 1... {
      var keeper = try HistoryKeeper(policy, store: store, logs: logs, now: start + .hours(1))
      var goesOn = true
      for _ in 0..<steps where goesOn { goesOn = try keeper.step() }
      let rows = Set(try store.runs(RunQuery(limit: 10_000)).map(\.id))
      #expect(try logs.lines(LogQuery()).allSatisfy { $0.run.map(rows.contains) ?? true })
      if !goesOn { break }
    }
    #expect(try store.runs(RunQuery(limit: 10_000)).count == 5)
  }

  @Test("holds its promises over random ledgers", arguments: 0..<200) func random(seed: UInt64) throws {
    var generator = SplitMix(state: seed)
    let (store, logs) = (InMemoryRunStore(), InMemoryLogStore())
    let names = (0..<Int.random(in: 1...6, using: &generator)).map { "job\($0)" }
    let keys = try names.map { try #require(try store.jobKeys(for: [$0])[$0]) }
    var now = start
    for id in Int64(1)...Int64(Int.random(in: 1...400, using: &generator)) {
      now += .seconds(Int64.random(in: 1...100, using: &generator))
      let isOpen = Int.random(in: 0..<10, using: &generator) == 0
      let run = row(id, keys.randomElement(using: &generator) ?? keys[0], due: now, ended: !isOpen)
      try store.commit([isOpen ? .claim(run, []) : .record(run, [])])
    }
    let policy = RetentionPolicy(
      age: Bool.random(using: &generator) ? .seconds(Int64.random(in: 1...20_000, using: &generator)) : nil,
      runs: Bool.random(using: &generator) ? Int.random(in: 1...300, using: &generator) : nil, bytes: nil)
    let before = try store.runs(RunQuery(limit: 1000))
    _ = try sweep(policy, store, logs, now: now)
    let after = try store.runs(RunQuery(limit: 1000))
    let kept = Set(after.map(\.id))
    let newest = try store.nextRunID().rawValue - 1
    for job in keys {
      let rows = before.filter { $0.job == job }
      let newestEnded = rows.first { $0.state == .ended }?.id
      var excess = 0
      for run in rows {
        let isWithin =
          run.id.rawValue > newest - Int64(policy.runs ?? 1_000_000)
          && run.endedAt ?? now >= now - (policy.age ?? .days(10_000))
        if run.state != .ended || run.id == newestEnded || isWithin {
          #expect(kept.contains(run.id), "\(run.id) is kept")
        } else if kept.contains(run.id) {
          excess += 1
        }
      }
      let open = rows.count { $0.state != .ended }
      #expect(excess <= 1 + open, "what waits for a newer row is one, or stands beside open ones")
      #expect(
        try store.runs(RunQuery(job: job, limit: 1000)).map(\.id) == after.filter { $0.job == job }.map(\.id),
        "the chain holds all that is kept")
    }
  }
}

@Suite("A year of a job a second, scaled") struct BoundedYearTests {
  /// Every row stands for so many seconds' rows.
  private static let scale: Int64 = 315
  private static let year: Int64 = 31_536_000

  @Test("leaves a ledger and logs that are no larger than those of the first month") func bounded() throws {
    try withTemporaryFolder { folder in
      let paths = [folder + "/ledger.sqlite", folder + "/logs.sqlite"]
      let (store, logs) = (try SQLiteRunStore(at: paths[0]), try SQLiteLogStore(at: paths[1]))
      let keys = try store.jobKeys(for: ["tick", "yearly"])
      let (tick, yearly) = try (#require(keys["tick"]), #require(keys["yearly"]))
      let start = Instant(microseconds: 1_700_000_000_000_000)
      try store.commit([.record(row(1, yearly, due: start), [])])
      let policy = RetentionPolicy(age: .days(30), runs: 1_000_000, bytes: 1 << 30)
      let rowsInAMonth = Int(30 * 86_400 / Self.scale)
      var (id, removed, largest): (Int64, Int, Int) = (1, 0, 0)
      var sizes: [Int] = []
      // A week at a time, as a daemon that is swept once a week would have it.
      for week in Int64(0)..<52 {
        for second in stride(from: week * 604_800, to: (week + 1) * 604_800, by: Int(Self.scale * 480)) {
          let dues = (0..<480).map { start + .seconds(second + $0 * Self.scale) }
          try store.commit(
            dues.map { due in
              id += 1
              return .record(row(id, tick, due: due), [])
            })
          try logs.append(
            dues.enumerated().map { index, due in
              LogLine(run: RunID(id - 479 + Int64(index)), job: tick, at: due, level: "info", message: "tick")
            })
        }
        removed += try sweep(policy, store, logs, now: start + .seconds((week + 1) * 604_800)).runs
        largest = max(largest, try store.history(after: RunID(0), limit: 100_000).count)
        sizes.append(try store.bytesInUse() + logs.bytesInUse())
      }
      #expect(removed > 80_000)
      // The month that is kept, and what the last block reached over the week's end.
      #expect(largest <= rowsInAMonth + 2 * 480 + 2, "\(largest) rows")
      #expect(try store.lastEnded([yearly])[yearly]?.id == RunID(1))
      let (settled, last) = (try #require(sizes[4...6].max()), try #require(sizes[7...].max()))
      #expect(last < settled + settled / 5, "\(sizes)")
      // The files hold what the fullest week needed, and no more.
      for path in paths {
        let file = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        #expect(file < 3 * settled, "\(path) has \(file) bytes; \(settled) are in use")
      }
    }
  }
}

/// Random numbers that a seed repeats.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
