import LuaHost
import Testing
import Values

@testable import HostModules

@Suite("almanac.time") struct TimeModuleTests {
  private let folder = TemporaryFolder()

  private func main(_ body: String) async -> ScriptHost.Outcome {
    await ScriptHost.main("local time = require 'almanac.time'\n" + body, in: folder)
  }

  @Test("now is os.time's, with a fraction")
  func now() async {
    #expect(await main("return math.abs(time.now() - os.time()) < 2").result == true)
  }

  @Test(
    "parses ISO 8601 in a zone",
    arguments: [
      ("'1970-01-01T00:00:00Z'", "0"), ("'2026-11-23T10:00:00+01:00'", "1795424400"),
      ("'2026-11-23T10:00', 'Europe/Vienna'", "1795424400"), ("'2026-11-23', 'UTC'", "1795392000"),
      ("'2026-11-23 10:00:00.25', 'UTC'", "1795428000.25"),
      // Skipped in spring, twice in autumn.
      ("'2026-03-29T02:30', 'Europe/Vienna'", "1774746000"),
      ("'2026-10-25T02:30', 'Europe/Vienna'", "1792888200"),
      ("'1600-02-29', 'UTC'", "-11670998400"),
    ])
  func parses(call: String, seconds: String) async {
    #expect(await main("return tostring(time.parse(\(call)))").result == .string(seconds))
  }

  @Test(
    "formats",
    arguments: [
      ("0, nil, 'UTC'", "1970-01-01T00:00:00Z"),
      ("1795424400, nil, 'Europe/Vienna'", "2026-11-23T10:00:00+01:00"),
      ("1795424400.25, nil, 'UTC'", "2026-11-23T09:00:00.250Z"),
      ("'2026-11-23T10:00Z', '%d.%m.%Y %H:%M', 'America/New_York'", "23.11.2026 05:00"),
      ("0, '%-d/%-m/%y %-H:%M %%%n%t|', 'UTC'", "1/1/70 0:00 %\n\t|"),
      ("1.5, '%s %L %f', 'UTC'", "1 500 500000"),
      ("-0.5, '%s %L', 'UTC'", "-1 500"), ("0, '%z %:z %Z', 'Asia/Kolkata'", "+0530 +05:30 Asia/Kolkata"),
      ("0, '%Z', 'UTC'", "UTC"), ("0, 'é%Y', 'UTC'", "é1970"),
    ])
  func formats(call: String, text: String) async {
    #expect(await main("return time.format(\(call))").result == .string(text))
  }

  @Test(
    "patterns write what the system's date writes", arguments: ["UTC", "Europe/Vienna", "America/St_Johns"])
  func asDate(zone: String) async throws {
    let pattern =
      "%Y %y %m %d %e %j %H %I %M %S %p %a %A %b %B %h %u %w %V %G %U %W %s %z %:z %F %T %R %D %r %c"
    let instants =
      (0..<40).map { $0 * 137_438_953 - 2_000_000_000 } + [1_798_675_199, 1_798_675_200, 1_609_459_200]
    let list = instants.map(String.init).joined(separator: " ")
    let expected = folder.shell(
      "for t in \(list); do LC_ALL=C TZ=\(zone) date -d @$t +'\(pattern)'; done"
    ).output
    let outcome = await main(
      """
      local lines = {}
      for t in ("\(list)"):gmatch("%S+") do lines[#lines + 1] = time.format(math.tointeger(t), "\(pattern)", "\(zone)") .. "\\n" end
      return table.concat(lines)
      """)
    #expect(outcome.result == .string(expected))
  }

  @Test("what a pattern has written it reads")
  func reads() async {
    let outcome = await main(
      """
      math.randomseed(3)
      local patterns = { "%Y-%m-%dT%H:%M:%S%z", "%d/%b/%Y:%H:%M:%S %z", "%A, %e %B %Y %I:%M:%S %p %:z", "%s", "%j %Y %T%:z", "%c %z" }
      for i = 1, 200 do
        local t = math.random(0, 4000000000)
        for _, pattern in ipairs(patterns) do
          local text = time.format(t, pattern, "America/New_York")
          assert(time.parse_as(text, pattern) == t, text)
        end
      end
      assert(time.parse_as("23.11.2026", "%d.%m.%Y", "UTC") == time.parse("2026-11-23", "UTC"))
      assert(time.parse_as("Mon, 23 Nov 2026 10:00:00 GMT", "%a, %d %b %Y %H:%M:%S %Z") == time.parse("2026-11-23T10:00Z"))
      assert(time.parse_as("10:30:00.5", "%H:%M:%S.%f", "UTC") == 37800.5)
      assert(time.parse_as("12 AM", "%I %p", "UTC") == 0 and time.parse_as("12 pm", "%I %p", "UTC") == 43200)
      return time.parse_as("69 68", "%y 68", "UTC") == time.parse("1969-01-01", "UTC")
      """)
    #expect(outcome.result == true)
  }

