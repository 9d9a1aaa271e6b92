import Scheduling

/// A span of time as systemd writes it: `1h 30min`, `90`, `infinity`.
///
/// Source: `systemd.time(7)`, "Parsing Time Spans".
enum TimeSpan: Equatable {
  case of(Interval)
  case infinity

  /// Nil where it is none. A number alone is seconds.
  init?(_ text: String) {
    let text = text.trimmed
    if text == "infinity" {
      self = .infinity
      return
    }
    var rest = text[...]
    var total = 0.0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(digits.count).drop { $0 == " " || $0 == "\t" }
      let unit = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(unit.count).drop { $0 == " " || $0 == "\t" }
      guard let number = Double(digits), let size = unit.isEmpty ? 1 : Self.units[String(unit)] else {
        return nil
      }
      total += number * size
    }
    // Some 285 years: more than that never comes.
    guard total < 9e9 else {
      self = .infinity
      return
    }
    self = .of(Interval(microseconds: Int64((total * 1e6).rounded())))
  }

  /// In seconds.
  private static let units: [String: Double] = {
    let groups: [(Double, [String])] = [
      (1e-9, ["ns", "nsec"]), (1e-6, ["us", "usec", "µs", "μs"]), (1e-3, ["ms", "msec"]),
      (1, ["s", "sec", "second", "seconds"]), (60, ["m", "min", "minute", "minutes"]),
      (3_600, ["h", "hr", "hour", "hours"]), (86_400, ["d", "day", "days"]),
      (604_800, ["w", "week", "weeks"]),
      (2_629_800, ["M", "month", "months"]), (31_557_600, ["y", "year", "years"]),
    ]
    var units: [String: Double] = [:]
    for (size, names) in groups { for name in names { units[name] = size } }
    return units
  }()

  /// As a job's schedule writes it, in milliseconds at least; `0s` means no limit there.
  var written: String {
    guard case .of(let interval) = self, interval > .zero else { return "0s" }
    let milliseconds = max(1, interval.microseconds / 1_000)
    return Interval(microseconds: milliseconds * 1_000).description
  }

  var isPositive: Bool { self == .infinity || self.interval.map { $0 > .zero } == true }

  var interval: Interval? {
    if case .of(let interval) = self { interval } else { nil }
  }
}
