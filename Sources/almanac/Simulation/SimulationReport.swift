import RunLifecycle
import Scheduling
import Values

/// What a simulation comes to, for people and as JSON.
struct SimulationReport {
  /// So many lines of each kind.
  private static let most = 5

  let simulated: SimulatedJobs
  let span: Range<Instant>
  let summary: ForecastSummary
  let zone: Zone

  private var overlaps: [(job: String, count: Int)] {
    summary.overlaps.map { (job: name($0.key), count: $0.value) }.sorted {
      ($1.count, $0.job) < ($0.count, $1.job)
    }
  }

  private var pools: [(name: String, load: ForecastSummary.PoolLoad)] {
    summary.pools.map { (name: $0.key, load: $0.value) }.sorted { $0.name < $1.name }
  }

  private func name(_ key: JobKey?) -> String { key.flatMap { simulated.names[$0] } ?? "?" }

  // MARK: JSON

  var row: DataValue {
    let outcomes = Outcome.allCases.map { ($0.rawValue, DataValue.int(Int64(summary.outcomes[$0] ?? 0))) }
    return [
      "from": .string(span.lowerBound.description), "until": .string(span.upperBound.description),
      "jobs": .int(Int64(simulated.jobs.count)), "rows": .int(Int64(summary.rows)),
      "open": .int(Int64(summary.open)),
      "outcomes": .object(Dictionary(outcomes, uniquingKeysWith: { $1 })),
      "busiest_minutes": .list(
        summary.busiest(Self.most).map {
          ["at": .string($0.minute.description), "starts": .int(Int64($0.starts))]
        }),
      "overlaps": .list(overlaps.map { ["job": .string($0.job), "skipped": .int(Int64($0.count))] }),
      "pools": .list(
        pools.map { pool in
          [
            "pool": .string(pool.name), "waits": .int(Int64(pool.load.waits)),
            "longest_wait_ms": .int(pool.load.longest.microseconds / 1000),
            "job": .string(name(pool.load.job)),
          ]
        }),
      "notes": .list(simulated.notes.map { .string($0) }),
    ]
  }

  // MARK: For people

  func show() {
    let (from, until) = (
      PeopleTime.text(span.lowerBound, in: zone), PeopleTime.text(span.upperBound, in: zone)
    )
    let count = simulated.jobs.count
    print("\(count) job\(count == 1 ? "" : "s") from \(from) until \(until): \(summary.rows) rows")
    let parts = Outcome.allCases.compactMap { outcome in
      summary.outcomes[outcome].map { "\($0) \(outcome.words)" }
    }
    let open = summary.open > 0 ? ["\(summary.open) not ended yet"] : []
    if summary.rows > 0 { print("outcomes: " + (parts + open).joined(separator: ", ")) }
    let busiest = summary.busiest(Self.most).filter { $0.starts > 1 }
    if !busiest.isEmpty {
      print("busiest minutes:")
      for entry in busiest { print("  \(PeopleTime.text(entry.minute, in: zone))  \(entry.starts) starts") }
    }
    if !overlaps.isEmpty {
      print("skipped because the run before was still running:")
      for entry in overlaps.prefix(Self.most) { print("  \(entry.job)  \(entry.count)") }
      if overlaps.count > Self.most { print("  and \(overlaps.count - Self.most) more jobs") }
    }
    for pool in pools {
      print(
        "pool \(pool.name) was full: \(pool.load.waits) starts waited, the longest \(pool.load.longest) "
          + "(\(name(pool.load.job)))")
    }
    for note in simulated.notes { print("note: \(note)") }
  }
}
