import RunLifecycle
import RunStore
import RunStoreSQLite
import Scheduling
import Values

/// Holds a ledger against the clock, and against what the calls of `main` have left behind.
///
/// It reads the ledger's rows and the jobs' files, and asks nothing of the program.
struct CampaignAudit {
  /// What the campaign itself has done, and which the ledger must tell.
  struct Deeds {
    /// The numbers given to runs by hand, with the run's id where the daemon has answered with one.
    var triggered: [(number: Int, run: RunID?)] = []
    /// The files that were put into the inbox.
    var dropped: [String] = []
    /// While the job `held` was paused: from the answer on, until it was asked to go on.
    var pauses: [(from: Instant, to: Instant)] = []
    /// Rows may have been removed by retention.
    var expires = false
    /// The daemon's clock was set: its instants are not those of the jobs' lines.
    var clockMoves = false
  }

  let jobs: [CampaignJob]
  let deeds: Deeds
  let now: Instant
  private let rows: [String: [Run]]
  private let calls: [String: Calls]
  private(set) var findings: [String] = []
  private(set) var rowCount = 0
  private(set) var callCount = 0

  init(_ installation: Installation, jobs: [CampaignJob], deeds: Deeds, now: Instant) throws {
    self.jobs = jobs
    self.deeds = deeds
    self.now = now
    let store = try SQLiteRunStore(readOnlyAt: installation.state + "/ledger.sqlite")
    defer { try? store.close() }
    let all = try store.runs(RunQuery(limit: .max))
    let keys = Dictionary(uniqueKeysWithValues: try store.jobs().map { ($0.name, $0.key) })
    var rows: [String: [Run]] = [:]
    var calls: [String: Calls] = [:]
    for job in jobs {
      let own = keys[job.file].map { key in all.filter { $0.job == key } } ?? []
      rows[job.name] = own.reversed()
      calls[job.name] = Calls(installation.read("calls/" + job.name))
      let chain = try keys[job.file].map { try store.runs(RunQuery(job: $0, limit: .max)) } ?? []
      if chain.map(\.id) != own.map(\.id) {
        findings.append("\(job.name): \(own.count) rows, of which its chain has \(chain.count)")
      }
    }
    self.rows = rows
    self.calls = calls
    rowCount = all.count
    callCount = calls.values.reduce(0) { $0 + $1.of("B").count }
  }

  /// How many rows ended so.
  func count(_ outcome: Outcome) -> Int { rows.values.joined().count { $0.outcome == outcome } }

  mutating func check() {
    for job in jobs {
      checkRows(of: job)
      checkCalls(of: job)
      checkConcurrency([job.name], job.concurrency)
      if job.grid != nil { checkCoverage(of: job) }
    }
    for (pool, members) in Dictionary(grouping: jobs.filter { $0.pool != nil }, by: \.pool) {
      checkConcurrency(members.map(\.name), 1, pool)
    }
    checkDeeds()
    checkKept()
    if !deeds.expires { checkFollowers() }
  }

  // MARK: Rows and calls

  private mutating func checkRows(of job: CampaignJob) {
    let begun = Dictionary(grouping: calls(job, "B"), by: \.run)
    let ended = Dictionary(grouping: calls(job, "E"), by: \.run)
    for row in rows[job.name] ?? [] {
      let attempts = begun[row.id]?.map(\.attempt) ?? []
      // What waits goes on with the next start; that what was open ends, the campaign has seen.
      if row.state == .running { find(job, row, "is still running") }
      if row.attempt > job.attempts { find(job, row, "had \(row.attempt) attempts, not \(job.attempts)") }
      switch row.outcome {
      case .succeeded:
        if ended[row.id]?.contains(where: { $0.attempt == row.attempt }) != true {
          find(job, row, "succeeded in attempt \(row.attempt), which did not come to its end")
        }
      case .failed, .timedOut:
        if attempts.last != row.attempt {
          find(job, row, "failed in attempt \(row.attempt), called were \(attempts)")
        }
        if row.attempt < job.attempts, !row.isSuperseded {
          find(job, row, "was not tried again after attempt \(row.attempt)")
        }
      case .interrupted:
        if row.attempt < job.attempts, !row.isSuperseded {
          find(job, row, "was interrupted, and not tried again")
        }
      case .skipped, .missed:
        if !attempts.isEmpty { find(job, row, "is \(row.outcome?.rawValue ?? ""), and was called") }
        if job.runsAll { find(job, row, "is \(row.outcome?.rawValue ?? "")") }
      case .cancelled, .tested, nil: break
      }
    }
  }

