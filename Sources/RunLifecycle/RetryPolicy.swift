import Scheduling

/// Further attempts of a run that failed, timed out or was interrupted.
public struct RetryPolicy: Sendable, Equatable {
  /// How many attempts may follow the first.
  public var count: Int
  public var interval: Interval
  /// Each interval is this many times the one before.
  public var backoff: Double
  public var maxInterval: Interval?
  /// Up to this much is added to an interval, the same for the same run and attempt everywhere.
  public var jitter: Interval

  public init(
    count: Int, interval: Interval, backoff: Double = 1, maxInterval: Interval? = nil,
    jitter: Interval = .zero
  ) {
    self.count = count
    self.interval = interval
    self.backoff = backoff
    self.maxInterval = maxInterval
    self.jitter = jitter
  }

  /// The interval between the end of attempt `attempt` (from 1) and the next start.
  public func interval(after attempt: Int, of run: RunID) -> Interval {
    var microseconds = Double(interval.microseconds)
    // A power by hand: the module stands on nothing. No interval is longer than a thousand years.
    let longest = Double(Interval.days(365_000).microseconds)
    if backoff != 1 {
      for _ in 1..<max(1, min(attempt, 10_000)) where microseconds < longest { microseconds *= backoff }
    }
    let capped = min(microseconds, maxInterval.map { Double($0.microseconds) } ?? longest, longest)
    let fixed = Interval(microseconds: capped.isFinite && capped > 0 ? Int64(capped) : 0)
    return fixed + spread(attempt, run)
  }

  /// The part of the jitter that this attempt gets: a hash's fraction of it, in whole milliseconds.
  private func spread(_ attempt: Int, _ run: RunID) -> Interval {
    guard jitter > .zero else { return .zero }
    var bits =
      UInt64(bitPattern: run.rawValue) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(truncatingIfNeeded: attempt)
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    bits ^= bits >> 31
    let part = bits.multipliedFullWidth(by: UInt64(jitter.microseconds)).high
    return Interval(microseconds: Int64(part) / 1000 * 1000)
  }
}
