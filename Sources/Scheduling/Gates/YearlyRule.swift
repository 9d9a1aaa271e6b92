/// An `RRULE` with `FREQ=YEARLY`: on which days of which years.
struct YearlyRule: Sendable, Equatable {
  /// A weekday, by its number in the month or year where that is not 0; from the end where it is negative.
  struct Day: Sendable, Equatable {
    let ordinal: Int
    let weekday: Int
  }

  var interval = 1
  /// 1...12; empty: the start's, unless days say otherwise.
  var months: [Int] = []
  /// 1...31, from the end -1 ... -31.
  var monthDays: [Int] = []
  var days: [Day] = []
  /// Local seconds (UTC where the start is) after which none begins.
  var until: Int64?
  var count: Int?
}