  @Test(
    "trouble is nil and a sentence",
    arguments: [
      (
        "parse('tomorrow')",
        "\"tomorrow\" is not a date (YYYY-MM-DD) or a time (YYYY-MM-DDTHH:MM[:SS], with Z or +HH:MM)"
      ),
      ("parse('2026-02-30')", "\"2026-02-30\" is not a day of the calendar: 2026-02 has the days 01 to 28"),

      ("parse_as('x', '%d')", "\"x\" does not fit \"%d\" at character 1"),
      ("parse_as('12 x', '%d')", "\"12 x\" does not fit \"%d\" at character 3"),
      ("parse_as(('1'):rep(1e7), '%d')", "a text of 10000000 bytes is too long: 16384 are read"),
      ("parse_as('31.02.2026', '%d.%m.%Y')", "\"31.02.2026\" is not a day of the calendar"),
      ("parse_as('13', '%m')", "\"13\" does not fit \"%m\" at character 1"),
      ("parse_as('48', '%V')", "%V can be written, but not read back"),
      ("parse_duration('10')", "\"10\" has no unit; add one: \"10m\", \"10s\""),
      (
        "next_business_day(0, { weekend = { 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun' } })",
        "there is no such business day: ten years have none, or the calendar ends"
      ),
      (
        "is_business_day(0, { holidays = { calendar = 'none.ics' } })",
        "cannot read none.ics: no such file or directory"
      ),
    ])
  func trouble(call: String, message: String) async {
    #expect(await main("return time.\(call)").result == .string("failed: " + message))
  }

  @Test(
    "misuse raises with the line that made it",
    arguments: [
      (
        "format()",
        "time.format: the instant must be a number of seconds since 1970 or a text like \"2026-12-24T18:00\", not nil"
      ),
      (
        "format(1e13)",
        "time.format: the instant must be an instant of the years 1 to 9999, not 10000000000000.0"
      ),
      ("format(0/0)", "time.format: the instant must be an instant of the years 1 to 9999, not -nan"),
      (
        "format(0, 'Europe/Vienna')",
        "time.format: pattern \"Europe/Vienna\" has no % in it, as in \"%Y-%m-%d\"; a zone comes behind it"
      ),
      ("format(0, '%Q')", "time.format: pattern \"%Q\" in \"%Q\" is not known (docs/jobs.md has the list)"),
      ("format(0, '%')", "time.format: pattern \"%\" ends in the middle of a directive"),
      (
        "format(0, nil, 'Europe/Viena')",
        "time.format: \"Europe/Viena\" is not a known time zone; did you mean Europe/Vienna?"
      ),
      ("add(0, { day = 1 })", "time.add: unknown option `day`: did you mean `days`?"),
      (
        "add(0, '1 fortnight')",
        "time.add: \"1 fortnight\": \" \" at character 2 is not a unit; the units are w, d, h, m, s and ms"
      ),
      ("add('9999-12-31', { years = 1 })", "time.add: the sum is outside the years 1 to 9999"),
      (
        "add(0, { days = 1e15 })",
        "time.add: days must be a whole number from -1000000000 to 1000000000, not 1e+15"
      ),
      ("add(0, { years = 1000000000 })", "time.add: the sum is outside the years 1 to 9999"),
      ("diff(0, 1, 'dais')", "time.diff: \"dais\" is not a unit: did you mean \"days\"?"),
      (
        "start_of(0, 'decade')",
        "time.start_of: \"decade\" is not a unit: there are years, months, weeks, days, hours, minutes, seconds"
      ),
      ("make({ month = 1 })", "time.make: year is missing"),
      ("make({ year = 2026, month = 2, day = 30 })", "time.make: the month 2 of 2026 has no day 30"),
      ("make({ year = 2026, hour = 24 })", "time.make: hour must be a whole number from 0 to 23, not 24"),
      ("format_duration('x')", "time.format_duration: the duration must be a number of seconds, not \"x\""),
      (
        "is_business_day(0, { holidays = { '24.12.' } })",
        "time.is_business_day: holidays: \"24.12.\" is not a date (2026-12-24) or a range of dates (2026-12-24..2027-01-06)"
      ),
      (
        "add_business_days(0)",
        "time.add_business_days: the number of days must be a whole number from -1000000 to 1000000, not nil"
      ),
      (
        "is_business_day(0, { weekend = { 'sat', 'funday' } })",
        "time.is_business_day: weekend: \"funday\" is not a day of the week (mon, tue, wed, thu, fri, sat, sun); did you mean \"sunday\"?"
      ),
    ])
  func misuse(call: String, message: String) async {
    #expect(await main("time.\(call)").result == .string("failed: jobs/test.lua:3: " + message))
  }

