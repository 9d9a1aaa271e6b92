import Scheduling

/// A calendar expression of systemd: `Mon..Fri *-*-* 09,17:00 Europe/Berlin`.
///
/// Source: `systemd.time(7)`, "Calendar Events", and what `systemd-analyze calendar` makes of it.
struct CalendarSpec: Equatable {
  /// One item of a list: `5`, `5..9`, `5/10`, `5..59/10`.
  struct Item: Equatable {
    var first: Int
    var last: Int?
    var step: Int?
  }

  /// None means all of them, except for ``seconds`` and the other times.
  typealias Component = [Item]

  /// Bit 0: Sunday. Nil: all.
  var weekdays: Set<Int>?
  var years: Component = []
  var months: Component = []
  var days: Component = []
  /// Days count from the month's end: 1 is the last.
  var countsFromEnd = false
  var hours: Component = [Item(first: 0)]
  var minutes: Component = [Item(first: 0)]
  /// In microseconds.
  var seconds: Component = [Item(first: 0)]
  /// As written.
  var zone: String?
  /// `@1735689600`: this instant, in seconds, and nothing else counts.
  var epoch: Int?

  struct Refusal: Error, Equatable {
    var message: String
  }

  /// - Throws: What systemd would not read either.
  init(_ text: String) throws(Refusal) {
    let words = text.split { $0 == " " || $0 == "\t" }.map(String.init)
    if words.contains(where: { $0.hasPrefix("#") }) {
      throw Refusal(message: "a comment needs a line of its own")
    }
    guard let first = words.first else { throw Refusal(message: "the expression is empty") }
    var rest = words[...]
    if let last = words.last, words.count > 1 || Self.shorthand(first) == nil, Self.isZone(last) {
      zone = last.lowercased() == "utc" ? "UTC" : last
      rest = rest.dropLast()
    }
    if first.first == "@" {
      guard let seconds = Int(first.dropFirst()), seconds >= 0, seconds < 253_402_300_800, rest.count == 1
      else {
        throw Refusal(message: "\"\(first)\" is no number of seconds since 1970")
      }
      epoch = seconds
      return
    }
    if rest.count == 1, let known = Self.shorthand(first) {
      let zone = zone
      self = known
      self.zone = zone
      return
    }
    if let word = rest.first, word.first?.isLetter == true {
      weekdays = try Self.weekdays(word)
      rest = rest.dropFirst()
    }
    if let word = rest.first, !word.contains(":") {
      try readDate(word)
      rest = rest.dropFirst()
    }
    if let word = rest.first {
      try readTime(word)
      rest = rest.dropFirst()
    }
    if let word = rest.first {
      throw Refusal(message: "\"\(word)\" is neither a time nor a time zone known here")
    }
  }

  private init(
    months: Component, days: Component, weekdays: Set<Int>? = nil, hours: Component, minutes: Component
  ) {
    (self.months, self.days, self.weekdays, self.hours, self.minutes) = (
      months, days, weekdays, hours, minutes
    )
  }

  private static func shorthand(_ word: String) -> CalendarSpec? {
    let zero = [Item(first: 0)]
    let one = [Item(first: 1)]
    func of(months: Component = [], days: Component = [], weekdays: Set<Int>? = nil) -> CalendarSpec {
      CalendarSpec(months: months, days: days, weekdays: weekdays, hours: zero, minutes: zero)
    }
    func months(_ numbers: Int...) -> Component { numbers.map { Item(first: $0) } }
    switch word.lowercased() {
    case "minutely": return CalendarSpec(months: [], days: [], hours: [], minutes: [])
    case "hourly": return CalendarSpec(months: [], days: [], hours: [], minutes: zero)
    case "daily": return of()
    case "weekly": return of(weekdays: [1])
    case "monthly": return of(days: one)
    case "quarterly": return of(months: months(1, 4, 7, 10), days: one)
    case "semiannually", "semi-annually", "biannually", "bi-annually":
      return of(months: months(1, 7), days: one)
    case "yearly", "annually", "anually": return of(months: one, days: one)
    default: return nil
    }
  }

  private static func isZone(_ word: String) -> Bool {
    guard word.contains(where: \.isLetter), !word.contains(":"), !word.contains(","), !word.contains("..")
    else {
      return false
    }
    return word.lowercased() == "utc" || weekday(word) == nil && (try? Zone.named(word)) != nil
  }

  // MARK: - Weekdays

  private static let weekdayNames = [
    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
  ]

