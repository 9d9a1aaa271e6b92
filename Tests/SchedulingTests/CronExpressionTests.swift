import Testing

@testable import Scheduling

@Suite("CronExpression") struct CronExpressionTests {
  @Test(
    "returns the first due instant strictly after the given one",
    arguments: [
      // Steps.
      ("0/15 * * * *", "2026-07-09T14:45", "2026-07-09T15:00"),
      ("5/15 * * * *", "2026-07-09T14:50", "2026-07-09T15:05"),
      ("*/15 2-4 * * mon-fri", "2026-07-10T04:45", "2026-07-13T02:00"),
      ("10-40/15 * * * *", "2026-07-09T14:25", "2026-07-09T14:40"),
      // Seconds first, a year last.
      ("30 0 0 * * *", "2026-07-09T00:00:30", "2026-07-10T00:00:30"),
      ("*/20 * * * * *", "2026-07-09T00:00:40", "2026-07-09T00:01"),
      ("0 0 0 1 1 ? 2030", "2026-07-09", "2030-01-01"), ("0 0 0 1 1 * 2030,2028", "2026-07-09", "2028-01-01"),
      ("0 0 0 1 1 * 2027/3", "2028-07-09", "2030-01-01"), ("0 0 0 1 1 * 9999", "2026-07-09", "9999-01-01"),
      // Names, in any case and full, and wrap-around.
      ("0 0 * JAN Mon", "2026-07-09", "2027-01-04"), ("0 0 1 january *", "2026-07-09", "2027-01-01"),
      ("0 0 * * fri-mon", "2026-07-06", "2026-07-10"),
      ("0 22-2 * * *", "2026-07-09T02:00", "2026-07-09T22:00"),
      ("0 0 1 nov-feb *", "2026-02-01", "2026-11-01"),
      ("50-10/10 * * * *", "2026-07-09T00:10", "2026-07-09T00:50"),
      ("0 0 30-2 * *", "2026-07-02", "2026-07-30"), ("0 0 * * sat-sun", "2026-07-06", "2026-07-11"),
      // Sunday is 0 and 7.
      ("0 0 * * 7", "2026-07-06", "2026-07-12"), ("0 0 * * 0", "2026-07-06", "2026-07-12"),
      ("0 0 * * 5-7", "2026-07-12", "2026-07-17"), ("0 0 * * 7-1", "2026-07-12", "2026-07-13"),
      ("0 0 * * 1-7/2", "2026-07-10", "2026-07-12"),
      // L, L-n, nL, nW, LW, #.
      ("0 0 L * *", "2026-02-01", "2026-02-28"), ("0 0 L-3 * *", "2026-02-01", "2026-02-25"),
      ("0 0 L,15 * *", "2024-02-15", "2024-02-29"), ("0 0 * * 5L", "2026-07-01", "2026-07-31"),
      ("0 0 * * friL", "2026-07-01", "2026-07-31"), ("0 0 15W * *", "2026-08-01", "2026-08-14"),
      ("0 0 16W * *", "2026-08-01", "2026-08-17"), ("0 0 1W * *", "2026-07-31", "2026-08-03"),
      ("0 0 31W * *", "2026-05-01", "2026-05-29"), ("0 0 LW * *", "2026-01-30", "2026-02-27"),
      ("0 0 * * fri#2", "2026-07-01", "2026-07-10"), ("0 0 * * 5#5", "2026-08-01", "2026-10-30"),
      ("0 0 * * mon,fri#2", "2026-07-06", "2026-07-10"),
      // Both day fields restricted: either matches.
      ("0 0 1,15 * 0", "2026-06-13", "2026-06-14"), ("0 0 13 * fri", "2026-07-06", "2026-07-10"),
      // A field that begins with * is not restricted: both must match.
      ("0 0 */10 * sun", "2026-07-01", "2026-10-11"), ("0 0 13 * */5", "2026-07-01", "2026-09-13"),
      ("0 0 ? * mon", "2026-07-06", "2026-07-13"), ("0 0 13 * ?", "2026-07-01", "2026-07-13"),
      // Macros.
      ("@hourly", "2026-07-09T14:45", "2026-07-09T15:00"), ("@daily", "2026-07-09", "2026-07-10"),
      ("@midnight", "2026-07-09", "2026-07-10"), ("@weekly", "2026-07-09", "2026-07-12"),
      ("@monthly", "2026-07-09", "2026-08-01"), ("@yearly", "2026-07-09", "2027-01-01"),
      ("@ANNUALLY", "2026-07-09", "2027-01-01"),
      // Rare ones.
      ("0 0 29 2 *", "2097-01-01", "2104-02-29"), ("  0   0\t1  1  * ", "2026-07-09", "2027-01-01"),
    ])
  func next(text: String, after: String, expected: String) throws {
    let found = try CronExpression(parsing: text).next(after: instant(after), in: .utc)
    #expect(found == (try instant(expected)), "\(found?.description ?? "never")")
  }

