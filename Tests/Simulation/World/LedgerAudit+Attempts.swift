import RunLifecycle
import Scheduling

/// How often `main` was called for a run, and how far apart.
extension LedgerAudit {
  mutating func checkAttempts() {
    for (id, calls) in Dictionary(grouping: world.calls, by: \.run).sorted(by: { $0.key < $1.key }) {
      if world.powerCuts == 0, !world.startedInVain.contains(id), let first = calls.first, first.attempt != 1
      {
        findings.append("run \(id) began with attempt \(first.attempt)")
      }
      for (former, next) in zip(calls, calls.dropFirst()) { checkRetry(former, next) }
      if let last = calls.last, let row = rowOf[id] { checkEnd(of: row, after: last) }
    }
  }

  /// An attempt that followed another one: it had to, and not so soon.
  private mutating func checkRetry(_ former: SimulatedWorld.Call, _ next: SimulatedWorld.Call) {
    guard let ended = former.ended, let end = former.end else { return }
    let what = "run \(next.run), attempt \(next.attempt)"
    // What came to an end just before the daemon did may have been told to nobody.
    let wasTold = !world.ends.contains { ended <= $0 && $0 <= next.begun }
    switch end {
    case .succeeded, .skipped, .cancelled, .fatal, .tested:
      if wasTold { findings.append("\(what) came after one that was \(end)") }
      return
    default: break
    }
    let policies = plans(of: next.job, from: ended - .seconds(25), to: wasTold ? ended : next.begun)
      .compactMap(\.policy.retry)
    if !policies.contains(where: { former.attempt <= $0.count }) {
      findings.append("\(what) was one more than retry allows")
    }
    guard world.steps.isEmpty else { return }
    var least = policies.map { Self.pause(after: former.attempt, $0) }.min() ?? .zero
    if case .retryAfter(let interval, _) = end { least = wasTold ? interval : min(least, interval) }
    if next.decided < ended + least {
      findings.append("\(what) came after \(next.decided - ended), not \(least)")
    }
  }

  /// A run that is to be tried again waits no longer than its job says.
  mutating func checkWait(of run: Run, since former: Run, at now: Instant) {
    guard world.steps.isEmpty, run.state == .waiting, run.attempt > 0, run.gate == nil,
      run.notBefore != former.notBefore
    else { return }
    let policies = plans(of: run.job, from: now - .seconds(25), to: now).compactMap(\.policy.retry)
    // `job.retry_after` says it by itself.
    let longest = policies.map { Self.pause(after: run.attempt, $0) + $0.jitter }.max().map {
      max($0, .seconds(3))
    }
    if let longest, run.notBefore > now + longest {
      findings.append(
        "run \(run.id) waits \(run.notBefore - now) for attempt \(run.attempt + 1), not \(longest)")
    }
  }

  /// A run that could have been tried again says why it was not.
  private mutating func checkEnd(of row: Run, after last: SimulatedWorld.Call) {
    guard case .failed = last.end, row.outcome == .failed, row.reason == nil, let ended = last.ended,
      !world.ends.contains(where: { ended <= $0 && $0 <= ended + .seconds(25) })
    else { return }
    let plans = plans(of: row.job, from: ended - .seconds(25), to: ended)
    let wasRemoved = world.editions[row.job]?.contains { edition in
      edition.version == nil && ended - .seconds(25) <= edition.from && edition.from <= ended
    }
    if !plans.isEmpty, wasRemoved != true,
      plans.allSatisfy({ $0.policy.enabled && last.attempt <= $0.policy.retry?.count ?? 0 })
    {
      findings.append("run \(row.id) was not tried again after attempt \(last.attempt), and does not say why")
    }
  }

  /// The interval between two attempts, without its jitter (SPEC 4.2).
  private static func pause(after attempt: Int, _ retry: RetryPolicy) -> Interval {
    var interval = retry.interval
    for _ in 1..<max(1, attempt) {
      interval = Interval(microseconds: Int64(Double(interval.microseconds) * retry.backoff))
    }
    return min(interval, retry.maxInterval ?? interval)
  }
}
