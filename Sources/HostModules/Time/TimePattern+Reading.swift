import Scheduling

extension TimePattern {
  /// What a text says, as far as it has been read.
  private struct Fields {
    var year: Int?
    var month = 1
    var day = 1
    var dayOfYear: Int?
    var hour = 0
    var isHalfDay = false
    var isAfternoon: Bool?
    var minute = 0
    var second = 0
    var fraction = 0
    var offset: Int?
    var seconds: Int64?
  }

  /// Why a text does not fit a pattern.
  struct Mismatch: Error, Equatable {
    let text: String
  }

  /// Reads a text that was written so. What it does not say is the beginning of its year, month or day; without
  /// an offset (`%z`) it is in `zone`.
  ///
  /// White space in the pattern stands for any amount of it. A year of two digits is one of 1969 to 2068, as in
  /// POSIX.
  func read(_ text: String, in zone: Zone) throws(Mismatch) -> Instant {
    var reader = PatternReader(text)
    var fields = Fields()
    for part in parts {
      switch part {
      case .text(let byte):
        guard reader.take(byte) else { throw mismatch(reader) }
      case .offsetWithColon: fields.offset = try offset(&reader)
      case .field(let letter, _): try read(letter, &reader, &fields)
      }
    }
    guard reader.isAtEnd else { throw mismatch(reader) }
    return try instant(fields, text, zone)
  }

  private func mismatch(_ reader: PatternReader) -> Mismatch {
    Mismatch(text: "\"\(reader.text)\" does not fit \"\(self.text)\" at character \(reader.position + 1)")
  }

  private func read(_ letter: Character, _ reader: inout PatternReader, _ fields: inout Fields)
    throws(Mismatch)
  {
    func number(_ digits: Int, _ range: ClosedRange<Int>) throws(Mismatch) -> Int {
      var attempt = reader
      guard let number = attempt.number(upTo: digits), range.contains(number) else { throw mismatch(reader) }
      reader = attempt
      return number
    }
    func name(_ names: [String]) throws(Mismatch) -> Int {
      guard let index = reader.name(of: names) else { throw mismatch(reader) }
      return index
    }
    switch letter {
    case "Y": fields.year = try number(4, 1...9_999)
    case "y":
      let short = try number(2, 0...99)
      fields.year = short + (short < 69 ? 2_000 : 1_900)
    case "m": fields.month = try number(2, 1...12)
    case "d", "e":
      reader.skipSpace()
      fields.day = try number(2, 1...31)
    case "j": fields.dayOfYear = try number(3, 1...366)
    case "H": fields.hour = try number(2, 0...23)
    case "I": (fields.hour, fields.isHalfDay) = (try number(2, 1...12) % 12, true)
    case "M": fields.minute = try number(2, 0...59)
    case "S": fields.second = try number(2, 0...59)
    case "f": fields.fraction = try fraction(&reader)
    case "L": fields.fraction = try number(3, 0...999) * 1_000
    case "p": fields.isAfternoon = try name(["AM", "PM"]) == 1
    case "b", "B": fields.month = try name(Self.months) + 1
    // That the day of the week is right is not asked.
    case "a", "A": _ = try name(Weekday.allCases.map(\.name))
    case "u", "w", "V", "G", "U", "W": throw Mismatch(text: "%\(letter) can be written, but not read back")
    case "s":
      guard let seconds = reader.signedNumber() else { throw mismatch(reader) }
      fields.seconds = seconds
    case "z": fields.offset = try offset(&reader)
    // What is left is Z: only names of UTC say the same everywhere.
    default:
      _ = try name(["UTC", "GMT", "Z"])
      fields.offset = 0
    }
  }

  private func fraction(_ reader: inout PatternReader) throws(Mismatch) -> Int {
    let start = reader.position
    guard var value = reader.number(upTo: 6) else { throw mismatch(reader) }
    for _ in (reader.position - start)..<6 { value *= 10 }
    return value
  }

  private func offset(_ reader: inout PatternReader) throws(Mismatch) -> Int {
    if reader.take(UInt8(ascii: "Z")) { return 0 }
    let start = reader
    let isWest = reader.take(UInt8(ascii: "-"))
    guard isWest || reader.take(UInt8(ascii: "+")), let hours = reader.number(exactly: 2) else {
      throw mismatch(start)
    }
    _ = reader.take(UInt8(ascii: ":"))
    guard let minutes = reader.number(exactly: 2), hours <= 23, minutes <= 59 else { throw mismatch(start) }
    return (hours * 3_600 + minutes * 60) * (isWest ? -1 : 1)
  }

  private func instant(_ fields: Fields, _ text: String, _ zone: Zone) throws(Mismatch) -> Instant {
    if let seconds = fields.seconds {
      return Instant(microseconds: 0) + .seconds(seconds) + Interval(microseconds: Int64(fields.fraction))
    }
    let year = fields.year ?? 1970
    var date = LocalDate(year: year, month: fields.month, day: fields.day)
    if let day = fields.dayOfYear {
      date = LocalDate(year: year, month: 1, day: 1)?.adding(days: day - 1)
      if date?.year != year { date = nil }
    }
    guard let date else { throw Mismatch(text: "\"\(text)\" is not a day of the calendar") }
    let hour = fields.hour + (fields.isHalfDay && fields.isAfternoon == true ? 12 : 0)
    let seconds = hour * 3_600 + fields.minute * 60 + fields.second
    let local = LocalTime(date: date, microseconds: Int64(seconds * 1_000_000 + fields.fraction))
    guard let offset = fields.offset else { return zone.instant(of: local) }
    return Zone.utc.instant(of: local) - .seconds(Int64(offset))
  }
}

/// Walks over a text that is read by a pattern.
private struct PatternReader {
  let text: String
  private let bytes: [UInt8]
  private(set) var position = 0

  init(_ text: String) {
    self.text = text
    bytes = Array(text.utf8)
  }

  var isAtEnd: Bool { position == bytes.count }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

  mutating func skipSpace() {
    while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
  }

  /// Takes this byte, or any white space for white space.
  mutating func take(_ byte: UInt8) -> Bool {
    if Self.isSpace(byte) {
      skipSpace()
      return true
    }
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  mutating func number(upTo digits: Int) -> Int? {
    var (value, count) = (0, 0)
    while count < digits, position < bytes.count, (48...57).contains(bytes[position]) {
      value = value * 10 + Int(bytes[position]) - 48
      (position, count) = (position + 1, count + 1)
    }
    return count > 0 ? value : nil
  }

  mutating func number(exactly digits: Int) -> Int? {
    let start = position
    let value = number(upTo: digits)
    return position - start == digits ? value : nil
  }

  mutating func signedNumber() -> Int64? {
    let isNegative = position < bytes.count && bytes[position] == UInt8(ascii: "-")
    if isNegative { position += 1 }
    return number(upTo: 12).map { Int64(isNegative ? -$0 : $0) }
  }

  /// The number of the name that stands here, in full or its first three letters, in any case.
  mutating func name(of names: [String]) -> Int? {
    let rest = String(decoding: bytes[position...].prefix(16), as: UTF8.self).lowercased()
    for isShort in [false, true] {
      for (index, name) in names.enumerated() {
        let wanted = (isShort ? String(name.prefix(3)) : name).lowercased()
        guard rest.hasPrefix(wanted) else { continue }
        position += wanted.utf8.count
        return index
      }
    }
    return nil
  }
}
