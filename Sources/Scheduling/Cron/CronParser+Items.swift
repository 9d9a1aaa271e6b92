/// The items of a field's list.
extension CronParser {
  var next: UInt8? { position < fieldEnd ? letters[position] : nil }

  private func isNext(_ letter: Unicode.Scalar) -> Bool {
    guard let next else { return false }
    return next == UInt8(truncatingIfNeeded: letter.value)
      || (letter.properties.isAlphabetic && next | 0x20 == UInt8(truncatingIfNeeded: letter.value) | 0x20)
  }

  private mutating func take(_ letter: Unicode.Scalar) -> Bool {
    guard isNext(letter) else { return false }
    position += 1
    return true
  }

  mutating func readItem(_ bits: inout UInt64) throws(ScheduleError) {
    guard let first = next, first != UInt8(ascii: ",") else {
      throw failure(position, "an item of the list is missing")
    }
    switch first {
    case UInt8(ascii: "*"):
      position += 1
      let step = try readStep()
      add(field.range.lowerBound, field.range.upperBound, step ?? 1, to: &bits)
    case UInt8(ascii: "?"):
      position += 1
      guard field == .dayOfMonth || field == .dayOfWeek else {
        throw failure(itemStart, "\"?\" stands only in the day fields; write *")
      }
      guard next == nil, isAloneInField else { throw failure(itemStart, "\"?\" stands alone in its field") }
      add(field.range.lowerBound, field.range.upperBound, 1, to: &bits)
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      try readNumbers(try readValue(), &bits)
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
      try readWord(&bits)
    case UInt8(ascii: "-"):
      throw failure(position, "numbers have no sign; \(field.allowed)")
    default:
      throw failure(position, "\(quoted(shown(position))) is not a value; \(field.allowed)")
    }
  }

  /// An item that begins with a letter: a name, `L`, `LW` or `H`.
  private mutating func readWord(_ bits: inout UInt64) throws(ScheduleError) {
    let word = letters[position..<fieldEnd].prefix { isLetter($0) }
    if let value = field.value(named: word) {
      position += word.count
      return try readNumbers(value, &bits)
    }
    let lower = String(decoding: word, as: UTF8.self).lowercased()
    switch (lower, field) {
    case ("h", _):
      position += 1
      try readHash(&bits)
    case ("l", .dayOfMonth):
      position += 1
      var before = 0
      if take("-") {
        let start = position
        before = try readNumber()
        guard (1...30).contains(before) else {
          throw failure(start, "L-\(before): write L-1 to L-30, or L alone")
        }
      }
      days.beforeLast |= 1 << UInt32(before)
    case ("lw", .dayOfMonth):
      position += 2
      days.lastWorkday = true
    case ("l", .dayOfWeek):
      throw failure(position, "\"L\" needs a day before it: 5L is the month's last Friday")
    case (_, .dayOfWeek) where lower.hasSuffix("l") && field.value(named: word.dropLast()) != nil:
      let value = field.value(named: word.dropLast()) ?? 0
      position += word.count
      days.lastWeekdays |= 1 << UInt8(value)
    default:
      throw unknown(shown(position), at: position)
    }
  }

  /// What follows a number or name: a range, a step, `W`, `L` or `#`.
  private mutating func readNumbers(_ first: Int, _ bits: inout UInt64) throws(ScheduleError) {
    if take("-") {
      let start = position
      guard let letter = next, letter != UInt8(ascii: ",") else {
        throw failure(start, "the end of the range is missing")
      }
      let last = try readValue()
      let step = try readStep() ?? 1
      return try addRange(first, last, step, &bits, at: start)
    }
    if isNext("/") {
      let step = try readStep() ?? 1
      return field == .dayOfWeek
        ? add(first % 7, 6, step, to: &bits) : add(first, field.range.upperBound, step, to: &bits)
    }
    if field == .dayOfMonth, take("W") {
      days.nearestWorkday |= 1 << UInt32(first)
    } else if field == .dayOfWeek, take("L") {
      days.lastWeekdays |= 1 << UInt8(first % 7)
    } else if field == .dayOfWeek, take("#") {
      let start = position
      let ordinal = try readNumber()
      guard (1...5).contains(ordinal) else {
        throw failure(start, "\"#\(ordinal)\": a month has a first (#1) to a fifth (#5) of a weekday")
      }
      days.ordinalWeekdays |= 1 << UInt64((ordinal - 1) * 7 + first % 7)
    } else if isNext("W") || isNext("L") || isNext("#") {
      let place =
        isNext("W")
        ? "\"W\" stands only in the day-of-month field"
        : "\"L\" and \"#\" stand only in the day-of-week field"
      throw failure(position, place)
    } else {
      add(first, first, 1, to: &bits)
    }
  }

  /// Adds a range that may go over the field's end.
  private mutating func addRange(
    _ first: Int, _ last: Int, _ step: Int, _ bits: inout UInt64, at place: Int
  ) throws(ScheduleError) {
    let first = field == .dayOfWeek && first == 7 && last < 7 ? 0 : first
    if first <= last { return add(first, last, step, to: &bits) }
    guard field != .year else { throw failure(place, "the years of a range go upwards") }
    let count = field.valueCount
    let lowest = field.range.lowerBound
    for offset in stride(from: 0, through: last + count - first, by: step) {
      bits |= 1 << UInt64((first + offset - lowest) % count + lowest)
    }
  }