  @Test("parts are those of os.date, and go back by make")
  func parts() async {
    let outcome = await main(
      """
      math.randomseed(5)
      for i = 1, 200 do
        local t = math.random(-4000000000, 8000000000)
        local mine, os_parts = time.parts(t, "UTC"), os.date("!*t", t)
        for _, key in ipairs { "year", "month", "day", "hour", "min", "sec", "wday", "yday" } do
          assert(mine[key] == os_parts[key], key)
        end
        assert(("%02d"):format(mine.week) == os.date("!%V", t) and mine.week_year == tonumber(os.date("!%G", t)))
        assert(mine.weekday == os.date("!%a", t):lower())
        local back = { year = mine.year, month = mine.month, day = mine.day, hour = mine.hour, min = mine.min, sec = mine.sec }
        assert(time.make(back, "UTC") == t)
      end
      local p = time.parts("2026-07-01T12:00:00.5Z", "Europe/Vienna")
      assert(p.hour == 14 and p.offset == 7200 and p.zone == "Europe/Vienna" and p.fraction == 0.5)
      return time.make({ year = 2026 }, "UTC")
      """)
    #expect(outcome.result == 1_767_225_600)
  }

  @Test(
    "adds by the calendar of a zone, and exact time",
    arguments: [
      ("'2026-01-31', { months = 1 }", "2026-02-28T00:00:00+01:00"),
      ("'2024-02-29', { years = 1 }", "2025-02-28T00:00:00+01:00"),
      ("'2026-03-31T10:00', { months = -1 }", "2026-02-28T10:00:00+01:00"),
      // Over the change of the clocks: a day keeps the time of day, 24 hours do not.
      ("'2026-03-28T12:00', { days = 1 }", "2026-03-29T12:00:00+02:00"),
      ("'2026-03-28T12:00', '24h'", "2026-03-29T13:00:00+02:00"),
      ("'2026-03-28T02:30', { days = 1 }", "2026-03-29T03:00:00+02:00"),
      ("'2026-10-25T00:00', { hours = 3 }", "2026-10-25T02:00:00+01:00"),
      ("'2026-11-23T10:00', 90", "2026-11-23T10:01:30+01:00"),
      ("'2026-11-23T10:00', '-1h30m'", "2026-11-23T08:30:00+01:00"),
      (
        "'2026-11-23T10:00', { weeks = 1, days = -1, hours = 2, minutes = 3, seconds = 4 }",
        "2026-11-29T12:03:04+01:00"
      ),
      // The second of two 02:30 stays the second.
      ("1792891800, {}", "2026-10-25T02:30:00+01:00"),
      ("1792891800, { days = 0, minutes = 1 }", "2026-10-25T02:31:00+01:00"),
    ])
  func adds(call: String, sum: String) async {
    let outcome = await main("return time.format(time.add(\(call), 'Europe/Vienna'), nil, 'Europe/Vienna')")
    #expect(outcome.result == .string(sum))
  }

  @Test(
    "counts whole units between two instants",
    arguments: [
      ("'2026-01-31', '2026-02-28', 'months'", 1), ("'2026-01-31', '2026-02-27', 'month'", 0),
      ("'2026-02-28', '2026-01-31', 'months'", 0), ("'2026-03-28', '2026-02-28', 'months'", -1),
      ("'2024-02-29', '2025-02-28', 'years'", 1), ("'2024-02-29T12:00', '2025-02-28T11:59', 'years'", 0),
      ("'2026-03-28T12:00', '2026-03-29T12:00', 'days'", 1),
      ("'2026-03-28T12:00', '2026-03-29T11:59', 'days'", 0),
      ("'2026-03-28T12:00', '2026-03-29T12:00', 'hours'", 23), ("'2026-11-23', '2026-12-07', 'weeks'", 2),
      ("0, 59.9, 'minutes'", 0), ("0, -61, 'minutes'", -1), ("0, 1.5, 'seconds'", 1),
    ])
  func counts(call: String, count: Int64) async {
    #expect(await main("return time.diff(\(call), 'Europe/Vienna')").result == .int(count))
  }

