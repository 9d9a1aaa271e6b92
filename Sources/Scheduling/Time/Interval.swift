/// A length of time in microseconds: never a calendar's day or month, `d` is 24 hours.
public struct Interval: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var microseconds: Int64

  public init(microseconds: Int64) { self.microseconds = microseconds }

  public static let zero = Interval(microseconds: 0)

  public static func milliseconds(_ count: Int64) -> Interval { counted(count, 1_000) }
  public static func seconds(_ count: Int64) -> Interval { counted(count, 1_000_000) }
  public static func minutes(_ count: Int64) -> Interval { counted(count, 60_000_000) }
  public static func hours(_ count: Int64) -> Interval { counted(count, 3_600_000_000) }
  public static func days(_ count: Int64) -> Interval { counted(count, 86_400_000_000) }

  private static func counted(_ count: Int64, _ unit: Int64) -> Interval {
    let length = saturatingProduct(Int64(clamping: count.magnitude), unit)
    return Interval(microseconds: count < 0 ? -length : length)
  }

  public static func < (left: Interval, right: Interval) -> Bool { left.microseconds < right.microseconds }

  /// The sum, which saturates and never traps.
  public static func + (left: Interval, right: Interval) -> Interval {
    Interval(microseconds: saturatingSum(left.microseconds, right.microseconds))
  }

  /// The difference, which saturates and never traps.
  public static func - (left: Interval, right: Interval) -> Interval {
    Interval(microseconds: saturatingSum(left.microseconds, 0 &- max(right.microseconds, -.max)))
  }

  /// As it would be written in a job: `1h30m`, `250ms`, `2d`, `0s`. What is shorter than a millisecond
  /// stands as a fraction of one.
  public var description: String {
    guard microseconds != 0 else { return "0s" }
    var rest = microseconds.magnitude
    var text = microseconds < 0 ? "-" : ""
    let units: [(name: String, length: UInt64)] = [
      ("w", 604_800_000_000), ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000),
      ("s", 1_000_000),
    ]
    for unit in units {
      // "2w" is easier to read than "14d", but "10d" than "1w3d".
      if unit.name == "w" && rest % unit.length != 0 { continue }
      if rest >= unit.length { text += "\(rest / unit.length)\(unit.name)" }
      rest %= unit.length
    }
    if rest > 0 {
      text += "\(rest / 1_000)"
      var fraction = padded(Int64(rest % 1_000), 3)
      while fraction.last == "0" { fraction.removeLast() }
      text += (fraction.isEmpty ? "" : "." + fraction) + "ms"
    }
    return text
  }

  /// In words: `10 minutes`, `1 hour 30 minutes`, `24 hours`.
  public var inWords: String {
    guard microseconds != 0 else { return "0 seconds" }
    // A day of 24 hours is not the calendar's day, so that it is not called one.
    if microseconds == 86_400_000_000 { return "24 hours" }
    var rest = microseconds.magnitude
    var parts: [String] = []
    let units: [(name: String, length: UInt64)] = [
      ("week", 604_800_000_000), ("day", 86_400_000_000), ("hour", 3_600_000_000), ("minute", 60_000_000),
      ("second", 1_000_000), ("millisecond", 1_000), ("microsecond", 1),
    ]
    for unit in units {
      if unit.name == "week" && rest % unit.length != 0 { continue }
      let count = rest / unit.length
      rest %= unit.length
      if count > 0 { parts.append("\(count) \(unit.name)\(count == 1 ? "" : "s")") }
    }
    return (microseconds < 0 ? "minus " : "") + parts.joined(separator: " ")
  }
}
