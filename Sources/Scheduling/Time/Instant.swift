/// A point in time: microseconds since the Unix epoch, without leap seconds.
public struct Instant: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var microseconds: Int64

  public init(microseconds: Int64) { self.microseconds = microseconds }

  /// The first instant of year 1.
  public static let distantPast = Instant(microseconds: -62_135_596_800_000_000)
  /// The last instant of year 9999. No due instant is later.
  public static let distantFuture = Instant(microseconds: 253_402_300_799_999_999)

  public static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

  /// The sum, which saturates and never traps.
  public static func + (instant: Instant, interval: Interval) -> Instant {
    Instant(microseconds: saturatingSum(instant.microseconds, interval.microseconds))
  }

  /// The difference, which saturates and never traps.
  public static func - (instant: Instant, interval: Interval) -> Instant {
    Instant(microseconds: saturatingSum(instant.microseconds, 0 &- max(interval.microseconds, -.max)))
  }

  /// How long `left` is after `right`, which saturates and never traps.
  public static func - (left: Instant, right: Instant) -> Interval {
    let (difference, overflow) = left.microseconds.subtractingReportingOverflow(right.microseconds)
    return Interval(microseconds: overflow ? (left > right ? .max : .min) : difference)
  }

  public static func += (instant: inout Instant, interval: Interval) { instant = instant + interval }

  /// In UTC with milliseconds: `2026-11-21T02:00:00.000Z`.
  public var description: String { text(offset: 0) + "Z" }

  /// In local time with its offset: `2026-11-21T03:00:00.000+01:00`.
  public func description(in zone: Zone) -> String {
    let offset = zone.offset(at: self)
    let (sign, size) = (offset < 0 ? "-" : "+", Int64(offset.magnitude))
    let seconds = size % 60 == 0 ? "" : ":" + padded(size % 60, 2)
    return text(offset: offset) + sign + padded(size / 3_600, 2) + ":" + padded(size / 60 % 60, 2) + seconds
  }

  private func text(offset: Int) -> String {
    let local = floorDivide(microseconds, microsecondsPerSecond) + Int64(offset)
    let milliseconds = floorModulo(microseconds, microsecondsPerSecond) / 1_000
    let second = floorModulo(local, secondsPerDay)
    let date = LocalDate(dayNumber: Int(floorDivide(local, secondsPerDay)))
    let time = [second / 3_600, second / 60 % 60, second % 60].map { padded($0, 2) }.joined(separator: ":")
    return "\(date)T\(time).\(padded(milliseconds, 3))"
  }

  /// Whole seconds since the epoch, rounded down.
  @inline(__always)
  var seconds: Int64 { floorDivide(microseconds, microsecondsPerSecond) }

  @inline(__always)
  init(seconds: Int64) { microseconds = saturatingProductSigned(seconds, microsecondsPerSecond) }
}

@inline(__always)
private func saturatingProductSigned(_ left: Int64, _ right: Int64) -> Int64 {
  let (product, overflow) = left.multipliedReportingOverflow(by: right)
  return overflow ? (left < 0 ? .min : .max) : product
}
