import Testing

@testable import Scheduling

@Suite("Zone") struct ZoneTests {
  /// The table is made by `Fixtures/make_zone_table.py`, which says how.
  @Test("has the offsets that Python's zoneinfo has, from 1890 to 9900") func offsets() throws {
    for line in try Fixture.text("zone_table.txt").split(separator: "\n") {
      let parts = line.split(separator: " ").map(String.init)
      let zone = try Zone.named(parts[0])
      for pair in parts.dropFirst() {
        let numbers = pair.split(separator: ":").compactMap { Int64($0) }
        #expect(zone.offset(at: Instant(seconds: numbers[0])) == Int(numbers[1]), "\(parts[0]) at \(pair)")
      }
    }
  }

  @Test(
    "reads a skipped local time as the first instant after the gap, a repeated one as the first of the two",
    arguments: [
      // Plain.
      ("Europe/Vienna", "2026-07-01T12:00", "2026-07-01T10:00:00.000Z"),
      // Gap 02:00 to 03:00.
      ("Europe/Vienna", "2027-03-28T02:00", "2027-03-28T01:00:00.000Z"),
      ("Europe/Vienna", "2027-03-28T02:30:15.5", "2027-03-28T01:00:00.000Z"),
      ("Europe/Vienna", "2027-03-28T03:00", "2027-03-28T01:00:00.000Z"),
      ("Europe/Vienna", "2027-03-28T03:00:00.25", "2027-03-28T01:00:00.250Z"),
      // 02:00 to 03:00 twice.
      ("Europe/Vienna", "2026-10-25T02:00", "2026-10-25T00:00:00.000Z"),
      ("Europe/Vienna", "2026-10-25T02:59:59", "2026-10-25T00:59:59.000Z"),
      ("Europe/Vienna", "2026-10-25T03:00", "2026-10-25T02:00:00.000Z"),
      // Changes of half an hour.
      ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30:00.000Z"),
      ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45:00.000Z"),
      // A day that does not exist.
      ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00:00.000Z"),
      ("Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00:00.000Z"),
      ("Pacific/Apia", "2011-12-29T23:59", "2011-12-30T09:59:00.000Z"),
      // A midnight that does not exist.
      ("America/Sao_Paulo", "2018-11-04T00:00", "2018-11-04T03:00:00.000Z"),
      // Backwards over midnight: 00:01 to 23:01.
      ("America/St_Johns", "2010-11-06T23:30", "2010-11-07T02:00:00.000Z"),
      // After the last transition of the file, and cycles later.
      ("Europe/Vienna", "2600-03-30T02:30", "2600-03-30T01:00:00.000Z"),
      ("Europe/Vienna", "9999-07-01T00:00", "9999-06-30T22:00:00.000Z"),
      // Its offset stands beside it.
      ("Europe/Vienna", "2026-10-25T02:30+01:00", "2026-10-25T01:30:00.000Z"),
      ("Europe/Vienna", "2026-12-24 18:00:00Z", "2026-12-24T18:00:00.000Z"),
      ("Europe/Vienna", "2026-12-24", "2026-12-23T23:00:00.000Z"),
      ("Europe/Vienna", "2026-12-24T24:00", "2026-12-24T23:00:00.000Z"),
    ])
  func localTimes(zone: String, local: String, utc: String) throws {
    #expect(try Instant(parsing: local, in: Zone.named(zone)).description == utc)
  }

  @Test("never goes back: later local times are never earlier instants, over 9999 years")
  func monotonic() throws {
    var random = SeededGenerator(seed: 1)
    for name in [
      "Europe/Vienna", "Australia/Lord_Howe", "Pacific/Apia", "America/New_York", "Africa/Casablanca",
    ] {
      let zone = try Zone.named(name)
      for _ in 0..<500 {
        let local = Int64.random(in: -62_135_596_800...253_402_300_799, using: &random)
        let next = local + Int64.random(in: 1...100_000, using: &random)
        let (first, second) = (zone.instant(ofLocal: local), zone.instant(ofLocal: next))
        #expect(first <= second, "\(name) \(local) \(next)")
        // Back and forth where the time exists.
        let back = zone.localSeconds(at: first)
        #expect(back >= local && back - local <= 86_400, "\(name) \(local)")
        #expect(zone.instant(ofLocal: back) == first)
      }
    }
  }