  private static func weekday(_ word: some StringProtocol) -> Int? {
    let word = word.lowercased()
    return weekdayNames.firstIndex { $0 == word || $0.prefix(3) == word }
  }

  private static func weekdays(_ word: String) throws(Refusal) -> Set<Int>? {
    var days: Set<Int> = []
    // One comma too many does not matter to systemd.
    let list = word.last == "," ? word.dropLast() : word[...]
    for item in list.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = item.split(separator: item.contains("..") ? ".." : "-", maxSplits: 1).map { weekday($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil else {
        throw Refusal(message: "\"\(item)\" is no day of the week, and no time zone known here")
      }
      // Monday comes first, Sunday last.
      let (from, to) = ((first + 6) % 7, (last + 6) % 7)
      guard from <= to else {
        throw Refusal(message: "\"\(item)\": the days of a range go from Monday to Sunday")
      }
      for day in from...to { days.insert((day + 1) % 7) }
    }
    return days.count == 7 ? nil : days
  }

  // MARK: - Dates and times

  private mutating func readDate(_ word: String) throws(Refusal) {
    let wrong = Refusal(
      message: "\"\(word)\" is no date; systemd writes YEAR-MONTH-DAY, MONTH-DAY, or ~DAY at the end")
    countsFromEnd = word.contains("~")
    let parts = word.split(omittingEmptySubsequences: false) { $0 == "-" || $0 == "~" }
    guard (2...3).contains(parts.count) else { throw wrong }
    if countsFromEnd {
      let isBeforeDay = word.firstIndex(of: "~").map { word[$0...].contains("-") } == false
      guard isBeforeDay, word.count(where: { $0 == "~" }) == 1 else { throw wrong }
    }
    // A month has 28 days at least.
    days = try Self.component(
      parts[parts.count - 1], countsFromEnd ? 1...28 : 1...31, "day", countsDown: countsFromEnd)
    if days.isEmpty { countsFromEnd = false }
    months = try Self.component(parts[parts.count - 2], 1...12, "month")
    if parts.count == 3 {
      years = try Self.component(parts[0], 1970...2199, "year") {
        $0 < 70 ? $0 + 2000 : $0 < 100 ? $0 + 1900 : $0
      }
    }
  }

  private mutating func readTime(_ word: String) throws(Refusal) {
    let parts = word.split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count) else {
      throw Refusal(message: "\"\(word)\" is no time; systemd writes HOUR:MINUTE or HOUR:MINUTE:SECOND")
    }
    hours = try Self.component(parts[0], 0...23, "hour")
    minutes = try Self.component(parts[1], 0...59, "minute")
    if parts.count == 3 { seconds = try Self.component(parts[2], 0...59_999_999, "second", scale: 1_000_000) }
  }

  private static func component(
    _ text: Substring, _ range: ClosedRange<Int>, _ name: String, scale: Int = 1, countsDown: Bool = false,
    _ adjusted: (Int) -> Int = { $0 }
  ) throws(Refusal) -> Component {
    if text == "*" { return [] }
    let wrong = Refusal(message: "\"\(text)\" is no \(name), nor a list of \(name)s")
    var items: Component = []
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      let stepped = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      let ends = stepped[0].split(separator: "..", maxSplits: 1, omittingEmptySubsequences: false)
      guard let first = number(ends[0], scale).map(adjusted), range.contains(first) else { throw wrong }
      var parsed = Item(first: first)
      if ends.count == 2 {
        guard let last = number(ends[1], scale).map(adjusted), range.contains(last), first <= last else {
          throw wrong
        }
        parsed.last = last
      }
      if stepped.count == 2 {
        guard let step = number(stepped[1], scale), step > 0 else { throw wrong }
        parsed.step = step
        if let last = parsed.last {
          // As systemd has it: the range ends with the last step in it.
          let steps = (last - first) / step
          parsed =
            steps == 0 ? Item(first: first) : Item(first: first, last: first + steps * step, step: step)
        } else if countsDown ? first - step < range.lowerBound : first + step > range.upperBound {
          // A step that never comes to anything is a slip to systemd.
          throw Refusal(message: "\"\(item)\": the step leads out of the \(name)s at once")
        }
      }
      items.append(parsed)
    }
    return items
  }

  /// A number without sign; with a scale, it may have a fraction.
  private static func number(_ text: Substring, _ scale: Int) -> Int? {
    guard text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == "." && scale > 1) }), text.count < 12 else {
      return nil
    }
    return scale == 1 ? Int(text) : Double(text).map { Int(($0 * Double(scale)).rounded()) }
  }
}
