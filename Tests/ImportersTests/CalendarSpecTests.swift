import JobWriting
import Testing

@testable import Importers

@Suite("CalendarSpec") struct CalendarSpecTests {
  /// The table is made by `Fixtures/make_calendar_table.py`, which says how.
  @Test("gives the elapses that systemd gives, and refuses what it refuses") func agrees() throws {
    var compared = 0
    for line in try Fixture.lines("calendar_table.txt") {
      let base = try #require(Int(line[1]))
      compared += 1
      guard line[2] != "refused" else {
        #expect(throws: CalendarSpec.Refusal.self, "\(line[0])") { try CalendarSpec(line[0]) }
        continue
      }
      var expected: [Int] = []
      for step in line[2].split(separator: " ") {
        expected.append((expected.last ?? base) + (Int(step) ?? 0))
      }
      let trigger = try CalendarSpec(line[0]).trigger
      guard let schedule = try? ImportedSchedule(trigger) else {
        #expect(expected.isEmpty, "\(line[0]): \(trigger)")
        continue
      }
      let found = schedule.due(after: base, count: 20)
      #expect(found == expected, "\(line[0]): \(LuaText.of(.table(trigger)))")
    }
    #expect(compared > 500)
  }

  @Test(
    "is written in the words that say it best",
    arguments: [
      ("daily", #"{ daily = { at = "00:00" } }"#),
      ("*-*-* 4,16:30:15", #"{ daily = { at = { "04:30:15", "16:30:15" } } }"#),
      ("Mon..Wed 06:30", #"{ weekly = { on = { "mon", "tue", "wed" }, at = "06:30" } }"#),
      ("*-*-1,15 02:00", #"{ monthly = { on = { 1, 15 }, at = "02:00" } }"#),
      ("quarterly", #"{ monthly = { on = 1, months = { "jan", "apr", "jul", "oct" }, at = "00:00" } }"#),
      ("*-*~1 23:00", #"{ monthly = { on = "last", at = "23:00" } }"#),
      ("Sun *-*-1..7 03:30", #"{ monthly = { on = "first sun", at = "03:30" } }"#),
      ("Mon *-05~07/1", #"{ monthly = { on = "last mon", months = "may", at = "00:00" } }"#),
      ("2027-12-24 18:00", #"{ at = "2027-12-24T18:00" }"#),
      ("*:0/15", #"{ cron = "*/15 * * * *" }"#),
      ("Mon..Fri 9..17:00", #"{ cron = "0 9-17 * * mon-fri" }"#),
    ])
  func words(text: String, written: String) throws {
    #expect(LuaText.of(.table(try CalendarSpec(text).trigger)) == written)
  }

  @Test("keeps the time zone that is named")
  func zones() throws {
    #expect(try CalendarSpec("*-*-* 12:00 Europe/Berlin").zone == "Europe/Berlin")
    #expect(try CalendarSpec("daily UTC").zone == "UTC")
    #expect(try CalendarSpec("Mon 12:00").zone == nil)
    #expect(throws: CalendarSpec.Refusal.self) { try CalendarSpec("12:00 Mars/Base") }
  }
}

@Suite("TimeSpan") struct TimeSpanTests {
  @Test(
    "reads what systemd reads",
    arguments: [
      ("90", "1m30s"), ("5min 20s", "5m20s"), ("1h30m", "1h30m"), ("2.5 h", "2h30m"), ("1w", "1w"),
      ("500ms", "500ms"), ("1us", "1ms"), ("0", "0s"), ("infinity", "0s"), ("1 day", "1d"),
      ("99999999999", "0s"),
    ])
  func spans(text: String, written: String) {
    #expect(TimeSpan(text)?.written == written)
  }

  @Test("refuses what is none", arguments: ["", "x", "5 parsecs", "1..5s", "-1", "h", "1h-"])
  func refusals(text: String) {
    #expect(TimeSpan(text) == nil)
  }
}