  private mutating func checkCalls(of job: CampaignJob) {
    let known = Set(rows[job.name]?.map(\.id) ?? [])
    var last: [RunID: Int] = [:]
    for call in calls(job, "B") {
      if !known.contains(call.run), !deeds.expires {
        findings.append("\(job.name): run \(call.run) was called, and has no row")
      }
      if let before = last.updateValue(call.attempt, forKey: call.run), before >= call.attempt {
        findings.append("\(job.name): run \(call.run) was called for attempt \(call.attempt) after \(before)")
      }
    }
  }

  /// A call lasts until its last line, or until its row says that it was stopped. Of one that was cut off, that is
  /// not known.
  private mutating func checkConcurrency(_ names: [String], _ limit: Int, _ pool: String? = nil) {
    var edges: [(at: Instant, step: Int, run: RunID)] = []
    for name in names {
      var ends: [[Int64]: Instant] = [:]
      for row in rows[name] ?? [] where row.outcome == .cancelled && !deeds.clockMoves {
        ends[[row.id.rawValue, Int64(row.attempt)]] = row.endedAt
      }
      for call in calls[name]?.of("E") ?? [] { ends[[call.run.rawValue, Int64(call.attempt)]] = call.at }
      for call in calls[name]?.of("B") ?? [] {
        guard let end = ends[[call.run.rawValue, Int64(call.attempt)]], end > call.at else { continue }
        edges.append((call.at, 1, call.run))
        edges.append((end, -1, call.run))
      }
    }
    var running = 0
    for edge in edges.sorted(by: { ($0.at, $0.step) < ($1.at, $1.step) }) {
      running += edge.step
      if running > limit {
        findings.append(
          "\(pool.map { "pool \($0)" } ?? names[0]): run \(edge.run) was one too many at \(edge.at)")
      }
    }
  }

  // MARK: Due instants

  /// Each multiple of the job's grid, from its first row to now, is in exactly one row.
  private mutating func checkCoverage(of job: CampaignJob) {
    guard let grid = job.grid.map({ $0 * 1_000_000 }) else { return }
    var covered: [Int64: Int] = [:]
    // Of what retention has left, the oldest row may be one that stands alone.
    for row in (rows[job.name] ?? []).dropFirst(deeds.expires ? 1 : 0) {
      guard case .clock = row.cause else { continue }
      let (first, last) = (row.dueAt.microseconds, (row.dueUntil ?? row.dueAt).microseconds)
      guard first % grid == 0, last % grid == 0, Int64(row.count) == (last - first) / grid + 1 else {
        find(job, row, "covers \(row.count) instants from \(row.dueAt) to \(row.dueUntil ?? row.dueAt)")
        continue
      }
      for due in stride(from: first, through: last, by: Int64.Stride(grid)) { covered[due, default: 0] += 1 }
    }
    guard let first = covered.keys.min(), let last = covered.keys.max() else {
      return findings.append("\(job.name) has no rows")
    }
    for due in stride(from: first, through: last, by: Int64.Stride(grid)) where covered[due] != 1 {
      findings.append("\(job.name): \(Instant(microseconds: due)) is in \(covered[due] ?? 0) rows")
    }
    if last < now.microseconds - grid - 2_000_000 {
      findings.append(
        "\(job.name): nothing covers what was due after \(Instant(microseconds: last)); it is \(now)")
    }
  }