  @Test(
    "finds the beginning of a unit",
    arguments: [
      ("'year'", "2026-01-01T00:00:00+01:00"), ("'month'", "2026-10-01T00:00:00+02:00"),
      ("'weeks'", "2026-10-19T00:00:00+02:00"),
      ("'day'", "2026-10-25T00:00:00+02:00"), ("'hour'", "2026-10-25T02:00:00+01:00"),
      ("'minute'", "2026-10-25T02:30:00+01:00"),
      ("'second'", "2026-10-25T02:30:15+01:00"),
    ])
  func starts(unit: String, text: String) async {
    // The second 02:30:15 of that night.
    let outcome = await main(
      "return time.format(time.start_of(1792891815.75, \(unit), 'Europe/Vienna'), nil, 'Europe/Vienna')")
    #expect(outcome.result == .string(text))
  }

  @Test("durations are read and written as in a schedule")
  func durations() async {
    let outcome = await main(
      """
      assert(time.parse_duration("1h30m") == 5400 and time.parse_duration("PT5M") == 300 and time.parse_duration("250ms") == 0.25)
      assert(time.format_duration(5400) == "1h30m" and time.format_duration(0) == "0s" and time.format_duration(-90.5) == "-1m30s500ms")
      math.randomseed(9)
      for i = 1, 300 do
        local seconds = math.random(0, 100000000) / 1000
        assert(math.abs(time.parse_duration(time.format_duration(seconds)) - seconds) < 1e-6)
      end
      return math.type(time.parse_duration("2d"))
      """)
    #expect(outcome.result == "integer")
  }

  @Test("business days leave out weekends and holidays, of lists and calendar files")
  func businessDays() async throws {
    try folder.write(
      """
      BEGIN:VCALENDAR
      VERSION:2.0
      BEGIN:VEVENT
      DTSTART;VALUE=DATE:20201225
      DTEND;VALUE=DATE:20201227
      RRULE:FREQ=YEARLY
      SUMMARY:Christmas
      END:VEVENT
      BEGIN:VEVENT
      DTSTART:20261222T120000
      DTEND:20261222T180000
      SUMMARY:Half a day is none
      END:VEVENT
      END:VCALENDAR
      """.replacing("\n", with: "\r\n"), to: "holidays.ics")
    let outcome = await main(
      """
      local zone = "Europe/Vienna"
      local plain, list = { zone = zone }, { zone = zone, holidays = { "2026-12-24", "2026-12-31..2027-01-06" } }
      local file = { zone = zone, holidays = { "2026-12-24", calendar = "holidays.ics" } }
      local function day(t) return time.format(t, "%F %R", zone) end
      assert(time.is_business_day("2026-12-24", plain) and not time.is_business_day("2026-12-26", plain))
      assert(not time.is_business_day("2026-12-24", list) and time.is_business_day("2026-12-25", list))
      assert(not time.is_business_day("2026-12-25T23:59", file) and time.is_business_day("2026-12-22", file))
      assert(not time.is_business_day("2034-12-25", file))
      assert(time.is_business_day("2026-12-25", { zone = zone, weekend = {}, holidays = "2026-12-24" }))
      assert(not time.is_business_day("2026-12-25", { zone = zone, weekend = { "fri", "saturday" } }))
      assert(day(time.next_business_day("2026-11-27T18:30", plain)) == "2026-11-30 18:30")
      assert(day(time.next_business_day("2026-12-23T08:00", file)) == "2026-12-28 08:00")
      assert(day(time.add_business_days("2026-12-23", 3, list)) == "2026-12-29 00:00")
      assert(day(time.add_business_days("2026-12-30", 1, list)) == "2027-01-07 00:00")
      assert(day(time.add_business_days("2026-11-28", 1, plain)) == "2026-11-30 00:00")
      assert(day(time.add_business_days("2026-11-28", -1, plain)) == "2026-11-27 00:00")
      assert(day(time.add_business_days("2026-11-28T01:02", 0, plain)) == "2026-11-28 01:02")
      return day(time.add_business_days("2026-11-23", 260, plain))
      """)
    #expect(outcome.result == "2027-11-22 00:00", "\(outcome.result)")
    let broken = await main(
      "fs.write('bad.ics', 'x') return time.is_business_day(0, { holidays = { calendar = 'bad.ics' } })")
    #expect(
      broken.result == "failed: bad.ics:1: not an iCalendar file: it does not begin with BEGIN:VCALENDAR")
  }

  @Test("the zone is the job's own where none is named")
  func zoneOfJob() async {
    let outcome = await ScriptHost.run(
      """
      schedule = { every = "1h", time_zone = "Asia/Tokyo" }
      local time = require "almanac.time"
      function main() return time.format(0) .. " " .. time.parts(0).zone .. " " .. time.parse("1970-01-01T09:00") end
      """, in: folder)
    #expect(outcome.result == "1970-01-01T09:00:00+09:00 Asia/Tokyo 0")
  }
}
