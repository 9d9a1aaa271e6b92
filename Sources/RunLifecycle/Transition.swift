import Scheduling

/// What follows an attempt.
enum Disposition: Sendable, Equatable {
  /// The run ends.
  case finish(Verdict)
  /// The run waits, and is tried again from that instant on.
  case retry(at: Instant, Verdict)
  /// Nothing of the attempt was seen: it is made again, uncounted.
  case again
}

/// How an attempt did: what goes into the row.
struct Verdict: Sendable, Equatable {
  var outcome: Outcome
  var reason: String?
  /// What kept the run from starting.
  var gate: StartGate?
  var error: String?
  var result: String?
}

/// What follows an attempt: its end, the job's policy and the time decide, nothing else.
struct Transition: Sendable {
  /// How often in a row a run may start in vain before it counts as interrupted.
  static let unstartedLimit = 3

  var retry: RetryPolicy?
  var timeLimit: Interval?
  var run: RunID
  /// False for a run whose job was removed or disabled: it is not tried again.
  var mayRetry: Bool

  /// Returns what follows attempt `attempt` (from 1).
  ///
  /// - Parameter unstarted: How often in a row, this time included, it started in vain.
  func disposition(after end: AttemptEnd, attempt: Int, unstarted: Int) -> Disposition {
    switch end.kind {
    case .succeeded(let result): .finish(Verdict(outcome: .succeeded, result: result))
    case .tested: .finish(Verdict(outcome: .tested, reason: "test mode"))
    case .skipped(let why): .finish(Verdict(outcome: .skipped, reason: why ?? "the job said so"))
    case .cancelled(let why): .finish(Verdict(outcome: .cancelled, reason: why))
    case .fatal(let message): .finish(Verdict(outcome: .failed, reason: "fatal", error: message))
    case .failed(let message): again(Verdict(outcome: .failed, error: message), attempt, end.at)
    case .timedOut(let why):
      again(Verdict(outcome: .timedOut, reason: why ?? timeLimitText), attempt, end.at)
    case .interrupted(let why): again(Verdict(outcome: .interrupted, reason: why), attempt, end.at)
    case .retryAfter(let interval, let message):
      again(
        Verdict(
          outcome: .failed,
          reason: "asked to be tried again in \(interval)"
            + (attempt <= retry?.count ?? 0 ? "" : ", but schedule.retry allows no further attempt"),
          error: message), attempt, end.at, interval: interval)
    case .notStarted(let why), .fell(let why):
      unstarted < Self.unstartedLimit
        ? .again
        : again(
          Verdict(outcome: .interrupted, reason: "started in vain \(unstarted) times in a row: \(why)"),
          attempt, end.at)
    }
  }

  private func again(
    _ verdict: Verdict, _ attempt: Int, _ end: Instant, interval: Interval? = nil
  ) -> Disposition {
    guard mayRetry, let retry, attempt <= retry.count else { return .finish(verdict) }
    let interval = interval ?? retry.interval(after: attempt, of: run)
    return .retry(at: end + (interval < .zero ? .zero : interval), verdict)
  }

  private var timeLimitText: String {
    timeLimit.map { "time limit of \($0) exceeded" } ?? "time limit exceeded"
  }
}