  /// Each run of `on_time` that succeeded was followed by exactly one of `follower`.
  private mutating func checkFollowers() {
    let followed = Dictionary(grouping: rows["follower"] ?? [], by: \.cause)
    for row in rows["on_time"] ?? [] where row.outcome == .succeeded {
      let count = followed[.after(row.id)]?.count ?? 0
      if count != 1 { findings.append("on_time: run \(row.id) succeeded, and \(count) runs followed") }
    }
  }

  // MARK: What was done to it

  private mutating func checkDeeds() {
    let byHand = rows["by_hand"] ?? []
    let ids = Set(byHand.map(\.id))
    for deed in deeds.triggered {
      if let run = deed.run, !ids.contains(run), !deeds.expires {
        findings.append("by_hand: the daemon said that \(deed.number) is run \(run), which there is not")
      }
      let count = byHand.count { $0.parameter("number")?.asString == "\(deed.number)" }
      if count > 1 { findings.append("by_hand: \(deed.number) was asked for once, and is in \(count) rows") }
    }
    let paths = (rows["watcher"] ?? []).flatMap { $0.parameter("paths")?.asTable?.items ?? [] }
    let names = paths.compactMap { $0.asString?.split(separator: "/").last.map(String.init) }
    let seen = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
    for name in deeds.dropped where seen[name] != 1 && !deeds.expires {
      findings.append("watcher: \(name) came, and is in \(seen[name] ?? 0) rows")
    }
    for pause in deeds.pauses {
      // What was on its way to a host when the answer was given still runs.
      for call in calls["held"]?.of("B") ?? [] where call.at > pause.from + .seconds(2) && call.at < pause.to
      {
        findings.append(
          "held: run \(call.run) was called at \(call.at), paused from \(pause.from) to \(pause.to)")
      }
    }
  }

  // MARK: What jobs keep

  private mutating func checkKept() {
    for job in jobs where job.counts {
      let counted = (rows[job.name] ?? []).filter { $0.outcome == .succeeded }.map {
        Int64($0.result ?? "") ?? -1
      }
      // Of what retention has left, the first number may be any.
      let first = deeds.expires ? counted.first ?? 1 : 1
      if let wrong = zip(counted, first...).first(where: { $0 != $1 }) {
        findings.append(
          "\(job.name): a run returned \(wrong.0), not \(wrong.1): what it keeps goes with its row")
      }
    }
    let totals = Dictionary(
      uniqueKeysWithValues: (rows["stepped"] ?? []).compactMap { row in
        row.outcome == .succeeded ? row.result.flatMap { Int($0) }.map { (row.id, $0) } : nil
      })
    var begun: Set<String> = []
    var kept: Set<String> = []
    for line in calls["stepped"]?.lines ?? [] {
      let step = "\(line.run) \(line.more)"
      switch line.what {
      case "S":
        begun.insert(step)
        if kept.contains(step) {
          findings.append("stepped: step \(line.more) of run \(line.run) was done again")
        }
      case "K": kept.insert(step)
      case "E":
        if let total = totals[line.run], total < kept.count || total > begun.count {
          findings.append(
            "stepped: run \(line.run) found \(total) steps; \(begun.count) were begun, and \(kept.count) kept"
          )
        }
        for part in 1...3 where !kept.contains("\(line.run) \(part)") {
          findings.append("stepped: run \(line.run) came to its end without step \(part)")
        }
      default: break
      }
    }
  }

  // MARK: Words

  private func calls(_ job: CampaignJob, _ what: Character) -> [Calls.Line] {
    calls[job.name]?.of(what) ?? []
  }

  private mutating func find(_ job: CampaignJob, _ row: Run, _ what: String) {
    findings.append(
      "\(job.name): run \(row.id), due \(row.dueAt), \(what) (\(row.reason ?? row.error ?? "no reason"))")
  }
}

extension Run {
  /// A later firing has taken the place of the next attempt.
  fileprivate var isSuperseded: Bool { reason?.hasPrefix("superseded by run") == true }

  /// One of the parameters that the run came with.
  fileprivate func parameter(_ name: String) -> DataValue? {
    params.flatMap { try? DataValue(json: Array($0.utf8)) }?[name]
  }
}