  @Test(
    "names what is near an unknown zone, never falls back silently",
    arguments: [
      ("Europe/Viena", "did you mean Europe/Vienna?"), ("europe/vienna", "did you mean Europe/Vienna"),
      ("Vienna", "did you mean Europe/Vienna"), ("America/New York", "did you mean America/New_York"),
      ("Europe", "is a region, not a time zone"), ("Mars/Olympus", "use an IANA name"),
      ("", "is not a known time zone"),
      ("../../etc/passwd", "is not a known time zone"),
      ("Europe/../Europe/Vienna", "is not a known time zone"),
      ("/etc/localtime", "is not a known time zone"), ("Europe/Vienna\0", "is not a known time zone"),
    ])
  func unknown(name: String, part: String) {
    let error = #expect(throws: ScheduleError.self) { try Zone.named(name) }
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
  }

  @Test("reads the POSIX rules of last lines") func posixRules() throws {
    let vienna = try Zone.named("Europe/Vienna")
    let rule = ZoneTable(rule: try #require(PosixRule(parsing: "CET-1CEST,M3.5.0,M10.5.0/3")))
    for day in 0..<800 {
      let instant = Instant(seconds: 1_760_000_000 + Int64(day) * 86_400)
      #expect(Int(rule.offset(of: rule.segment(at: instant.seconds))) == vienna.offset(at: instant))
    }
    for good in [
      "UTC0", "<+0330>-3:30", "EST5EDT,M3.2.0,M11.1.0", "XXX3EDT4,0/0,J365/23", "IST-1GMT0,M10.5.0,M3.5.0/1",
    ] {
      #expect(PosixRule(parsing: good) != nil, "\(good)")
    }
    for bad in [
      "", "CE-1", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
      "CET-1CEST,M3.6.0,M10.5.0",
      "CET-1CEST,M3.5.7,M10.5.0", "CET-1x", "<+03-3", "CET-1CEST,J0,J1", "CET-1CEST,M3.5.0/168,M10.5.0",
    ] {
      #expect(PosixRule(parsing: bad) == nil, "\(bad)")
    }
    // Daylight saving all the year.
    let always = ZoneTable(rule: try #require(PosixRule(parsing: "EST5EDT,0/0,J365/25")))
    for day in 0..<1_000 {
      #expect(always.offset(of: always.segment(at: 1_760_000_000 + Int64(day) * 40_000)) == -4 * 3_600)
    }
  }

  @Test("refuses a malformed zone file, never traps") func malformedFiles() throws {
    let folder = ZoneFolder.standard.path
    let bytes = try Fixture.bytes("\(folder)/Europe/Vienna")
    for length in 0..<bytes.count {
      #expect(throws: ScheduleError.self) { try ZoneFolder.zone(named: "X", Array(bytes[..<length])) }
    }
    var random = SeededGenerator(seed: 2)
    for _ in 0..<2_000 {
      var broken = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        broken[Int.random(in: 0..<broken.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      guard let zone = try? ZoneFolder.zone(named: "X", broken) else { continue }
      // What is read must answer, whatever it says.
      let instant = Instant(seconds: Int64.random(in: -62_135_596_800...253_402_300_799, using: &random))
      _ = zone.offset(at: instant)
      _ = zone.instant(ofLocal: instant.seconds)
      _ = try CronExpression(parsing: "30 2 * * *").next(after: instant, in: zone)
    }
    #expect(throws: ScheduleError.self) { try ZoneFolder.zone(named: "X", Array("# comment".utf8)) }
  }

  @Test("loads a zone once, and tells a changed file from the one before") func changedFile() throws {
    #expect(try Zone.named("Europe/Vienna") === Zone.named("Europe/Vienna"))
    let folder = ZoneFolder.standard.path
    let vienna = try ZoneFolder.zone(named: "Europe/Vienna", Fixture.bytes("\(folder)/Europe/Vienna"))
    let changed = try ZoneFolder.zone(named: "Europe/Vienna", Fixture.bytes("\(folder)/America/New_York"))
    #expect(try vienna == Zone.named("Europe/Vienna"))
    #expect(vienna != changed)
    #expect(vienna.digest != changed.digest)
  }

  @Test("knows UTC without files, and says where it looked otherwise") func noFiles() throws {
    let empty = ZoneFolder(path: "/nonexistent")
    #expect(try empty.load("UTC").offset(at: Instant(seconds: 0)) == 0)
    let error = #expect(throws: ScheduleError.self) { try empty.load("Europe/Vienna") }
    #expect(error?.message.contains("there are no zone files in /nonexistent") == true)
  }
}
