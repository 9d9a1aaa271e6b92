import Testing

@testable import Scheduling

func window(_ from: String, _ to: String, _ days: Set<Weekday> = Set(Weekday.allCases), stop: Bool = false)
  throws -> Window
{
  try Window(
    from: TimeOfDay(parsing: from), to: TimeOfDay(parsing: to), days: days, onClose: stop ? .stop : .finish)
}

func blackout(_ texts: String...) throws -> Blackout {
  var blackout = Blackout()
  for text in texts { try blackout.add(parsing: text, in: Zone.named("Europe/Vienna")) }
  return blackout
}

@Suite("Window") struct WindowTests {
  private func gated(_ windows: [Window], zone: String = "Europe/Vienna", blackout: Blackout = .none) throws
    -> Schedule
  {
    try schedule(.every(.minutes(1)), zone: zone, windows: windows, blackout: blackout)
  }

  @Test("is half open, belongs to the day on which it opens, and crosses midnight") func gates() throws {
    let night = try gated([window("22:00", "02:00", [.friday])])
    // 2026-07-10 is a Friday.
    for (at, isOpen) in [
      ("2026-07-10T21:59:59", false), ("2026-07-10T22:00", true), ("2026-07-11T01:59:59.999", true),
      ("2026-07-11T02:00", false),
      ("2026-07-10T01:00", false), ("2026-07-11T23:00", false),
    ] {
      let gate = night.gate(at: try instant(at, night.zone))
      if isOpen {
        #expect(gate == .open(until: try instant("2026-07-11T02:00", night.zone)), "\(at)")
      } else if case .open = gate {
        Issue.record("\(at) is open")
      }
    }
    #expect(
      night.gate(at: try instant("2026-07-11T02:00", night.zone))
        == .closed(
          opensAt: try instant("2026-07-17T22:00", night.zone), reason: "window 22:00-02:00 fri is closed"))
  }

  @Test("joins windows that touch, and is always open without a gap") func unions() throws {
    let joined = try gated([
      window("02:00", "04:00"), window("04:00", "06:00"), window("05:00", "07:00"), window("12:00", "13:00"),
    ])
    #expect(
      joined.gate(at: try instant("2026-07-10T02:30", joined.zone))
        == .open(until: try instant("2026-07-10T07:00", joined.zone)))
    #expect(
      joined.gate(at: try instant("2026-07-10T13:00", joined.zone))
        == .closed(
          opensAt: try instant("2026-07-11T02:00", joined.zone),
          reason: "windows 02:00-04:00 and 04:00-06:00 and 05:00-07:00 and 12:00-13:00 are closed"))
    #expect(try gated([window("00:00", "24:00")]).gate(at: instant("2026-07-10T13:00")) == .open(until: nil))
    #expect(
      try gated([window("06:00", "18:00"), window("18:00", "06:00")]).gate(at: instant("2026-07-10T13:00"))
        == .open(until: nil))
    #expect(try gated([]).gate(at: instant("2026-07-10T13:00")) == .open(until: nil))
    let weekdays = try gated([window("00:00", "24:00", [.monday, .tuesday])])
    #expect(
      weekdays.gate(at: try instant("2026-07-06T10:00", weekdays.zone))
        == .open(until: try instant("2026-07-08T00:00", weekdays.zone)))
  }

  @Test(
    "reads its ends as due times are read through daylight saving",
    arguments: [
      // Opens in the gap: at its end.
      ("02:30", "04:00", "2027-03-28", "2027-03-28T03:00", "2027-03-28T04:00"),
      // Closes in the gap.
      ("01:00", "02:30", "2027-03-28", "2027-03-28T01:00", "2027-03-28T03:00"),
      // Lies wholly in the gap: its nominal length after it.
      ("02:00", "03:00", "2027-03-28", "2027-03-28T03:00", "2027-03-28T04:00"),
      ("02:15", "02:45", "2027-03-28", "2027-03-28T03:00", "2027-03-28T03:30"),
      // Autumn: the first of the two.
      ("02:30", "03:00", "2026-10-25", "2026-10-25T00:30Z", "2026-10-25T02:00Z"),
      ("02:15", "02:45", "2026-10-25", "2026-10-25T00:15Z", "2026-10-25T00:45Z"),
    ])
  func daylightSaving(from: String, to: String, day: String, opens: String, closes: String) throws {
    let schedule = try gated([window(from, to)])
    let opening = try instant(opens, schedule.zone)
    let second = Interval.seconds(1)
    #expect(schedule.gate(at: opening) == .open(until: try instant(closes, schedule.zone)))
    guard case .closed(let opensAt, _) = schedule.gate(at: opening - second) else {
      Issue.record("open before"); return
    }
    #expect(opensAt == opening)
    guard case .closed = schedule.gate(at: try instant(closes, schedule.zone)) else {
      Issue.record("open after"); return
    }
  }

  @Test("has the deferring every due at the opening, and its grid go on from there") func everyInWindow()
    throws
  {
    let nightly = try schedule(.every(.hours(24)), windows: [window("02:00", "04:00")])
    #expect(
      try dueInstants(nightly, after: "2026-07-09T12:00", count: 3)
        == ["2026-07-10T02:00", "2026-07-11T02:00", "2026-07-12T02:00"])
    let often = try schedule(.every(.minutes(50)), windows: [window("02:00", "04:00")])
    #expect(
      try dueInstants(often, after: "2026-07-09T12:00", count: 5)
        == [
          "2026-07-10T02:00", "2026-07-10T02:50", "2026-07-10T03:40", "2026-07-11T02:00", "2026-07-11T02:50",
        ])
    // Microseconds, by which a planner tells apart what is due a second time, are kept.
    let marked = try instant("2026-07-09T11:50") + Interval(microseconds: 3)
    let account = TriggerAccount(accountedThrough: marked, lastDue: marked)
    let opening = try instant("2026-07-10T02:00", often.zone) + Interval(microseconds: 3)
    #expect(often.nextFiring(of: 0, after: account)?.dueAt == opening)
    // Through the night on which 02:00 does not exist.
    #expect(
      try dueInstants(nightly, after: "2027-03-27T12:00", count: 2, lastDue: instant("2027-03-27T01:00Z"))
        == ["2027-03-28T03:00", "2027-03-29T03:00"])
    let grid = try schedule(
      .every(.minutes(50)), windows: [window("02:00", "04:00")], start: "2026-07-10T00:00")
    #expect(
      try dueInstants(grid, after: "2026-07-09T12:00", count: 4)
        == ["2026-07-10T02:30", "2026-07-10T03:20", "2026-07-11T02:40", "2026-07-11T03:30"])
    let skipping = try schedule(.every(.hours(24)), windows: [window("02:00", "04:00")], outside: .skip)
    #expect(try dueInstants(skipping, after: "2026-07-09T12:00", count: 1) == ["2026-07-09T12:00"])
    #expect(throws: ScheduleError.self) {
      try schedule(
        .every(.hours(24)), zone: "UTC", windows: [window("02:00", "04:00")], start: "2026-07-10T12:00")
    }
  }

  @Test("counts firings in windows and blackouts together as one by one") func countsTogether() throws {
    var random = SeededGenerator(seed: 5)
    let zone = try Zone.named("Europe/Vienna")
    for _ in 0..<60 {
      let interval = Interval.minutes(Int64.random(in: 7...3_000, using: &random))
      let windows = try [window("22:00", "02:30", [.friday, .saturday, .sunday]), window("12:00", "13:00")]
      let hasGrid = Bool.random(using: &random)
      let schedule = try schedule(
        .every(interval), windows: windows, blackout: blackout("2026-10-24", "2026-11-01..2026-11-03"),
        start: hasGrid ? "2026-10-01T00:07" : nil)
      let start = try instant("2026-10-20", zone) + .minutes(Int64.random(in: 0...3_000, using: &random))
      let now = start + .days(25)
      var account = TriggerAccount(accountedThrough: start, lastDue: hasGrid ? nil : start)
      let together = schedule.firings(of: 0, after: account, through: now)
      var oneByOne: [Instant] = []
      while let firing = schedule.nextFiring(of: 0, after: account), firing.dueAt <= now {
        #expect(firing.dueAt > account.accountedThrough)
        guard case .open = schedule.gate(at: firing.dueAt) else {
          Issue.record("outside the window: \(firing)"); break
        }
        oneByOne.append(firing.dueAt)
        account = TriggerAccount(accountedThrough: firing.dueAt, lastDue: firing.dueAt)
      }
      #expect(together?.count ?? 0 == oneByOne.count)
      #expect(together?.first == oneByOne.first)
      #expect(together?.last == oneByOne.last)
    }
  }

  @Test("says when it stops what runs") func stops() throws {
    let stopping = try gated([window("02:00", "04:00", stop: true), window("12:00", "13:00")])
    #expect(
      stopping.windowStop(after: try instant("2026-07-10T03:00", stopping.zone))
        == (try instant("2026-07-10T04:00", stopping.zone)))
    #expect(stopping.windowStop(after: try instant("2026-07-10T12:30", stopping.zone)) == nil)
    #expect(stopping.windowStop(after: try instant("2026-07-10T10:30", stopping.zone)) == nil)
  }

  @Test("refuses what is empty") func refused() {
    #expect(throws: ScheduleError.self) { try window("02:00", "02:00") }
    #expect(throws: ScheduleError.self) { try window("24:00", "02:00") }
    #expect(throws: ScheduleError.self) { try window("02:00", "03:00", []) }
  }
}

