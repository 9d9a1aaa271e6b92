extension Interval {
  /// The longest that can be written: almost 9999 years.
  public static let longest = Interval(microseconds: 315_537_897_600_000_000 - 1)

  /// Reads a duration: `"90s"`, `"1h30m"`, `"2d"`, `"1.5h"`, `"250ms"`, or ISO 8601 (`"PT5M"`, `"P1DT12H"`).
  ///
  /// Units go from large to small, each at most once. A bare number is an error that says which unit to add.
  public init(parsing text: String) throws(ScheduleError) {
    var reader = DurationReader(text)
    self = try reader.read()
  }
}

/// Walks over the letters of one duration.
private struct DurationReader {
  private struct Unit {
    let name: String
    let length: Int64
  }

  /// Longer ones first, so that "ms" is not read as "m".
  private static let short = [
    Unit(name: "ms", length: 1_000), Unit(name: "w", length: 604_800_000_000),
    Unit(name: "d", length: 86_400_000_000), Unit(name: "h", length: 3_600_000_000),
    Unit(name: "m", length: 60_000_000), Unit(name: "s", length: 1_000_000),
  ]
  private static let isoDate = [
    Unit(name: "W", length: 604_800_000_000), Unit(name: "D", length: 86_400_000_000),
  ]
  private static let isoTime = [
    Unit(name: "H", length: 3_600_000_000), Unit(name: "M", length: 60_000_000),
    Unit(name: "S", length: 1_000_000),
  ]
  private static let examples = "write it like \"90s\", \"10m\", \"1h30m\", \"2d\" or \"PT5M\""

  private let text: String
  private let letters: [UInt8]
  private var position = 0
  private var total: Int64 = 0
  private var lastLength = Int64.max

  init(_ text: String) {
    self.text = text
    letters = Array(text.utf8)
  }

  private var rest: ArraySlice<UInt8> { letters[position...] }

  mutating func read() throws(ScheduleError) -> Interval {
    guard letters.contains(where: { $0 != UInt8(ascii: " ") }) else {
      throw ScheduleError("\(quoted(text)) is not a duration; \(Self.examples)")
    }
    if letters.first == UInt8(ascii: "-") || letters.first == UInt8(ascii: "+") {
      throw ScheduleError("\(quoted(text)): a duration has no sign; \(Self.examples)")
    }
    if letters.first == UInt8(ascii: "P") || letters.first == UInt8(ascii: "p") {
      position = 1
      try readISO()
    } else {
      while position < letters.count { try readPart(of: Self.short) }
    }
    return Interval(microseconds: total)
  }

  private mutating func readISO() throws(ScheduleError) {
    var inTime = false
    var parts = 0
    while position < letters.count {
      if letters[position] | 0x20 == UInt8(ascii: "t"), !inTime {
        inTime = true
        position += 1
        if position == letters.count { break }
      }
      try readPart(of: inTime ? Self.isoTime : Self.isoDate, isISO: true)
      parts += 1
    }
    let endsInT = (letters.last ?? 0) | 0x20 == UInt8(ascii: "t")
    guard parts > 0, !endsInT else {
      throw ScheduleError(
        "\(quoted(text)) is not a duration: a number and its unit are missing; \(Self.examples)")
    }
  }

  private mutating func readPart(of units: [Unit], isISO: Bool = false) throws(ScheduleError) {
    let start = position
    guard let number = readNumber() else {
      throw ScheduleError(
        "\(quoted(text)) is not a duration: expected a number at \(place(start)); \(Self.examples)")
    }
    guard position < letters.count else {
      let digits = String(decoding: letters[start...], as: UTF8.self)
      throw ScheduleError(
        start == 0
          ? "\(quoted(text)) has no unit; add one: \"\(digits)m\", \"\(digits)s\""
          : "\(quoted(text)): the last number has no unit; \(Self.examples)")
    }
    guard
      let unit = units.first(where: { unit in
        let name = Array(unit.name.utf8)
        return rest.starts(with: name, by: { isISO ? $0 & 0xdf == $1 : $0 == $1 })
      }), isISO || !isLetter(at: position + unit.name.utf8.count)
    else { throw unknownUnit(isISO: isISO) }
    position += unit.name.utf8.count
    guard unit.length < lastLength else {
      throw ScheduleError("\(quoted(text)): units go from large to small, each once; \(Self.examples)")
    }
    lastLength = unit.length
    try add(number, of: unit)
    while !isISO, position < letters.count, letters[position] == UInt8(ascii: " ") { position += 1 }
  }

  private func isLetter(at index: Int) -> Bool {
    guard index < letters.count else { return false }
    return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letters[index] | 0x20)
  }

  private func unknownUnit(isISO: Bool) -> ScheduleError {
    let word = String(decoding: rest.prefix { $0 > UInt8(ascii: "9") }, as: UTF8.self)
    let shown = word.isEmpty ? String(decoding: rest.prefix(1), as: UTF8.self) : word
    if isISO && ["Y", "M"].contains(shown.uppercased()) {
      return ScheduleError(
        "\(quoted(text)): months and years differ in length; use weeks (W), days (D) and, after T, H, M and S"
      )
    }
    return ScheduleError(
      "\(quoted(text)): \(quoted(shown)) at \(place(position)) is not a unit; the units are w, d, h, m, s and ms"
    )
  }

  private func place(_ position: Int) -> String { "character \(position + 1)" }

  /// A decimal number as its digits and how many of them stand after the point.
  private mutating func readNumber() -> (digits: Int64, decimals: Int)? {
    var digits: Int64 = 0
    var decimals = 0
    var seen = false
    var inFraction = false
    while position < letters.count {
      let letter = letters[position]
      if letter == UInt8(ascii: ".") || letter == UInt8(ascii: ","), seen, !inFraction {
        inFraction = true
        seen = false
      } else if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(letter) {
        digits = saturatingSum(saturatingProduct(digits, 10), Int64(letter - UInt8(ascii: "0")))
        if inFraction { decimals += 1 }
        seen = true
      } else {
        break
      }
      position += 1
    }
    return seen ? (digits, decimals) : nil
  }

  private mutating func add(_ number: (digits: Int64, decimals: Int), of unit: Unit) throws(ScheduleError) {
    let tooLong = ScheduleError("\(quoted(text)) is too long; the longest duration is 9999 years")
    var (whole, divisor) = (number.digits, Int64(1))
    var decimals = number.decimals
    while decimals > 0, whole % 10 == 0 {
      whole /= 10
      decimals -= 1
    }
    guard decimals <= 9, whole < 1_000_000_000_000 else { throw tooLong }
    for _ in 0..<decimals { divisor *= 10 }
    let (high, low) = whole.multipliedFullWidth(by: unit.length)
    let (quotient, remainder) = divisor.dividingFullWidthChecked(high, low)
    guard let quotient, quotient <= Interval.longest.microseconds else { throw tooLong }
    guard remainder == 0 else {
      throw ScheduleError("\(quoted(text)) is not a whole number of microseconds")
    }
    total = saturatingSum(total, quotient)
    guard total <= Interval.longest.microseconds else { throw tooLong }
  }
}

extension Int64 {
  /// `(high, low) / self`, or nil where the quotient does not fit. `self` must be positive.
  fileprivate func dividingFullWidthChecked(_ high: Int64, _ low: UInt64) -> (Int64?, Int64) {
    guard high >= 0, high < self / 2 else {
      return high == 0 && low <= UInt64(Int64.max)
        ? (Int64(low) / self, Int64(low) % self) : (nil, 0)
    }
    let (quotient, remainder) = dividingFullWidth((high, low))
    return (quotient, remainder)
  }
}
