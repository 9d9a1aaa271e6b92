import JobWriting
import Scheduling
import Testing

@testable import TaskScheduling

@Suite("TaskTranslation") struct TaskTranslationTests {
  private static func job(_ yaml: String) throws -> ImportedJob {
    let definition = try #require(try TaskDefinitions.parse(Array(yaml.utf8), name: "t.yaml").first)
    let scheduler = TaskScheduler()
    let job = scheduler.job(try scheduler.build(definition))
    return job
  }

  /// The `schedule` of a task with these triggers and settings.
  private static func schedule(_ triggers: String = "[]", settings: String = "{}") throws -> String {
    let text = try job(
      "{ Path: \\a\\b, Actions: { Path: x }, Triggers: \(triggers), Settings: \(settings) }"
    ).text
    let start = try #require(text.firstRange(of: "schedule = ")).upperBound
    let end = try #require(text.firstRange(of: "\n\nfunction main")).lowerBound
    return String(text[start..<end])
  }

  private static func reasons(_ triggers: String = "[]", settings: String = "{}") throws -> [String] {
    try job("{ Path: \\a\\b, Actions: { Path: x }, Triggers: \(triggers), Settings: \(settings) }").notes
      .map { "\($0.subject): \($0.reason)" }
  }

  @Test("writes a task as a person would")
  func whole() throws {
    let job = try Self.job(
      """
      Path: \\myApp\\multi_task
      RegistrationInfo:
        Description: Copies what is new.
        Author: ops
      Settings: { ExecutionTimeLimit: PT1H, RestartCount: 2, RestartInterval: PT1M, StartWhenAvailable: true }
      Triggers:
        - { Type: DAILY, StartBoundary: 2024-09-03T01:00:00 }
        - { Type: MONTHLY, StartBoundary: 2024-09-04T02:00:00, DaysOfMonth: ["1", "2"] }
        - { Type: TIME, StartBoundary: 2024-09-05T03:00:00, Repetition: { Interval: PT10M } }
      Actions:
        - { Type: EXEC, Path: /usr/bin/rsync, Arguments: -a "/srv/my files/" /backup, WorkingDirectory: /srv }
      """)
    #expect(job.name == "myApp/multi_task")
    #expect(job.notes.isEmpty)
    #expect(
      job.text == """
        -- Copies what is new.
        --
        -- The task \\myApp\\multi_task of Task Scheduler.
        -- Author: ops

        local process = require "almanac.process"

        schedule = {
          triggers = {
            { daily = { at = "01:00" }, start_at = "2024-09-03T01:00" },
            { monthly = { on = { 1, 2 }, at = "02:00" }, start_at = "2024-09-04T02:00" },
            { every = "10m", start_at = "2024-09-05T03:00" },
          },
          time_limit = "1h",
          retry = { count = 2, interval = "1m" },
          start_when_available = true,
        }

        function main()
          assert(process.run {
            "/usr/bin/rsync",
            "-a",
            "/srv/my files/",
            "/backup",
            cwd = "/srv",
            log = true,
            check = true,
          })
        end

        """)
  }

  @Test("runs several actions one after the other, and knows what is handed over")
  func actions() throws {
    let text = try Self.job(
      """
      Path: \\a\\b
      Actions:
        - { Id: first, Path: /bin/one, Arguments: "--to=$(Arg0) $(Arg1)" }
        - { Path: bin\\two, Arguments: "+%Y%m%d '$(date)'" }
        - { Path: "\\"three\\"", Arguments: "%HOME%" }
      """
    ).text
    #expect(text.contains(#""/bin/one",  -- first"#))
    #expect(text.contains(#""--to=" .. (run.params.Arg0 or "")"#))
    #expect(text.contains(#"(run.params.Arg1 or "")"#))
    #expect(text.contains("function main(run)"))
    #expect(text.contains("almanac run a/b --param Arg0=value"))
    #expect(text.contains(#"{ "bin/two", "+%Y%m%d", "$(date)", log = true, check = true },"#))
    #expect(text.contains(#"{ "three", expand("%HOME%"), log = true, check = true },"#))
    #expect(text.contains("for _, command in ipairs(commands) do"))
  }

  @Test(
    "settings become settings",
    arguments: [
      ("{}", "{ time_limit = \"3d\" }"),
      ("{ ExecutionTimeLimit: P1D }", "{}"),
      ("{ ExecutionTimeLimit: PT0S }", "{ time_limit = \"0s\" }"),
      ("{ Enabled: false, ExecutionTimeLimit: P1D }", "{ enabled = false }"),
      ("{ MultipleInstances: PARALLEL, ExecutionTimeLimit: P1D }", "{ overlap = \"parallel\" }"),
      ("{ MultipleInstances: 3, ExecutionTimeLimit: P1D }", "{ overlap = \"replace\" }"),
      (
        "{ RunOnlyIfNetworkAvailable: true, DisallowStartIfOnBatteries: true, ExecutionTimeLimit: P1D }",
        "{ requires = { network = true, ac_power = true } }"
      ),
      (
        "{ RunOnlyIfIdle: true, IdleSettings: { WaitTimeout: PT2H }, ExecutionTimeLimit: P1D }",
        "{ requires = { idle = true, wait = \"2h\" } }"
      ),
    ])
  func settings(yaml: String, lua: String) throws {
    #expect(try Self.schedule(settings: yaml) == lua)
  }

  @Test(
    "triggers become triggers",
    arguments: [
      (
        "Type: DAILY, DaysInterval: 3",
        #"daily = { at = "02:00", every_days = 3 }, start_at = "2026-01-01T02:00""#
      ),
      (
        "Type: WEEKLY, DaysOfWeek: [Sunday, Monday]",
        #"weekly = { on = { "mon", "sun" }, at = "02:00" }, start_at = "2026-01-01T02:00""#
      ),
      (
        "Type: MONTHLYDOW, WeeksOfMonth: [Second, Last], DaysOfWeek: [Friday], MonthsOfYear: [June]",
        #"monthly = { on = { "second fri", "last fri" }, months = "jun", at = "02:00" }, start_at = "2026-01-01T02:00""#
      ),
      ("Type: TIME", #"at = "2026-01-01T02:00""#),
      (
        "Type: TIME, Repetition: { Interval: PT1M, Duration: PT4M, StopAtDurationEnd: true }",
        #"at = "2026-01-01T02:00", repeat_every = "1m", repeat_for = "4m", stop_at_end = true"#
      ),
      (
        "Type: DAILY, RandomDelay: PT10M, EndBoundary: 2027-01-01T00:00:00, Repetition: { Interval: PT5M }",
        #"daily = { at = "02:00" }, start_at = "2026-01-01T02:00", repeat_every = "5m", "#
          + #"end_at = "2027-01-01T00:00", jitter = "10m""#
      ),
      ("Type: BOOT, Delay: PT30S", #"on = "boot", start_at = "2026-01-01T02:00", delay = "30s""#),
      ("Type: REGISTRATION", #"on = "load", start_at = "2026-01-01T02:00""#),
      (
        "Type: DAILY, ExecutionTimeLimit: PT5M, Enabled: false",
        #"triggers = { daily = { at = "02:00" }, start_at = "2026-01-01T02:00", time_limit = "5m", enabled = false }"#
      ),
      // The task's own limit is the narrower one.
      (
        "Type: DAILY, ExecutionTimeLimit: P30D", #"daily = { at = "02:00" }, start_at = "2026-01-01T02:00""#
      ),
    ])
  func triggers(yaml: String, lua: String) throws {
    let start = yaml.contains("StartBoundary") ? "" : ", StartBoundary: 2026-01-01T02:00:00"
    let schedule = try Self.schedule("[{ \(yaml)\(start) }]", settings: "{ ExecutionTimeLimit: P1D }")
    // In one line, whatever its layout.
    let line = schedule.split(separator: "\n").map { String($0).trimmed }.joined(separator: " ")
      .replacing(", }", with: " }").replacing("{ { ", with: "{ ").replacing(" } } }", with: " } }")
    #expect(line == "{ \(lua) }")
  }

  @Test("says what has no meaning here, each with its line, and nothing of what has")
  func notes() throws {
    let none = try Self.reasons("[{ Type: DAILY, StartBoundary: 2026-01-01T02:00:00 }]", settings: "{}")
    #expect(none.isEmpty)
    let defaults =
      "{ Hidden: false, WakeToRun: false, AllowDemandStart: true, Priority: 7, AllowHardTerminate: true }"
    #expect(try Self.reasons(settings: defaults).isEmpty)
    let all = try Self.reasons(
      """
      [{ Type: IDLE }, { Type: EVENT, Subscription: <Q/> }, { Type: LOGON, UserId: bob },
       { Type: SESSION_STATE_CHANGE, StateChange: SESSION_LOCK },
       { Type: BOOT, Repetition: { Interval: PT5M } },
       { Type: DAILY, StartBoundary: 2026-01-01T02:00:00, EndBoundary: 2025-01-01T02:00:00 }]
      """,
      settings: """
        { Hidden: true, WakeToRun: true, AllowDemandStart: false, Priority: 4, AllowHardTerminate: false,
          StopIfGoingOnBatteries: true, Compatibility: V2_4, UseUnifiedSchedulingEngine: true,
          DeleteExpiredTaskAfter: P1D, RunOnlyIfIdle: true, NetworkSettings: { Name: Office } }
        """)
    let subjects = Set(all.compactMap { $0.split(separator: ":").first.map(String.init) })
    let expected: Set<String> = [
      "Triggers[1]", "Triggers[2]", "Triggers[3]", "Triggers[4]", "Triggers[5].Repetition", "Triggers[6]",
      "Settings.Hidden", "Settings.WakeToRun", "Settings.AllowDemandStart", "Settings.Priority",
      "Settings.AllowHardTerminate", "Settings.StopIfGoingOnBatteries", "Settings.Compatibility",
      "Settings.UseUnifiedSchedulingEngine", "Settings.IdleSettings", "Settings.NetworkSettings",
    ]
    #expect(subjects == expected)
    let job = try Self.job(
      "Path: \\a\\b\nActions: [{ Path: x }, { Type: SEND_EMAIL, Subject: hi }]\n"
        + "Principal: { UserId: bob, LogonType: S4U }\nSettings:\n  Hidden: true\nData: d")
    #expect(job.notes.contains { $0.place == "t.yaml:5" && $0.subject == "Settings.Hidden" })
    #expect(job.notes.contains { $0.subject == "Actions[2]" && $0.reason.hasSuffix("; it says Subject: hi") })
    #expect(
      job.notes.contains {
        $0.subject == "Principal" && $0.reason.hasSuffix("; it says UserId: bob, LogonType: S4U")
      })
    #expect(job.notes.contains { $0.subject == "Data" })
    for note in job.notes { #expect(job.text.contains(note.subject)) }
  }
}
