import Jobs
import Notifying
import RunLifecycle
import Scheduling

/// Decides what of the runs is told. A value without clock or I/O.
struct NotificationRules {
  /// What one event leads to.
  struct Verdict: Equatable {
    /// What people are told, and how many like it were held back before.
    var message: (event: NotifySettings.Event, heldBack: Int)?
    /// What the dead-man switch is told.
    var ping: Ping.Kind?

    static func == (left: Verdict, right: Verdict) -> Bool {
      left.message?.event == right.message?.event && left.message?.heldBack == right.message?.heldBack
        && left.ping == right.ping
    }
  }

  /// A job that fails each second is told of five times at once, and once every ten minutes from then on.
  private struct Throttle {
    static let burst = 5.0
    static let refill = Interval.minutes(10)

    var tokens = burst
    var at: Instant
    var heldBack = 0

    /// How many were held back since the last message, or `nil` if this one is held back too.
    mutating func take(at now: Instant) -> Int? {
      let passed = Double(max(0, (now - at).microseconds)) / Double(Self.refill.microseconds)
      tokens = min(Self.burst, tokens + passed)
      at = now
      guard tokens >= 1 else {
        heldBack += 1
        return nil
      }
      defer { heldBack = 0 }
      tokens -= 1
      return heldBack
    }
  }

  private struct Kind: Hashable {
    var job: JobKey
    var event: NotifySettings.Event
  }

  /// Whether the last run of a job that has shown it was a failure, where that is known.
  private var isFailing: [JobKey: Bool] = [:]
  private var throttles: [Kind: Throttle] = [:]

  /// Whether nothing is known yet of how the job's last run ended.
  func isNew(_ job: JobKey) -> Bool { isFailing[job] == nil }

  /// Tells how the job's runs ended before; newest first.
  mutating func learn(_ job: JobKey, from runs: some Sequence<Run>) {
    isFailing[job] = runs.lazy.compactMap { $0.outcome?.tellsFailure }.first ?? false
  }

  /// `main` of the run is about to be called.
  mutating func started(_ run: Run, _ settings: NotifySettings, at now: Instant) -> Verdict {
    guard run.attempt == 1 else { return Verdict() }
    return Verdict(
      message: message(.started, run, settings, now), ping: settings.pingURL == nil ? nil : .start)
  }

  /// A row has ended; be it that it never started.
  mutating func ended(_ run: Run, _ settings: NotifySettings, at now: Instant) -> Verdict {
    guard let outcome = run.outcome else { return Verdict() }
    var verdict = Verdict()
    switch outcome {
    case .succeeded:
      let recovers = isFailing[run.job] == true && settings.tells(.recovered)
      verdict.message = message(recovers ? .recovered : .succeeded, run, settings, now)
      verdict.ping = .success
    case .failed, .timedOut, .interrupted:
      verdict.message = message(.failed, run, settings, now)
      verdict.ping = .fail
    // Somebody wanted it so, and knows; but the work was not done.
    case .cancelled: verdict.ping = .fail
    case .missed: verdict.message = message(.missed, run, settings, now)
    // The job itself has looked, and there was nothing to do.
    case .skipped: verdict.ping = run.attempt > 0 ? .success : nil
    case .tested: break
    }
    if let failed = outcome.tellsFailure { isFailing[run.job] = failed }
    if settings.pingURL == nil { verdict.ping = nil }
    return verdict
  }

  /// The run goes on for longer than it should.
  mutating func ranLong(_ run: Run, _ settings: NotifySettings, at now: Instant) -> Verdict {
    Verdict(message: message(.longRunning, run, settings, now))
  }

  /// The job is gone.
  mutating func forget(_ job: JobKey) {
    isFailing[job] = nil
    for event in NotifySettings.Event.allCases { throttles[Kind(job: job, event: event)] = nil }
  }

  private mutating func message(
    _ event: NotifySettings.Event, _ run: Run, _ settings: NotifySettings, _ now: Instant
  ) -> (NotifySettings.Event, heldBack: Int)? {
    guard settings.tells(event) else { return nil }
    return throttles[Kind(job: run.job, event: event), default: Throttle(at: now)].take(at: now)
      .map { (event, $0) }
  }
}

extension Outcome {
  /// Whether the job did its work or failed at it; `nil` where that was not found out.
  fileprivate var tellsFailure: Bool? {
    switch self {
    case .succeeded: false
    case .failed, .timedOut, .interrupted: true
    case .cancelled, .tested, .skipped, .missed: nil
    }
  }
}
