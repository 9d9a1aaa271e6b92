import Scheduling
import Testing

@testable import TaskScheduling

@Suite("TaskDecoder") struct TaskDecoderTests {
  private static func problems(_ yaml: String) throws -> [String] {
    try TaskDefinitions.parse(Array(yaml.utf8), name: "t.yaml").flatMap { definition in
      TaskDecoder.decode(definition).problems.map(\.description)
    }
  }

  private static func task(_ yaml: String) throws -> ScheduledTask {
    let definition = try #require(try TaskDefinitions.parse(Array(yaml.utf8), name: "t.yaml").first)
    return try TaskScheduler().build(definition)
  }

  private static func trigger(_ properties: String) throws -> TaskTrigger {
    let task = try task(
      "{ Path: \\a\\b, Actions: { Path: x }, Triggers: { StartBoundary: 2026-01-01T02:00:00, \(properties) } }"
    )
    return try #require(task.triggers.first)
  }

  @Test("gives every property that is not there that system's default")
  func defaults() throws {
    let task = try Self.task("Path: \\myApp\\simplest\nActions: [{ Path: /bin/true }]")
    #expect(task.path.description == "\\myApp\\simplest")
    #expect(task.settings == TaskSettings())
    #expect(task.settings.executionTimeLimit == .hours(72))
    #expect(task.settings.disallowStartIfOnBatteries)
    #expect(task.triggers.isEmpty)
    #expect(task.actions.map(\.kind) == [.exec(path: "/bin/true", arguments: nil, workingDirectory: nil)])
    #expect(task.principal.logonType == nil)
  }

  @Test("reads a definition from a literal as from a file")
  func literal() throws {
    let task = try TaskScheduler().build([
      "Path": "/myApp/nightly", "Settings": ["RestartCount": 2, "RestartInterval": "PT1M", "Hidden": true],
      "Triggers": [["Type": "DAILY", "StartBoundary": "2026-01-01T02:00:00", "DaysInterval": 3]],
      "Actions": [["Type": "EXEC", "Path": "/bin/true"]],
    ])
    #expect(task.path.description == "\\myApp\\nightly")
    #expect(task.settings.restartCount == 2)
    #expect(task.triggers.map(\.kind) == [.daily(daysInterval: 3)])
  }

  @Test(
    "takes constants by name and number, with and without prefix, in any case",
    arguments: ["DAILY", "daily", "TASK_TRIGGER_DAILY", "2", "\"2\""])
  func constants(type: String) throws {
    #expect(try Self.trigger("Type: \(type)").kind == .daily(daysInterval: 1))
  }

  @Test("names in any case are found, as that system finds them")
  func names() throws {
    let task = try Self.task("path: \\a\\b\nsettings: { executiontimelimit: PT5M }\nactions: [{ path: x }]")
    #expect(task.settings.executionTimeLimit == .minutes(5))
  }