@Suite("Blackout") struct BlackoutTests {
  @Test("covers dates and ranges, both days included, and reads the gates together") func dates() throws {
    let schedule = try SchedulingTests.schedule(
      .every(.minutes(1)), windows: [window("02:00", "04:00")],
      blackout: blackout("2026-12-24", "2026-12-25..2026-12-26", "2026-12-30/2026-12-31"))
    let zone = schedule.zone
    #expect(
      schedule.gate(at: try instant("2026-12-24T03:00", zone))
        == .closed(opensAt: try instant("2026-12-27T02:00", zone), reason: "blackout 2026-12-24"))
    #expect(
      schedule.gate(at: try instant("2026-12-26T03:00", zone))
        == .closed(opensAt: try instant("2026-12-27T02:00", zone), reason: "blackout 2026-12-25..2026-12-26"))
    #expect(
      schedule.gate(at: try instant("2026-12-27T03:00", zone))
        == .open(until: try instant("2026-12-27T04:00", zone)))
    let always = try self.schedule(blackout("2026-12-24"))
    #expect(
      always.gate(at: try instant("2026-12-23T03:00", zone)) == .open(until: try instant("2026-12-24", zone)))
    #expect(always.gate(at: try instant("2026-12-25T00:00", zone)) == .open(until: nil))
    let span = try self.schedule(blackout("2026-12-24T18:00..2026-12-24T20:00"))
    #expect(
      span.gate(at: try instant("2026-12-24T18:00", zone))
        == .closed(
          opensAt: try instant("2026-12-24T20:00", zone),
          reason: "blackout 2026-12-24T18:00:00.000+01:00 to 2026-12-24T20:00:00.000+01:00"))
    for bad in ["christmas", "2026-12-24..2026-12-23", "2026-12-24T10:00", "2026-02-30", ".."] {
      #expect(throws: ScheduleError.self) { try blackout(bad) }
    }
  }

  private func schedule(_ blackout: Blackout) throws -> Schedule {
    try SchedulingTests.schedule(.every(.minutes(1)), blackout: blackout)
  }

  private func calendar(_ lines: String...) throws -> Schedule {
    var blackout = Blackout()
    let text =
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n" + lines.joined(separator: "\r\n")
      + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    try blackout.add(calendar: Array(text.utf8), named: "holidays.ics")
    return try schedule(blackout)
  }

  /// The days in 2026 to 2030 at whose noon it is closed.
  private func closedDays(_ schedule: Schedule) throws -> [String] {
    let first = try LocalDate(parsing: "2026-01-01").dayNumber
    return (0..<1826).map { LocalDate(dayNumber: first + $0) }
      .filter { date in
        if case .closed = schedule.gate(
          at: schedule.zone.instant(of: date, at: (try? TimeOfDay(parsing: "12:00")) ?? .midnight))
        {
          true
        } else {
          false
        }
      }
      .map(\.description)
  }

  @Test("reads events with dates, times and yearly rules") func events() throws {
    #expect(try closedDays(calendar("DTSTART;VALUE=DATE:20261224")) == ["2026-12-24"])
    #expect(
      try closedDays(calendar("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227")) == [
        "2026-12-24", "2026-12-25", "2026-12-26",
      ])
    #expect(
      try closedDays(calendar("DTSTART;VALUE=DATE:20261224", "DURATION:P2D")) == ["2026-12-24", "2026-12-25"])
    #expect(try closedDays(calendar("DTSTART:20261224T105900Z", "DTEND:20261224T110100Z")) == ["2026-12-24"])
    #expect(
      try closedDays(calendar("DTSTART;TZID=America/New_York:20261224T055900", "DURATION:PT5M")) == [
        "2026-12-24"
      ])
    #expect(try closedDays(calendar("DTSTART:20261224T115900", "DTEND:20261224T120000")) == [])
    #expect(try closedDays(calendar("DTSTART;VALUE=DATE:20201225", "RRULE:FREQ=YEARLY")).count == 5)
    #expect(
      try closedDays(calendar("DTSTART;VALUE=DATE:20201126", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"))
        == ["2026-11-26", "2027-11-25", "2028-11-23", "2029-11-22", "2030-11-28"])
    #expect(
      try closedDays(
        calendar("DTSTART;VALUE=DATE:20200525", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;UNTIL=20280101"))
        == ["2026-05-25", "2027-05-31"])
    #expect(
      try closedDays(
        calendar(
          "DTSTART;VALUE=DATE:20260704", "RRULE:FREQ=YEARLY;COUNT=3;INTERVAL=2", "EXDATE;VALUE=DATE:20280704")
      )
        == ["2026-07-04", "2030-07-04"])
    #expect(try closedDays(calendar("DTSTART;VALUE=DATE:20240229", "RRULE:FREQ=YEARLY")) == ["2028-02-29"])
    #expect(
      try closedDays(
        calendar("DTSTART;VALUE=DATE:20260213", "RRULE:FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR;UNTIL=20261231"))
        == ["2026-02-13", "2026-03-13", "2026-11-13"])
    #expect(
      try closedDays(
        calendar("DTSTART;VALUE=DATE:20261231", "RRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-1;COUNT=2")
      ).last == "2027-12-31")
    #expect(try closedDays(calendar("DTSTART;VALUE=DATE:20261224", "STATUS:CANCELLED")) == [])
  }

  @Test("names the event, over folded lines") func names() throws {
    let schedule = try calendar(
      "DTSTART;VALUE=DATE:20201225", "SUMMARY:Christmas\\, ", " the first day", "RRULE:FREQ=YEARLY")
    #expect(
      schedule.gate(at: try instant("2027-12-25T12:00", schedule.zone))
        == .closed(
          opensAt: try instant("2027-12-26", schedule.zone),
          reason: "blackout 2027-12-25 (Christmas, the first day)"))
    #expect(
      schedule.gate(at: try instant("2027-12-20T12:00", schedule.zone))
        == .open(until: try instant("2027-12-25", schedule.zone)))
  }

  @Test(
    "refuses what it does not understand, naming the line",
    arguments: [
      ("DTSTART;VALUE=DATE:20261324", 5, "is not a day of the calendar"),
      ("DTSTART:tomorrow", 5, "is not a date"),
      ("SUMMARY:none", 3, "no DTSTART"),
      ("DTSTART:20261224\r\nRRULE:FREQ=MONTHLY", 6, "FREQ=MONTHLY is not understood"),
      ("DTSTART:20261224\r\nRRULE:FREQ=YEARLY;BYWEEKNO=3", 6, "BYWEEKNO is not understood"),
      ("DTSTART:20261224\r\nRRULE:FREQ=YEARLY;BYMONTH=13", 6, "is not a number that goes here"),
      ("DTSTART:20261224\r\nRRULE:FREQ=YEARLY;BYDAY=XX", 6, "is not a day like"),
      ("DTSTART:20261224\r\nRDATE:20261225", 6, "RDATE is not understood"),
      ("DTSTART:20261224\r\nDTEND:20261223", 6, "DTEND is before DTSTART"),
      ("DTSTART:20261224\r\nDTEND:20261224T100000", 6, "not of the same kind"),
      ("DTSTART:20261224\r\nDTSTART:20261225", 6, "stands twice"),
      ("DTSTART;TZID=Mars:20261224T100000", 5, "not a known time zone"),
      ("DTSTART:20261224\r\nrubbish", 6, "is not a line of iCalendar"),
      ("DTSTART:20261224\r\nBEGIN:VALARM", 7, "does not close"),
      ("DTSTART:20261224\r\nDURATION:P1M", 6, "months and years"),
      ("DTSTART:20261224\r\nDURATION:P1D\r\nDTEND:20261225", 7, "not both"),
      ("DTSTART:20261224\r\nRRULE:FREQ=YEARLY;COUNT=0", 6, "is not a number that goes here"),
      ("DTSTART:20261224\r\nRRULE:FREQ=YEARLY;UNTIL=never", 6, "is not a date"),
      ("DTSTART:20261224T250000", 5, "is not a date"),
    ])
  func refused(lines: String, number: Int, part: String) throws {
    let error = #expect(throws: ScheduleError.self) { try calendar(lines) }
    let message = error?.message ?? ""
    #expect(message.contains(part), "\(message)")
    #expect(number == 3 || message.hasPrefix("holidays.ics:\(number): "), "\(message)")
  }

  @Test("refuses files that are no calendar, or cut short, and never traps") func malformed() throws {
    for text in [
      "", "hello", "BEGIN:VCALENDAR", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101",
      "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\n",
    ] {
      var blackout = Blackout()
      #expect(throws: ScheduleError.self) { try blackout.add(calendar: Array(text.utf8), named: "x.ics") }
    }
    var random = SeededGenerator(seed: 6)
    let good = Array(
      "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20201126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=30\nDURATION:P1D\nEND:VEVENT\nEND:VCALENDAR\n"
        .utf8)
    for _ in 0..<3_000 {
      var broken = good
      for _ in 0..<3 {
        broken[Int.random(in: 0..<broken.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      var blackout = Blackout()
      guard (try? blackout.add(calendar: broken, named: "x.ics")) != nil else { continue }
      _ = try schedule(blackout).gate(at: instant("2026-11-26T12:00"))
    }
  }
}