  @Test("finds 29 February on a Monday in 2072 and 2112, and after the table's cycle") func leapMondays()
    throws
  {
    let expression = try CronExpression(parsing: "0 0 29 2 mon", dayMatch: .and)
    let zone = try Zone.named("Europe/Vienna")
    var last = try instant("2045-01-01")
    var years: [Int] = []
    while let next = expression.next(after: last, in: zone), years.count < 4 {
      years.append(zone.date(at: next).year)
      last = next
    }
    #expect(years == [2072, 2112, 2140, 2168])
    #expect(expression.next(after: try instant("9995-01-01"), in: zone) == nil)
    #expect(
      try CronExpression(parsing: "0 * 29 2 mon", dayMatch: .and).next(after: instant("2045-01-01"), in: zone)
        == instant("2072-02-29", zone))
  }

  @Test("combines the day fields as day_match says") func dayMatch() throws {
    func next(_ text: String, _ match: DayMatch) throws -> String? {
      try CronExpression(parsing: text, dayMatch: match).next(after: instant("2026-07-01"), in: .utc)?
        .description
    }
    #expect(try next("0 0 13 * fri", .and) == "2026-11-13T00:00:00.000Z")
    #expect(try next("0 0 13 * fri", .or) == "2026-07-03T00:00:00.000Z")
    #expect(try next("0 0 */10 * sun", .or) == "2026-07-05T00:00:00.000Z")
    // A field that says nothing adds nothing.
    #expect(try next("0 0 * * mon", .or) == "2026-07-06T00:00:00.000Z")
    #expect(try next("0 0 13 * ?", .or) == "2026-07-13T00:00:00.000Z")
  }

  @Test("spreads H by the job's name, the same each time") func hash() throws {
    var minutes: Set<Int64> = []
    for number in 0..<300 {
      let name = "job\(number)"
      let first = try CronExpression(parsing: "H H * * *", jobName: name)
      #expect(try first == CronExpression(parsing: "H H * * *", jobName: name))
      let due = try #require(first.next(after: instant("2026-07-01"), in: .utc))
      minutes.insert(due.seconds / 60 % 60)
      let ten = try CronExpression(parsing: "H(0-29)/10 * * * *", jobName: name)
      let inTen = try #require(ten.next(after: instant("2026-06-30T23:59:59"), in: .utc)).seconds / 60 % 60
      #expect((0..<10).contains(inTen))
      let day = try CronExpression(parsing: "0 0 H * *", jobName: name)
      #expect(
        (1...28).contains(
          try LocalDate(
            dayNumber: Int(#require(day.next(after: instant("2026-01-31T12:00"), in: .utc)).seconds / 86_400)
          ).day))
    }
    #expect(minutes.count > 55)
    // An upgrade must not move jobs.
    #expect(
      try CronExpression(parsing: "H H * * *", jobName: "backup").next(
        after: instant("2026-07-01"), in: .utc)?.description
        == "2026-07-01T02:51:00.000Z")
  }

  @Test(
    "refuses what makes no sense, quoting it, pointing at the place and saying what is right",
    arguments: [
      ("", "has no fields"), ("* * * *", "has 4 fields; a cron expression has five"),
      ("* * * * * * * *", "has 8 fields"),
      ("60 * * * *", "minute field \"60\", character 1: 60 is out of range; minutes are 0 to 59"),
      ("0 25 * * *", "hour field \"25\", character 3: 25 is out of range; hours are 0 to 23"),
      ("0 0 0 * *", "days of the month are 1 to 31"), ("0 0 32 * *", "32 is out of range"),
      ("0 0 * 13 *", "months are 1 to 12"),
      ("0 0 * * 8", "days of the week are 0 to 7"), ("0 0 * foo *", "\"foo\" is not known here; months are"),
      ("0 0 * * foo", "\"foo\" is not known here; days of the week are"),
      ("foo * * * *", "minutes are 0 to 59"),
      ("*/0 * * * *", "a step is at least 1"), ("*/x * * * *", "the step after \"/\" is missing"),
      ("*/ * * * *", "the step after"),
      ("*/90 * * * *", "write every = \"90m\""), ("1- * * * *", "the end of the range is missing"),
      ("-1 * * * *", "numbers have no sign"), ("1,,2 * * * *", "an item of the list is missing"),
      ("1, * * * *", "an item of the list is missing"), (",1 * * * *", "an item of the list is missing"),
      ("1 2 3 4 5x", "\"x\" is not expected here"), ("1-2-3 * * * *", "is not expected here"),
      ("? * * * *", "\"?\" stands only in the day fields"),
      ("0 0 ?/2 * *", "\"?\" stands alone"), ("0 0 * * L", "\"L\" needs a day"),
      ("0 0 L-31 * *", "write L-1 to L-30"),
      ("0 0 L-0 * *", "write L-1 to L-30"), ("0 0 * * fri#6", "a fifth (#5)"),
      ("0 0 * * fri#0", "a fifth (#5)"),
      ("0 0 * * fri#", "a number is missing"), ("15W * * * *", "\"W\" stands only in the day-of-month field"),
      ("0 0 5L * *", "stand only in the day-of-week field"), ("0 0 0 1 1 * 1969", "years are 1970 to 9999"),
      ("0 0 0 1 1 * 2030-2028", "go upwards"), ("0 0 0 1 1 * H", "does not stand in the year field"),
      ("H(5-1) * * * *", "the range of H goes upwards"), ("H(1-99) * * * *", "99 is out of range"),
      ("H(1-5 * * * *", "\")\" of H(1-5)"),
      ("H(0-9)/20 * * * *", "the step is longer"),
      ("99999999999999999999 * * * *", "99999999999999999999 is out of range"),
      ("*/99999999999999999999 * * * *", "longer than the field"), ("é * * * *", "\"é\" is not a value"),
      ("@evry", "is not a known macro"), ("@dayly", "did you mean \"@daily\"?; the macros are @hourly"),
      ("@every 5m", "write every = \"5m\""), ("@every 1h 30m", "write every = \"1h30m\""),
      ("@every often", "write every = \"10m\""), ("@reboot", "on = \"boot\""),
      ("0 0 * * mon,wendsday", "character 13: \"wendsday\" is not known here; did you mean \"wednesday\"?"),
      ("0 0 * jnuary *", "did you mean \"january\"?; months are 1 to 12"),
      ("0 0 15,? * *", "character 8: \"?\" stands alone"),
      ("*/99999999999999999999 * * * *", "the step 99999999999999999999 is longer"),
      // What can never fire.
      ("0 0 30 2 *", "can never fire: February has no day 30"), ("0 0 31 4,6 *", "can never fire"),
      ("0 0 31 4,6 *", "April and June have no day 31; the last day of a month is \"L\""),
      ("0 0 31W 2 *", "February has no day 31"), ("0 0 L-30 2 *", "no such month has such a day"),
      ("0 0 0 29 2 * 2027", "can never fire: there is a 29 February in leap years only"),
      ("0 0 0 29 2 * 2100", "can never fire"),
    ])
  func refused(text: String, part: String) {
    let error = #expect(throws: ScheduleError.self) { try CronExpression(parsing: text) }
    #expect(error?.message.contains("\"\(text)\"") == true, "\(error?.message ?? "")")
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
  }

  @Test("refuses a first Monday on the 31st, with day_match = and") func neverBoth() {
    let error = #expect(throws: ScheduleError.self) {
      try CronExpression(parsing: "0 0 31 * mon#1", dayMatch: .and)
    }
    #expect(error?.message.contains("must both match, and they never do") == true)
  }

  @Test("never traps on any text") func anyText() {
    var random = SeededGenerator(seed: 3)
    let letters = Array("0123456789*/-,?LWH#() \t@abcdefhjmnortuvy.é")
    for _ in 0..<20_000 {
      let text = String(
        (0..<Int.random(in: 0...24, using: &random)).map { _ in
          letters[Int.random(in: 0..<letters.count, using: &random)]
        })
      _ = try? CronExpression(parsing: text).next(after: Instant(seconds: 0), in: .utc)
    }
  }

  @Test(
    "says in words what it means",
    arguments: [
      ("30 2 * * *", "at 02:30 every day"),
      ("*/15 2-4 * * mon-fri", "every 15 minutes from 02:00 to 04:59, Monday to Friday"),
      ("* * * * *", "every minute"), ("*/15 * * * *", "every 15 minutes"),
      ("0 * * * *", "every hour, on the hour"),
      ("30 * * * *", "at minute 30 of every hour"), ("0 */2 * * *", "every 2 hours, on the hour"),
      ("0 9-17 * * mon-fri", "every hour from 09:00 to 17:00, Monday to Friday"),
      ("0 0 1 1 *", "at 00:00, on day 1 of January"),
      ("0 0 1 * *", "at 00:00, on day 1 of the month"), ("0 6,18 * * *", "at 06:00 and 18:00 every day"),
      ("0 0 L * *", "at 00:00, on the last day of the month"),
      ("0 0 * * 5L", "at 00:00, on the last Friday of the month"),
      ("0 0 15W * *", "at 00:00, on the weekday nearest to day 15 of the month"),
      ("0 0 LW * *", "at 00:00, on the last weekday of the month"),
      ("0 0 * * fri#2", "at 00:00, on the second Friday of the month"),
      ("0 0 * * sat,sun", "at 00:00, on Saturday and Sunday"),
      ("0 0 * jul *", "at 00:00 every day in July"),
      ("*/10 * * jan-mar *", "every 10 minutes, in January to March"),
      ("*/10 * * * * *", "every 10 seconds"), ("* * * * * *", "every second"),
      ("15 * * * * *", "at second 15 of every minute"),
      ("30 15 10 * * *", "at 10:15:30 every day"), ("5/15 * * * *", "every 15 minutes from minute 5"),
      ("5,20 * * * *", "at minutes 5 and 20 of every hour"),
      ("0 22-2 * * *", "every hour from 22:00 to 02:00"),
      ("*/5 22-2 * * *", "every 5 minutes from 22:00 to 02:59"),
      ("0 0 1,15 * 0", "at 00:00, on days 1 and 15 of the month or on Sunday"),
      ("0 0 */10 * sun", "at 00:00, on Sunday if it is day 1, 11, 21 or 31 of the month"),
      ("0 0 0 1 1 ? 2030", "at 00:00, on day 1 of January, in 2030"),
      ("0 0 * * fri-mon", "at 00:00, Friday to Monday"),
      ("0 0 L-3 * *", "at 00:00, on the 4th-last day of the month"), ("@daily", "at 00:00 every day"),
      ("0-10 3 * * *", "every minute from 03:00 to 03:10"),
      ("30 */5 * * * *", "at second 30 of every 5th minute"),
      ("0 0 */2 * *", "at 00:00, on every 2nd day (from day 1) of the month"),
      ("0 30 2 * * *", "at 02:30 every day"), ("0 4 8-14 * *", "at 04:00, on days 8 to 14 of the month"),
      ("23 0-20/2 * * *", "at minute 23 of the hours 0, 2, 4, 6, 8, 10, 12, 14, 16, 18 and 20"),
      ("30 9-17 * * *", "at minute 30 of every hour from 09:00 to 17:59"),
    ])
  func words(text: String, words: String) throws {
    #expect(try CronExpression(parsing: text).inWords == words)
  }
}
