import JobWriting
import Jobs
import Scheduling
import Testing

@testable import TaskScheduling

/// The due instants of a job that was made from a task, held against what that system would do: its rules read day by
/// day, in a few lines.
@Suite("TaskTranslation.due") struct TaskDueTests {
  /// The first due instants of the job's schedule from a moment on, as a clock at the zone shows them.
  private static func due(
    _ trigger: String, from: String, count: Int = 20, zone: String = "UTC", others: String = ""
  ) throws -> [String] {
    let yaml = "{ Path: \\a\\b, Actions: { Path: x }, Triggers: [{ \(trigger) }\(others)] }"
    let definition = try #require(try TaskDefinitions.parse(Array(yaml.utf8), name: "t.yaml").first)
    let task = try TaskScheduler().build(definition)
    var translation = TaskTranslation(task: task, jobName: "a/b", notes: TaskNotes(task))
    let table = LuaValue.table(translation.triggers()).dataValue
    let source = JobSource(name: "a/b", folder: "/", mainPath: "a/b.lua", main: [])
    let zone = try Zone.named(zone)
    let schedule = try #require(
      try ScheduleDecoder.decode(table, of: source, daemonZone: zone).get().schedule)
    let start = try Instant(parsing: from, in: .utc) - Interval(microseconds: 1)
    var all: Set<Instant> = []
    for trigger in schedule.triggers.indices {
      var account = TriggerAccount(accountedThrough: start)
      for _ in 0..<count {
        guard let firing = schedule.nextFiring(of: trigger, after: account) else { break }
        all.insert(firing.dueAt)
        account = TriggerAccount(accountedThrough: firing.dueAt, lastDue: firing.dueAt)
      }
    }
    return all.sorted().prefix(count).map { shown($0, in: zone) }
  }

  private static func shown(_ instant: Instant, in zone: Zone) -> String {
    instant.description(in: zone).replacing(".000", with: "").replacing("+00:00", with: "Z")
  }

  /// Days from one on that fulfil a condition, with a time.
  private static func days(
    from date: String, _ count: Int, at time: String, _ holds: (LocalDate, Int) -> Bool
  ) throws -> [String] {
    let first = try LocalDate(parsing: date)
    var found: [String] = []
    var ahead = 0
    while found.count < count, ahead < 40_000 {
      let day = LocalDate(dayNumber: first.dayNumber + ahead)
      if holds(day, ahead) { found.append("\(day)T\(time):00Z") }
      ahead += 1
    }
    return found
  }

  @Test("DAILY, every third day, from its boundary on") func daily() throws {
    let expected = try Self.days(from: "2026-03-05", 20, at: "02:30") { _, ahead in ahead % 3 == 0 }
    let due = try Self.due(
      "Type: DAILY, StartBoundary: 2026-03-05T02:30:00, DaysInterval: 3", from: "2026-01-01")
    #expect(due == expected)
  }

  @Test(
    "WEEKLY, every n-th week, which begins on Sunday",
    arguments: ["2026-03-01", "2026-03-02", "2026-03-04", "2026-03-07"], [1, 2, 3])
  func weekly(start: String, interval: Int) throws {
    let first = try LocalDate(parsing: start)
    let sunday = first.dayNumber - first.weekday.rawValue
    let expected = try Self.days(from: start, 20, at: "06:00") { day, _ in
      [.sunday, .monday, .saturday].contains(day.weekday) && (day.dayNumber - sunday) / 7 % interval == 0
    }
    let due = try Self.due(
      "Type: WEEKLY, StartBoundary: \(start)T06:00:00, DaysOfWeek: [Sunday, Monday, Saturday], "
        + "WeeksInterval: \(interval)", from: "2026-01-01")
    #expect(due == expected)
  }

  @Test("MONTHLY, on days that not every month has, and on the last") func monthly() throws {
    let expected = try Self.days(from: "2026-01-01", 20, at: "23:00") { day, _ in
      [31, 5].contains(day.day) || day.adding(days: 1)?.day == 1
    }
    let due = try Self.due(
      "Type: MONTHLY, StartBoundary: 2026-01-01T23:00:00, DaysOfMonth: [\"31\", \"5\", Last]",
      from: "2026-01-01")
    #expect(due == expected)
  }

  @Test("MONTHLYDOW, with Last, in some months") func monthlyDOW() throws {
    let expected = try Self.days(from: "2026-01-01", 20, at: "01:15") { day, _ in
      let isLast = day.adding(days: 7).map { $0.month != day.month } ?? false
      let isSecond = (8...14).contains(day.day)
      return day.weekday == .tuesday && (isLast || isSecond) && [2, 9].contains(day.month)
    }
    let due = try Self.due(
      "Type: MONTHLYDOW, StartBoundary: 2026-01-01T01:15:00, WeeksOfMonth: [Second, Last], DaysOfWeek: [Tuesday], "
        + "MonthsOfYear: [February, September]", from: "2026-01-01")
    #expect(due == expected)
  }

  @Test("a repetition starts at its beginning and at its end, and again with the next day") func repetition()
    throws
  {
    let due = try Self.due(
      "Type: DAILY, StartBoundary: 2026-01-01T10:00:00, Repetition: { Interval: PT20M, Duration: PT1H }",
      from: "2026-01-01", count: 8)
    let times = ["10:00", "10:20", "10:40", "11:00"]
    #expect(due == ["2026-01-01", "2026-01-02"].flatMap { day in times.map { "\(day)T\($0):00Z" } })
    let forever = try Self.due(
      "Type: TIME, StartBoundary: 2026-01-01T10:00:00, EndBoundary: 2026-01-01T11:00:00, "
        + "Repetition: { Interval: PT25M }", from: "2026-01-01")
    #expect(forever == ["10:00", "10:25", "10:50"].map { "2026-01-01T\($0):00Z" })
  }

  @Test("a boundary with an offset is that instant, whatever the clock of the machine shows") func offsets()
    throws
  {
    // In summer an hour later by the clock in Vienna.
    let utc = try Self.due(
      "Type: DAILY, StartBoundary: \"2026-03-28T02:00:00Z\"", from: "2026-03-28", count: 3,
      zone: "Europe/Vienna")
    let expected = try ["2026-03-28T02:00:00Z", "2026-03-29T02:00:00Z", "2026-03-30T02:00:00Z"].map {
      try Self.shown(Instant(parsing: $0, in: .utc), in: Zone.named("Europe/Vienna"))
    }
    #expect(utc == expected)
    // Beside one that follows the clock in Vienna.
    let mixed = try Self.due(
      "Type: DAILY, StartBoundary: \"2026-03-28T02:00:00Z\"", from: "2026-03-28", count: 4,
      zone: "Europe/Vienna",
      others: ", { Type: DAILY, StartBoundary: 2026-03-28T12:00:00 }")
    #expect(
      mixed == [
        "2026-03-28T03:00:00+01:00", "2026-03-28T12:00:00+01:00", "2026-03-29T04:00:00+02:00",
        "2026-03-29T12:00:00+02:00",
      ])
    let weekly = try Self.due(
      "Type: WEEKLY, StartBoundary: \"2026-03-04T23:30:00-03:30\", DaysOfWeek: [Sunday, Wednesday], WeeksInterval: 2",
      from: "2026-03-01", count: 4)
    #expect(
      weekly == [
        "2026-03-05T03:00:00Z", "2026-03-16T03:00:00Z", "2026-03-19T03:00:00Z", "2026-03-30T03:00:00Z",
      ])
  }
}