  @Test("takes flags by name, by number, and as their sum")
  func flags() throws {
    let mondayThursday = TaskTrigger.Kind.weekly(daysOfWeek: [.monday, .thursday], weeksInterval: 1)
    for days in ["[Monday, Thursday]", "[2, 16]", "18", "0x12"] {
      #expect(try Self.trigger("Type: WEEKLY, DaysOfWeek: \(days)").kind == mondayThursday)
    }
    let days: [MonthDay] = [.day(1), .day(2), .last]
    for text in ["[\"1\", \"2\", Last]", "[1, 2, Last]", "[1, 2, 0x80000000]", "0x80000003", "2147483651"] {
      #expect(
        try Self.trigger("Type: MONTHLY, DaysOfMonth: \(text)").kind
          == .monthly(daysOfMonth: days, monthsOfYear: Set(1...12)))
    }
    #expect(
      try Self.trigger(
        "Type: MONTHLYDOW, WeeksOfMonth: [First, \"3\"], RunOnLastWeekOfMonth: true, DaysOfWeek: Sunday, "
          + "MonthsOfYear: [January, \"3\"]"
      ).kind
        == .monthlyDOW(weeksOfMonth: [.first, .third, .last], daysOfWeek: [.sunday], monthsOfYear: [1, 3]))
  }

  @Test("numbers in a list of days are days, and one that stands alone is the sum of flags")
  func days() throws {
    for (text, days) in [
      ("[15]", [15]), ("[1, 16, 31]", [1, 16, 31]), ("[16384]", [15]), ("15", [1, 2, 3, 4]),
    ] {
      #expect(
        try Self.trigger("Type: MONTHLY, DaysOfMonth: \(text)").kind
          == .monthly(daysOfMonth: days.compactMap(MonthDay.init(day:)), monthsOfYear: Set(1...12)))
    }
  }

  @Test("refuses a bare number in a list that could be a month or a week and could be flags")
  func ambiguous() throws {
    let yaml =
      "Path: \\a\\b\nActions: [{ Path: x }]\nTriggers:\n"
      + "  - { Type: MONTHLY, StartBoundary: 2026-01-01T02:00:00, DaysOfMonth: [15], MonthsOfYear: [3] }"
    #expect(
      try Self.problems(yaml) == [
        "t.yaml:4: \\a\\b: Triggers[1].MonthsOfYear: 3 in a list could be a name or flags; write \"3\" for the "
          + "name, or 0x3 for the flags"
      ])
  }

  @Test(
    "reads durations as that system writes them",
    arguments: [
      ("PT5M", Interval.minutes(5)), ("P1DT12H", .hours(36)), ("P3D", .days(3)), ("PT0S", .zero),
      ("P1M", .days(30)), ("P1Y2M3DT4H", .days(365 + 60 + 3) + .hours(4)), ("P0Y0M0DT0H30M0S", .minutes(30)),
      ("PT72H", .hours(72)), ("PT1M30.5S", .milliseconds(90_500)),
    ])
  func durations(text: String, length: Interval) throws {
    #expect(try Interval(taskDuration: text) == length)
  }

  @Test(
    "reads boundaries with and without an offset",
    arguments: [
      ("2026-01-01T02:00:00", "2026-01-01T02:00"), ("2026-01-01 02:00:05", "2026-01-01T02:00:05"),
      ("2026-01-01", "2026-01-01T00:00"), ("2026-01-01T02:00:00Z", "2026-01-01T02:00Z"),
      ("2026-01-01T00:30:00+02:00", "2026-01-01T00:30+02:00"),
      ("2026-01-01T23:30:00-03:30", "2026-01-01T23:30-03:30"),
      ("2008-09-22T11:00:00.1234567", "2008-09-22T11:00"),
    ])
  func boundaries(text: String, written: String) throws {
    #expect(try TaskBoundary(parsing: text).description == written)
  }

  @Test("tells everything that is wrong at once, with line, task, key, and what would be right")
  func everything() throws {
    let yaml = """
      - Path: \\myApp\\a
        Settings:
          ExecutionTimeLimt: PT5M
          RestartCount: 2
          Priority: 11
          MultipleInstances: SOMETIMES
        Triggers:
          - Type: DAYLY
            StartBoundary: 2026-01-01T02:00:00
          - Type: DAILY
          - Type: WEEKLY
            StartBoundary: 2026-13-01T02:00:00
            DaysOfWeek: [Mondy]
          - Type: TIME
            StartBoundary: 2026-01-01T02:00:00
            Repetition: { Interval: PT10M, Duration: PT5M }
            DaysInterval: 1
        Actions: []
      - RegistrationInfo: {}
      """
    let problems = try Self.problems(yaml)
    let expected = [
      "t.yaml:3: \\myApp\\a: Settings.ExecutionTimeLimt: there is no such property; did you mean ExecutionTimeLimit?",
      "t.yaml:4: \\myApp\\a: Settings.RestartCount: needs a RestartInterval beside it (PT1M)",
      "t.yaml:5: \\myApp\\a: Settings.Priority: \"11\" is not a whole number from 0 to 10",
      "t.yaml:6: \\myApp\\a: Settings.MultipleInstances: \"SOMETIMES\" is none of PARALLEL, QUEUE, IGNORE_NEW, "
        + "STOP_EXISTING",
      "t.yaml:10: \\myApp\\a: Triggers[2].StartBoundary: is missing; it says from when on, and at which time of day: "
        + "2026-01-01T02:00:00",
    ]
    for text in expected { #expect(problems.contains(text), "\(problems)") }
    let starts = [
      "t.yaml:8: \\myApp\\a: Triggers[1].Type: \"DAYLY\" is none of",
      "t.yaml:12: \\myApp\\a: Triggers[3].StartBoundary: \"2026-13-01T02:00:00\"",
      "t.yaml:13: \\myApp\\a: Triggers[3].DaysOfWeek: \"Mondy\" is none of",
      "t.yaml:16: \\myApp\\a: Triggers[4].Repetition.Duration: 5m is shorter than the Interval, 10m",
      "t.yaml:17: \\myApp\\a: Triggers[4].DaysInterval: there is no such property",
      "t.yaml:19: Path: is missing",
    ]
    for start in starts { #expect(problems.contains { $0.hasPrefix(start) }, "\(start): \(problems)") }
    #expect(throws: TaskError.self) { try Self.task("{ Path: \\a\\b, Actions: [] }") }
  }

  @Test("refuses what is no list of tasks, with the line")
  func text() throws {
    func message(_ text: String) -> String? {
      do throws(TaskError) {
        _ = try TaskDefinitions.parse(Array(text.utf8), name: "t.yaml")
        return nil
      } catch { return error.description }
    }
    #expect(message("a: [")?.hasPrefix("t.yaml:") == true)
    #expect(message("a: 1\na: 2")?.contains("twice: a") == true)
    #expect(message("hello")?.contains("holds no list of tasks") == true)
    #expect(message("\u{FEFF}[\n\t{ \"Path\": \"\\\\a\\\\b\" }\n]") == nil)
    #expect(message("") == nil)
    let bomb =
      "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
      + "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
      + "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e]\n"
    #expect(message(bomb)?.contains("grows without end") == true)
  }
}
