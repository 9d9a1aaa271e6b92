import Scheduling
import Testing
import Values

@testable import Jobs

@Suite("ScheduleCheck")
struct ScheduleCheckTests {
  private func findings(_ schedule: DataValue, _ text: String = "") throws -> [String] {
    let source = JobSource(name: "a", folder: "/jobs", mainPath: "a.lua", main: Array(text.utf8))
    let definition = try ScheduleDecoder.decode(schedule, of: source, daemonZone: .utc).get()
    let now = try Instant(parsing: "2026-11-21T12:00", in: .utc)
    return ScheduleCheck(definition, now: now).findings.map(\.description)
  }

  private static let night: DataValue = ["from": "02:00", "to": "04:00"]

  @Test(
    "has nothing to say of triggers that are due in their window, wait for it, or do not follow the clock",
    arguments: [
      ["every": "10m", "window": night],
      ["every": "10m", "window": night, "outside_window": "skip"],
      ["daily": ["at": "03:59"], "window": night],
      ["daily": ["at": "12:00"], "window": night, "outside_window": "defer"],
      ["cron": "0 3 29 2 *", "window": night],
      ["daily": ["at": "01:30"], "delay": "1h", "window": night],
      ["on": "startup", "window": night],
      ["after": "b", "window": night],
      ["restart_after": "1m", "window": night],
      ["daily": ["at": "12:00"], "window": night, "enabled": false],
      ["at": .list(["2020-01-01T00:00", "2030-01-01T00:00"])],
      [
        "monthly": ["on": .list([1, "last"]), "at": "03:00"],
        "window": ["from": "02:00", "to": "04:00", "days": "sun"],
      ],
      [:],
    ] as [DataValue])
  func nothing(schedule: DataValue) throws {
    #expect(try findings(schedule) == [])
  }

  @Test("tells of a trigger that is never due while the window is open")
  func shutOut() throws {
    let text = "schedule = {\n  daily = { at = '12:00' },\n  window = { from = '02:00', to = '04:00' },\n}"
    #expect(
      try findings(["daily": ["at": "12:00"], "window": Self.night], text) == [
        "a.lua:3: schedule.window: daily = { at = \"12:00\" } never starts a run: whenever it is due, window 02:00-04:00"
          + " is closed; change the window, or let it wait for it by outside_window = \"defer\""
      ])
    #expect(
      try findings([
        "at": "2026-12-25T10:00", "blackout": .list([["from": "2026-12-24", "to": "2026-12-26"]]),
      ])
      .first?
      .contains("schedule.blackout: at = \"2026-12-25T10:00:00.000Z\" never starts a run") == true)
    #expect(
      try findings([
        "triggers": .list([["daily": ["at": "03:00"]], ["cron": "0 12 * * *"]]), "window": Self.night,
      ]).map { $0.contains("cron = \"0 12 * * *\" never starts a run") } == [true])
  }

  @Test("tells of a window in which nothing is due")
  func unmet() throws {
    let windows: DataValue = .list([Self.night, ["from": "22:00", "to": "23:00"]])
    #expect(
      try findings(["cron": "0 3 * * *", "window": windows]) == [
        "a.lua: schedule.window[2]: no trigger is ever due in the window 22:00-23:00"
      ])
    #expect(try findings(["every": "1h", "window": windows]) == [])
    #expect(
      try findings(["triggers": .list([["cron": "0 3 * * *"], ["on": "startup"]]), "window": windows]) == [])
  }

  @Test("warns of a trigger whose time is over")
  func ended() throws {
    let text = "schedule = { triggers = {\n  { every = '1h' },\n  { at = '2020-01-01T00:00' },\n} }"
    #expect(
      try findings(["triggers": .list([["every": "1h"], ["at": "2020-01-01T00:00"]])], text) == [
        "a.lua:3: warning: schedule.triggers[2]: at = \"2020-01-01T00:00:00.000Z\" is over: nothing is due any more"
      ])
    #expect(try findings(["every": "1h", "end_at": "2026-11-21T12:00"]).count == 1)
    #expect(try findings(["every": "1h", "end_at": "2026-11-21T12:01"]).isEmpty)
  }
}
