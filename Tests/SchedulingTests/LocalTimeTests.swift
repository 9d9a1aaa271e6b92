import Testing

@testable import Scheduling

@Suite("Calendar arithmetic") struct LocalTimeTests {
  @Test("a date by months stays in the month that it comes to")
  func months() throws {
    let date = try LocalDate(parsing: "2026-01-31")
    #expect(date.adding(months: 1)?.description == "2026-02-28")
    #expect(date.adding(months: 25)?.description == "2028-02-29")
    #expect(date.adding(months: -2)?.description == "2025-11-30")
    #expect(date.adding(months: 12 * 9_999) == nil)
    #expect(date.adding(months: -12 * 2_026) == nil)
    #expect(date.adding(months: .max) == nil)
    #expect(date.adding(months: .min) == nil)
    for months in -24_000...24_000 {
      guard let moved = date.adding(months: months) else { continue }
      #expect(moved.year * 12 + moved.month == 2_026 * 12 + 1 + months)
    }
  }

  @Test("a date by days ends with the calendar")
  func days() throws {
    let date = try LocalDate(parsing: "9999-12-30")
    #expect(date.adding(days: 1)?.description == "9999-12-31")
    #expect(date.adding(days: 2) == nil)
    #expect(date.adding(days: .max) == nil)
    #expect(date.adding(days: .min) == nil)
  }

  @Test(
    "weeks are those of ISO 8601",
    arguments: [
      ("2026-01-01", 2026, 1), ("2027-01-01", 2026, 53), ("2024-12-30", 2025, 1), ("2023-01-01", 2022, 52),
      ("2026-11-23", 2026, 48),
    ])
  func weeks(date: String, year: Int, week: Int) throws {
    let found = try LocalDate(parsing: date).isoWeek
    #expect(found.year == year)
    #expect(found.week == week)
  }

  @Test("the clock at a place goes to and fro", arguments: ["UTC", "Europe/Vienna", "Asia/Kolkata"])
  func clock(name: String) throws {
    let zone = try Zone.named(name)
    // In steps that meet no hour that comes twice.
    for step in 0..<2_000 {
      let instant = Instant(microseconds: Int64(step) * 86_400_000_000 * 5 + 43_200_123_456)
      #expect(zone.instant(of: zone.localTime(at: instant)) == instant)
    }
  }

  @Test("business days: where none comes, there is none")
  func noBusinessDays() throws {
    let date = try LocalDate(parsing: "2026-11-23")
    #expect(BusinessDays(weekend: Set(Weekday.allCases), zone: .utc).day(1, from: date) == nil)
    #expect(BusinessDays(zone: .utc).day(1, from: try LocalDate(parsing: "9999-12-31")) == nil)
    #expect(BusinessDays(zone: .utc).day(5, from: date)?.description == "2026-11-30")
    #expect(BusinessDays(zone: .utc).day(-5, from: date)?.description == "2026-11-16")
  }
}
