import Testing

@testable import Scheduling

@Suite("Instant") struct InstantTests {
  @Test(
    "reads what it writes",
    arguments: [
      "2026-11-21T02:00:00.000Z", "1970-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z",
      "0001-01-01T00:00:00.000Z",
      "9999-12-31T23:59:59.999Z", "2024-02-29T12:34:56.789Z",
    ])
  func roundTrip(text: String) throws {
    #expect(try instant(text).description == text)
  }

  @Test("tells local time with its offset") func local() throws {
    let due = try instant("2026-11-21T02:00Z")
    #expect(due.description(in: try Zone.named("Europe/Vienna")) == "2026-11-21T03:00:00.000+01:00")
    #expect(due.description(in: try Zone.named("America/St_Johns")) == "2026-11-20T22:30:00.000-03:30")
    #expect(due.description(in: .utc) == "2026-11-21T02:00:00.000+00:00")
  }

  @Test(
    "refuses what is not an instant, quoting it",
    arguments: [
      "", "tomorrow", "2026", "2026-13-01", "2026-02-29T00:00", "2026-00-10", "2026-04-31", "0000-01-01",
      "2026-1-1",
      "2026-12-24T", "2026-12-24T25:00", "2026-12-24T24:01", "2026-12-24T18:60", "2026-12-24T18",
      "2026-12-24T18:00:61",
      "2026-12-24T18:00X", "2026-12-24T18:00+25:00", "2026-12-24T18:00Z ", "2026-12-24Z", "12026-12-24",
      "2026-12-24T18:00.",
      "2026-12-24T18:00:00.", "0001-01-01T00:00+01:00", "9999-12-31T23:00-02:00", "２026-12-24",
    ])
  func refused(text: String) {
    let error = #expect(throws: ScheduleError.self) { try instant(text) }
    #expect(error?.message.contains("\"\(text)\"") == true, "\(error?.message ?? "")")
  }

  @Test("saturates and never traps") func saturation() {
    let (lowest, highest) = (Instant(microseconds: .min), Instant(microseconds: .max))
    #expect(highest + .days(1) == highest)
    #expect(lowest - .days(1) == lowest)
    #expect(lowest + Interval(microseconds: .min) == lowest)
    #expect(highest - Interval(microseconds: .min) == highest)
    #expect((highest - lowest).microseconds == .max)
    #expect((lowest - highest).microseconds == .min)
    #expect(!highest.description.isEmpty && !lowest.description.isEmpty)
    #expect(Interval.days(.max).microseconds == .max)
    #expect(Interval.days(.min).microseconds == -.max)
  }
}

@Suite("Interval") struct IntervalTests {
  @Test(
    "reads durations, and writes them as a job would",
    arguments: [
      ("90s", 90_000_000, "1m30s"), ("10m", 600_000_000, "10m"), ("1h30m", 5_400_000_000, "1h30m"),
      ("2d", 172_800_000_000, "2d"), ("1w", 604_800_000_000, "1w"), ("250ms", 250_000, "250ms"),
      ("0s", 0, "0s"),
      ("24h", 86_400_000_000, "1d"), ("1.5h", 5_400_000_000, "1h30m"), ("0.25s", 250_000, "250ms"),
      ("1h 30m", 5_400_000_000, "1h30m"), ("10d", 864_000_000_000, "10d"), ("1w3d", 864_000_000_000, "10d"),
      ("0.001ms", 1, "0.001ms"), ("007m", 420_000_000, "7m"),
      // ISO 8601.
      ("PT5M", 300_000_000, "5m"), ("P1DT12H", 129_600_000_000, "1d12h"), ("P2W", 1_209_600_000_000, "2w"),
      ("PT0.5S", 500_000, "500ms"), ("pt1h", 3_600_000_000, "1h"), ("PT0S", 0, "0s"),
    ])
  func parsing(text: String, microseconds: Int64, written: String) throws {
    let interval = try Interval(parsing: text)
    #expect(interval.microseconds == microseconds)
    #expect(interval.description == written)
    #expect(try Interval(parsing: interval.description) == interval)
  }

  @Test(
    "refuses what is not a duration, quoting it and saying what is right",
    arguments: [
      ("", "is not a duration"), ("10", "add one: \"10m\""), ("1h30", "has no unit"),
      ("ten", "expected a number"),
      ("10x", "is not a unit"), ("10min", "is not a unit"), ("m", "expected a number"), ("-5m", "no sign"),
      ("30m1h", "from large to small"), ("1h1h", "from large to small"), ("5M", "is not a unit"),
      ("P1M", "months and years"),
      ("P1Y", "months and years"), ("P", "missing"), ("PT", "missing"), ("P1DT", "missing"),
      ("PT5", "no unit"),
      ("P5H", "is not a unit"), ("99999999999999999999s", "too long"), ("1000000w", "too long"),
      ("1.", "expected a number"),
      ("0.0000001s", "whole number of microseconds"), ("1.5.5h", "is not a unit"), ("5 m", "is not a unit"),
      ("٥m", "expected a number"),
    ])
  func refused(text: String, part: String) {
    let error = #expect(throws: ScheduleError.self) { try Interval(parsing: text) }
    #expect(error?.message.contains("\"\(text)\"") == true, "\(error?.message ?? "")")
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
  }

  @Test(
    "says itself in words",
    arguments: [
      ("10m", "10 minutes"), ("1h30m", "1 hour 30 minutes"), ("24h", "24 hours"), ("2d", "2 days"),
      ("1s", "1 second"),
      ("1w", "1 week"), ("250ms", "250 milliseconds"),
    ])
  func words(text: String, words: String) throws {
    #expect(try Interval(parsing: text).inWords == words)
  }
}

@Suite("TimeOfDay") struct TimeOfDayTests {
  @Test(
    "reads HH:MM and HH:MM:SS",
    arguments: [
      ("02:30", 9_000), ("00:00", 0), ("23:59:59", 86_399), ("24:00", 86_400), ("24:00:00", 86_400),
    ])
  func parsing(text: String, seconds: Int) throws {
    #expect(try TimeOfDay(parsing: text).seconds == seconds)
  }

  @Test(
    "refuses what is not a time of day",
    arguments: [
      "25:00", "", "2:30", "02:60", "24:01", "02:30:60", "0230", "02:30:00:00", "02:", ":30", "aa:bb",
      "+2:30", "02:3 ",
    ])
  func refused(text: String) {
    let error = #expect(throws: ScheduleError.self) { try TimeOfDay(parsing: text) }
    #expect(error?.message == "\"\(text)\" is not a time of day (HH:MM or HH:MM:SS)")
  }

  @Test("knows days of the week by short and full names") func weekdays() throws {
    #expect(try Weekday(parsing: "mon") == .monday)
    #expect(try Weekday(parsing: "Sunday") == .sunday)
    #expect(throws: ScheduleError.self) { try Weekday(parsing: "mond") }
    #expect(
      Weekday.allCases.sorted().map(\.description) == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
    #expect(try LocalDate(parsing: "2026-11-21").weekday == .saturday)
  }
}