  private mutating func add(_ first: Int, _ last: Int, _ step: Int, to bits: inout UInt64) {
    if field == .year {
      years.append(YearSet.Item(first: first, last: last, step: step))
    } else if step == 1 {
      bits |= (~0 >> UInt64(63 - (last - first))) << UInt64(first)
    } else {
      for value in stride(from: first, through: last, by: step) { bits |= 1 << UInt64(value) }
    }
  }

  private mutating func readStep() throws(ScheduleError) -> Int? {
    guard take("/") else { return nil }
    let start = position
    guard let letter = next, isDigit(letter) else {
      throw failure(start, "the step after \"/\" is missing; write a number like /5")
    }
    let step = try readNumber()
    guard step >= 1 else { throw failure(start, "a step is at least 1") }
    guard step <= field.valueCount else {
      let digits = String(decoding: letters[start..<position], as: UTF8.self)
      throw failure(start, "the step \(digits) is longer than the field (\(field.allowed))\(hint(digits))")
    }
    return step
  }

  private func hint(_ step: String) -> String {
    let unit: String
    switch field {
    case .second: unit = "s"
    case .minute: unit = "m"
    case .hour: unit = "h"
    default: return ""
    }
    guard (try? Interval(parsing: step + unit)) != nil else { return "" }
    return "; for a longer interval write every = \(quoted(step + unit))"
  }

  /// `H`, `H/15`, `H(0-29)` or `H(0-29)/10`: a value that depends on the job's name.
  private mutating func readHash(_ bits: inout UInt64) throws(ScheduleError) {
    guard field != .year else { throw failure(itemStart, "\"H\" does not stand in the year field") }
    var range = field.hashRange
    if take("(") {
      let start = position
      let first = try readValue()
      guard take("-") else { throw failure(position, "write the range of H like H(0-29)") }
      let last = try readValue()
      guard take(")") else { throw failure(position, "the \")\" of H(\(first)-\(last)) is missing") }
      guard first <= last else { throw failure(start, "the range of H goes upwards") }
      range = first...last
    }
    let start = position
    let step = try readStep()
    guard (step ?? 1) <= range.count else {
      throw failure(start + 1, "the step is longer than the range of H")
    }
    var hash = StableHash()
    hash.combine(jobName)
    hash.combine(Int64(field.rawValue))
    let offset = Int(hash.value % UInt64(step ?? range.count))
    add(
      range.lowerBound + offset, step == nil ? range.lowerBound + offset : range.upperBound, step ?? 1,
      to: &bits)
  }

  // MARK: - Values

  private func isDigit(_ letter: UInt8) -> Bool { (48...57).contains(letter) }
  private func isLetter(_ letter: UInt8) -> Bool { (97...122).contains(letter | 0x20) }

  private mutating func readNumber() throws(ScheduleError) -> Int {
    let start = position
    var value = 0
    while let letter = next, isDigit(letter) {
      value = min(value * 10 + Int(letter) - 48, 1_000_000)
      position += 1
    }
    guard position > start else {
      throw failure(start, "a number is missing; \(field.allowed)")
    }
    return value
  }

  /// A number or name that the field knows.
  private mutating func readValue() throws(ScheduleError) -> Int {
    let start = position
    if let letter = next, isLetter(letter) {
      let word = letters[position..<fieldEnd].prefix { isLetter($0) }
      guard let value = field.value(named: word) else {
        throw unknown(String(decoding: word, as: UTF8.self), at: start)
      }
      position += word.count
      return value
    }
    let value = try readNumber()
    guard field.range.contains(value) else {
      let digits = String(decoding: letters[start..<position], as: UTF8.self)
      throw failure(start, "\(digits) is out of range; \(field.allowed)")
    }
    return value
  }

  // MARK: - Errors

  private var isAloneInField: Bool {
    itemStart == 0 || letters[itemStart - 1] != UInt8(ascii: ",")
  }

  /// A word that the field does not know.
  private func unknown(_ word: String, at place: Int) -> ScheduleError {
    failure(
      place,
      "\(quoted(word)) is not known here\(SlipFinder.hint(for: word, among: field.names)); \(field.allowed)")
  }

  /// What stands at this place, up to the item's end.
  func shown(_ place: Int) -> String {
    String(decoding: letters[place..<fieldEnd].prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self)
  }

  func failure(_ place: Int, _ what: String) -> ScheduleError {
    // Characters are counted as a reader does, not as bytes.
    let column = String(decoding: letters[..<min(place, letters.count)], as: UTF8.self).count + 1
    var item = String(
      decoding: letters[itemStart..<fieldEnd].prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self)
    item = item.isEmpty ? "" : " \(quoted(item))"
    return ScheduleError("\(quoted(text)): \(field.name) field\(item), character \(column): \(what)")
  }
}
