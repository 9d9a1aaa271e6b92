/// One of the fields of a cron expression: its name, its numbers, and what they are called.
enum CronField: Int, Sendable {
  case second, minute, hour, dayOfMonth, month, dayOfWeek, year

  var name: String {
    switch self {
    case .second: "second"
    case .minute: "minute"
    case .hour: "hour"
    case .dayOfMonth: "day of month"
    case .month: "month"
    case .dayOfWeek: "day of week"
    case .year: "year"
    }
  }

  var range: ClosedRange<Int> {
    switch self {
    case .second, .minute: 0...59
    case .hour: 0...23
    case .dayOfMonth: 1...31
    case .month: 1...12
    // Sunday is 0 and 7.
    case .dayOfWeek: 0...7
    case .year: 1970...9999
    }
  }

  /// How many different values there are.
  var valueCount: Int { self == .dayOfWeek ? 7 : range.count }

  /// What is right here, for messages.
  var allowed: String {
    switch self {
    case .second: "seconds are 0 to 59"
    case .minute: "minutes are 0 to 59"
    case .hour: "hours are 0 to 23"
    case .dayOfMonth: "days of the month are 1 to 31"
    case .month: "months are 1 to 12 or jan to dec"
    case .dayOfWeek: "days of the week are 0 to 7 (0 and 7 are Sunday) or sun to sat"
    case .year: "years are 1970 to 9999"
    }
  }

  /// The range over which `H` spreads: not beyond the days that every month has.
  var hashRange: ClosedRange<Int> {
    switch self {
    case .dayOfMonth: 1...28
    case .dayOfWeek: 0...6
    default: range
    }
  }

  static let monthNames = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november",
    "december",
  ]
  static let weekdayNames = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]

  /// What its values may be called.
  var names: [String] {
    switch self {
    case .month: Self.monthNames.map { String($0.prefix(3)) } + Self.monthNames
    case .dayOfWeek: Self.weekdayNames.map { String($0.prefix(3)) } + Self.weekdayNames
    default: []
    }
  }

  /// The number of a month or day of the week by its name or the first three letters of it.
  func value(named word: ArraySlice<UInt8>) -> Int? {
    guard word.count >= 3, self == .month || self == .dayOfWeek else { return nil }
    let (codes, names, first) =
      self == .month
      ? (Self.monthCodes, Self.monthNames, 1) : (Self.weekdayCodes, Self.weekdayNames, 0)
    guard let index = codes.firstIndex(of: Self.code(word)) else { return nil }
    guard word.count == 3 || word.lazy.map({ $0 | 0x20 }).elementsEqual(names[index].utf8) else { return nil }
    return index + first
  }

  private static let monthCodes = monthNames.map { code(Array($0.utf8)[...]) }
  private static let weekdayCodes = weekdayNames.map { code(Array($0.utf8)[...]) }

  /// The first three letters, small, as a number.
  private static func code(_ word: ArraySlice<UInt8>) -> UInt32 {
    word.prefix(3).reduce(0) { $0 << 8 | UInt32($1 | 0x20) }
  }
}
