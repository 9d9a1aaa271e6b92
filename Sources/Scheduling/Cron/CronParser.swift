/// Reads a cron expression, letter by letter.
///
/// Every error quotes the expression, names the field and the character, and says what would be right.
struct CronParser {
  let text: String
  let letters: [UInt8]
  let jobName: String
  var position = 0
  var field = CronField.minute
  var itemStart = 0
  var fieldEnd = 0

  var seconds: UInt64 = 1
  var minutes: UInt64 = 0
  var hours: UInt32 = 0
  var days = MonthDays()
  var months: UInt16 = 0
  var years: [YearSet.Item] = []
  var dayOfMonthHasStar = false
  var dayOfWeekHasStar = false

  init(_ text: String, jobName: String) {
    self.text = text
    letters = Array(text.utf8)
    self.jobName = jobName
  }

  private static let macros: [(name: String, meaning: String)] = [
    ("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"),
  ]

  /// What a macro stands for; nil for what is none.
  static func expansion(of text: String) throws(ScheduleError) -> String? {
    var word = text[...]
    while word.first == " " || word.first == "\t" { word.removeFirst() }
    while word.last == " " || word.last == "\t" { word.removeLast() }
    guard word.utf8.first == UInt8(ascii: "@") else { return nil }
    let name = word.lowercased()
    if let macro = macros.first(where: { $0.name == name }) { return macro.meaning }
    let known = macros.map(\.name).joined(separator: ", ") + ", @reboot"
    if name == "@reboot" {
      throw ScheduleError(
        "\(quoted(text)) is not a time: it fires when the machine has booted; write on = \"boot\"")
    }
    if name.hasPrefix("@every") {
      // robfig/cron's: what it says is most often a duration that `every` reads too.
      let rest = name.dropFirst(6).filter { $0 != " " && $0 != "\t" }
      let interval = (try? Interval(parsing: rest)) == nil ? "10m" : rest
      throw ScheduleError(
        "\(quoted(text)) is not a cron expression; write every = \(quoted(interval)) instead of it")
    }
    let hint = SlipFinder.hint(for: name, among: macros.map(\.name))
    throw ScheduleError("\(quoted(text)) is not a known macro\(hint); the macros are \(known)")
  }

  // MARK: - The expression

  mutating func read() throws(ScheduleError) {
    // The beginnings and ends of up to eight fields: the eighth is one too many.
    var bounds: [(start: Int, end: Int)] = []
    bounds.reserveCapacity(8)
    var index = 0
    while index < letters.count {
      if Self.isBlank(letters[index]) {
        index += 1
        continue
      }
      let start = index
      while index < letters.count, !Self.isBlank(letters[index]) { index += 1 }
      bounds.append((start, index))
    }
    guard (5...7).contains(bounds.count) else { throw wrongCount(bounds.count) }
    var fieldNumber = bounds.count == 5 ? CronField.minute.rawValue : CronField.second.rawValue
    for (start, end) in bounds {
      field = CronField(rawValue: fieldNumber) ?? .year
      fieldNumber += 1
      (position, fieldEnd) = (start, end)
      try readField()
    }
  }

  private static func isBlank(_ letter: UInt8) -> Bool {
    letter == 32 || letter == 9 || letter == 10 || letter == 13
  }

  private func wrongCount(_ count: Int) -> ScheduleError {
    let fields = count == 1 ? "1 field" : "\(count) fields"
    return ScheduleError(
      "\(quoted(text)) has \(count == 0 ? "no fields" : fields); a cron expression has five (minute, hour, day of month,"
        + " month, day of week), six with seconds first, seven with a year last")
  }

  private mutating func readField() throws(ScheduleError) {
    let hasStar = letters[position] == UInt8(ascii: "*") || letters[position] == UInt8(ascii: "?")
    if field == .dayOfMonth { dayOfMonthHasStar = hasStar }
    if field == .dayOfWeek { dayOfWeekHasStar = hasStar }
    var bits: UInt64 = 0
    while true {
      itemStart = position
      try readItem(&bits)
      guard let letter = next else { break }
      guard letter == UInt8(ascii: ",") else {
        throw failure(position, "\(quoted(shown(position))) is not expected here; a comma separates items")
      }
      position += 1
    }
    switch field {
    case .second: seconds = bits
    case .minute: minutes = bits
    case .hour: hours = UInt32(truncatingIfNeeded: bits)
    case .dayOfMonth: days.numbered = UInt32(truncatingIfNeeded: bits)
    case .month: months = UInt16(truncatingIfNeeded: bits)
    case .dayOfWeek: days.weekdays |= UInt8(truncatingIfNeeded: (bits | bits >> 7) & 0x7f)
    case .year: break
    }
  }
}
