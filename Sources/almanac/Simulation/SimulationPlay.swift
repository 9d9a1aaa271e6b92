import CLinux
import Dispatch
import RunLifecycle
import Scheduling
import Synchronization

/// Plays jobs from one instant to another: the first rows of their ledger, and what all of it comes to.
struct SimulationPlay {
  let simulated: SimulatedJobs
  let span: Range<Instant>
  let seed: UInt64
  let failPercent: Int

  /// The ledger's first rows in the order in which they were made, and the sum where they are all of it.
  func rows(limit: Int, _ bar: ProgressBar) -> (rows: [Run], summary: ForecastSummary?) {
    var forecast = forecast(of: simulated.jobs)
    var summary = ForecastSummary(simulated.jobs)
    var rows: [Run] = []
    var drawn = 0
    forecast.play(until: span.upperBound) { row, now in
      summary.add(row, at: now)
      guard case .ended(let run) = row else { return true }
      if run.id.rawValue <= Int64(limit) { rows.append(run) }
      drawn += 1
      if drawn % 10_000 == 0 { bar.show(share(now)) }
      // A row that stays open, as that of a pause does, is not waited for for ever.
      return rows.count < limit && run.id.rawValue - 10_000 < Int64(limit)
    }
    let isWhole = forecast.now >= span.upperBound
    rows += forecast.open.filter { $0.id.rawValue <= Int64(limit) }
    rows.sort { ($0.dueAt, $0.id) < ($1.dueAt, $1.id) }
    guard isWhole else { return (rows, nil) }
    summary.close(open: forecast.open, at: span.upperBound)
    return (rows, summary)
  }

  /// What all of it comes to: jobs that have nothing to do with each other are played at the same time.
  func summary(processors: Int, _ bar: ProgressBar) -> ForecastSummary {
    let shares = Forecast.shares(
      of: simulated.jobs, count: processors, pools: simulated.pools, from: span.lowerBound,
      until: span.upperBound)
    let board = Board(shares.count)
    let group = DispatchGroup()
    for (place, share) in shares.enumerated() {
      DispatchQueue.global().async(group: group) { @Sendable in
        board.finish(place, with: play(share) { board.note(place, $0) })
      }
    }
    while group.wait(timeout: .now() + .milliseconds(100)) == .timedOut { bar.show(board.share) }
    var summary = ForecastSummary(simulated.jobs)
    for part in board.summaries { summary.add(part) }
    return summary
  }

  private func play(_ jobs: [Forecast.Job], progress: (Double) -> Void) -> ForecastSummary {
    var forecast = forecast(of: jobs)
    var summary = ForecastSummary(jobs)
    var count = 0
    forecast.play(until: span.upperBound) { row, now in
      summary.add(row, at: now)
      count += 1
      if count % 10_000 == 0 { progress(share(now)) }
      return true
    }
    summary.close(open: forecast.open, at: span.upperBound)
    return summary
  }

  private func forecast(of jobs: [Forecast.Job]) -> Forecast {
    Forecast(jobs, from: span.lowerBound, pools: simulated.pools, seed: seed, failPercent: failPercent)
  }

  /// How much of the time has been played.
  private func share(_ now: Instant) -> Double {
    let length = max(1, (span.upperBound - span.lowerBound).microseconds)
    return Double((now - span.lowerBound).microseconds) / Double(length)
  }

  /// How far each share has come, and what it has come to.
  private final class Board: Sendable {
    private let state: Mutex<(shares: [Double], summaries: [ForecastSummary?])>

    init(_ count: Int) {
      state = Mutex((Array(repeating: 0, count: count), Array(repeating: nil, count: count)))
    }

    func note(_ place: Int, _ share: Double) { state.withLock { $0.shares[place] = share } }

    func finish(_ place: Int, with summary: ForecastSummary) {
      state.withLock { ($0.shares[place], $0.summaries[place]) = (1, summary) }
    }

    var share: Double { state.withLock { $0.shares.reduce(0, +) / Double(max(1, $0.shares.count)) } }
    var summaries: [ForecastSummary] { state.withLock { $0.summaries.compactMap { $0 } } }
  }
}
