import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("`next`") struct NextTests {
    private func next(_ almanac: Almanac, _ arguments: String...) throws -> Almanac.Output {
      try almanac.run(["next", "--time-zone", "Europe/Vienna"] + arguments)
    }

    @Test("an expression is told in words, with what daylight saving does to it") func expression() throws {
      let output = try next(
        Almanac(), "--cron", "0 30 2 * * *", "--from", "2027-03-27T00:00", "-n", "2")
      #expect(output.status == 0)
      #expect(output.out.hasPrefix("cron = \"0 30 2 * * *\": at 02:30 every day\ntime zone Europe/Vienna\n"))
      #expect(
        output.out.contains(
          "2027-03-28 03:00:00 +02:00  02:30 does not exist (clocks go from 02:00 to 03:00): due at 03:00\n"))
    }

    @Test("a table is told by its lines, in order of what is due, with each trigger's name") func table()
      throws
    {
      let held =
        "{ cron = '*/30 * * * *', window = { from = '22:00', to = '23:00' }, outside_window = 'defer' }"
      let lines = try next(Almanac(), "--schedule", held, "--from", "2026-01-02T20:45", "-n", "3").out
        .split(separator: "\n").suffix(3)
      #expect(
        lines.map { String($0.prefix(16)) } == ["2026-01-02 21:00", "2026-01-02 21:30", "2026-01-02 22:00"])
      let several =
        "{ triggers = { { name = 'noon', daily = { at = '12:00' } }, { cron = '0 */6 * * *' } }, day_match = 'and' }"
      let output = try next(Almanac(), "--schedule", several, "--from", "2026-01-02T11:00", "-n", "2").out
      #expect(output.contains("\nDUE                         TRIGGER"))
      #expect(output.contains("12:00:00 +01:00  noon"))
      #expect(output.contains("also due now: cron = \"0 */6 * * *\""))
    }

    @Test("a calendar file lies beside where the table was typed") func calendar() throws {
      let almanac = try Almanac()
      try "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261225\nEND:VEVENT\nEND:VCALENDAR\n"
        .write(toFile: almanac.root + "/h.ics", atomically: true, encoding: .utf8)
      let output = try next(
        almanac, "--schedule", "{ daily = { at = '02:30' }, blackout = { calendar = 'h.ics' } }", "--from",
        "2026-12-25", "-n", "1")
      #expect(output.out.contains("skipped: blackout 2026-12-25"))
    }

    @Test(
      "a table that Lua does not understand is pointed into as it was typed",
      arguments: [
        ("{ daily = { at = '02:30'", "--schedule:1: character 25: '}' expected near the end", 24),
        ("{ daily = at = '02:30' } }", "--schedule:1: character 14: '}' expected near '='", 13),
        ("{ every = '10m' } }", "--schedule:1: character 19: unexpected symbol near '}'", 18),
        ("{\n  every = '10m'\n  delay = '1m' }", "--schedule:3: character 3: '}' expected", 2),
        ("{ \"every\": '10m' }", "near ':'; a key is written key = value", 9),
      ])
    func slip(text: String, message: String, column: Int) throws {
      let output = try next(Almanac(), "--schedule", text)
      #expect(output.status == 2)
      #expect(output.err.contains(message), "\(output.err)")
      #expect(output.err.hasSuffix("\n  " + String(repeating: " ", count: column) + "^\n"), "\(output.err)")
    }

    @Test(
      "what makes no sense is a usage error that says so",
      arguments: [
        (["--schedule", "nothing"], "\"nothing\" is nil, not a table"),
        (["--schedule", "{}"], "has no trigger"), (["--schedule", " "], "nothing stands here"),
        (["--cron", "-5 * * * *"], "character 1: numbers have no sign"),
        (["--cron", "* * * * *", "-n", "99999999999999"], "ask for 1 to 100000"),
        (
          ["--cron", "* * * * *", "--from", "2026-02-01", "--until", "2026-01-01"],
          "--until 2026-01-01 is before --from 2026-02-01"
        ),
      ])
    func usage(arguments: [String], message: String) throws {
      let output = try Almanac().run(["next"] + arguments)
      #expect(output.status == 2)
      #expect(output.err.contains(message), "\(output.err)")
    }

    @Test("`reload` notices a zone file and a calendar file that changed, and what a refused job lacked")
    func reload() async throws {
      let almanac = try Almanac()
      let zones = almanac.root + "/zones/Europe"
      let files = FileManager.default
      try files.createDirectory(atPath: zones, withIntermediateDirectories: true)
      func putZone(_ name: String) throws {
        try? files.removeItem(atPath: zones + "/Vienna")
        try files.copyItem(atPath: "/usr/share/zoneinfo/" + name, toPath: zones + "/Vienna")
      }
      func due(_ job: String) throws -> Substring? {
        let row = try almanac.rows("jobs").first { $0["job"].asString == job }
        return row.flatMap { $0["next_due_at"].asString }?.dropFirst(11)
      }
      try putZone("Europe/Vienna")
      let daily = "daily = { at = '12:00' }, time_zone = 'Europe/Vienna'"
      try almanac.save("a.lua", "schedule = { \(daily) }\nfunction main() end")
      try almanac.save(
        "b.lua", "schedule = { \(daily), blackout = { calendar = 'h.ics' } }\nfunction main() end")
      try await almanac.serve(environment: ["ALMANAC_ZONEINFO": almanac.root + "/zones"])
      #expect(try ["10:00:00.000Z", "11:00:00.000Z"].contains(due("a")))
      #expect(try due("b") == nil)
      try putZone("Asia/Tokyo")
      try almanac.save("h.ics", "BEGIN:VCALENDAR\nEND:VCALENDAR\n")
      #expect(try almanac.command("reload").out.contains("2 jobs live"))
      #expect(try due("a") == "03:00:00.000Z")
      #expect(try due("b") == "03:00:00.000Z")
      try putZone("America/New_York")
      try await almanac.eventually("a zone's file is noticed without a reload, too") {
        try ["16:00:00.000Z", "17:00:00.000Z"].contains(due("a")) && due("a") == due("b")
      }
      try await almanac.eventually("it says so") {
        almanac.log.contains("the rules of a time zone have changed; the jobs in it are loaded again")
      }
    }

    @Test("a time zone that is not known is never silently UTC") func zones() throws {
      let almanac = try Almanac()
      for variable in ["TZ", "ALMANAC_TIME_ZONE"] {
        let output = try almanac.run(
          ["next", "--cron", "* * * * *"], environment: [variable: "Europe/Viena"])
        #expect(output.status == 2)
        #expect(output.err.contains("did you mean Europe/Vienna?"), "\(output.err)")
      }
      let other = try almanac.run(
        ["next", "--cron", "0 0 * * *", "--time-zone", "Europe/Vienna"],
        environment: ["ALMANAC_ZONEINFO": almanac.root])
      #expect(other.err.contains("there are no zone files in \(almanac.root)"), "\(other.err)")
    }
  }
}
