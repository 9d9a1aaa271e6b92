import Scheduling

/// What a ``Forecast`` comes to.
public struct ForecastSummary: Sendable, Equatable {
  /// How full a concurrency pool was.
  public struct PoolLoad: Sendable, Equatable {
    /// So many starts had to wait for a place.
    public var waits = 0
    public var longest = Interval.zero
    /// Whose start waited longest.
    public var job: JobKey?
  }

  public private(set) var outcomes: [Outcome: Int] = [:]
  /// Rows that have not ended.
  public private(set) var open = 0
  /// Due instants that were skipped because a run of the job was still running.
  public private(set) var overlaps: [JobKey: Int] = [:]
  public private(set) var pools: [String: PoolLoad] = [:]
  /// Starts in each minute that had any, by the minute's number since the epoch.
  private var starts: [Int64: Int] = [:]
  private var waiting: [RunID: (pool: String, since: Instant)] = [:]
  private let poolOfJob: [JobKey: String]

  public init(_ jobs: [Forecast.Job]) {
    poolOfJob = jobs.reduce(into: [:]) { $0[$1.plan.key] = $1.plan.policy.pool }
  }

  public var rows: Int { outcomes.values.reduce(open, +) }

  /// The minutes with the most starts, the busiest first; of equals, the earlier.
  public func busiest(_ count: Int) -> [(minute: Instant, starts: Int)] {
    var best: [(minute: Int64, starts: Int)] = []
    for (minute, number) in starts {
      let entry = (minute: minute, starts: number)
      guard best.count < count || best.last.map({ Self.comes(entry, before: $0) }) ?? true else { continue }
      best.insert(entry, at: best.firstIndex { Self.comes(entry, before: $0) } ?? best.count)
      if best.count > count { best.removeLast() }
    }
    return best.map { (Instant(microseconds: $0.minute * 60_000_000), $0.starts) }
  }

  private static func comes(_ left: (minute: Int64, starts: Int), before right: (minute: Int64, starts: Int))
    -> Bool
  {
    left.starts != right.starts ? left.starts > right.starts : left.minute < right.minute
  }

  // MARK: Adding up

  public mutating func add(_ row: Forecast.Row, at now: Instant) {
    switch row {
    case .started(let run):
      starts[now.microseconds / 60_000_000, default: 0] += 1
      endWait(of: run, at: now)
    case .waitsForPlace(let run):
      guard let pool = poolOfJob[run.job], waiting[run.id] == nil else { return }
      waiting[run.id] = (pool, now)
    case .ended(let run):
      if let outcome = run.outcome { outcomes[outcome, default: 0] += 1 }
      if run.outcome == .skipped, run.gate == .overlap { overlaps[run.job, default: 0] += run.count }
      endWait(of: run, at: now)
    }
  }

  private mutating func endWait(of run: Run, at now: Instant) {
    guard !waiting.isEmpty, let (pool, since) = waiting.removeValue(forKey: run.id) else { return }
    note(now - since, in: pool, of: run.job)
  }

  private mutating func note(_ wait: Interval, in pool: String, of job: JobKey) {
    var load = pools[pool] ?? PoolLoad()
    load.waits += 1
    if load.job == nil || wait > load.longest { (load.longest, load.job) = (wait, job) }
    pools[pool] = load
  }

  /// The play is over: what has not ended by now, and waits.
  public mutating func close(open runs: [Run], at now: Instant) {
    open += runs.count
    for run in runs { endWait(of: run, at: now) }
  }

  /// Takes in what jobs come to that have nothing to do with those here.
  public mutating func add(_ other: ForecastSummary) {
    outcomes.merge(other.outcomes, uniquingKeysWith: +)
    open += other.open
    overlaps.merge(other.overlaps, uniquingKeysWith: +)
    pools.merge(other.pools, uniquingKeysWith: { left, _ in left })
    starts.merge(other.starts, uniquingKeysWith: +)
  }

  public static func == (left: ForecastSummary, right: ForecastSummary) -> Bool {
    left.outcomes == right.outcomes && left.open == right.open && left.overlaps == right.overlaps
      && left.pools == right.pools && left.starts == right.starts
  }
}
