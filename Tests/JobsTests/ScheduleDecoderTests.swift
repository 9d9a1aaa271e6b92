import RunLifecycle
import Scheduling
import TestSupport
import Testing
import Values

@testable import Jobs

@Suite("ScheduleDecoder")
struct ScheduleDecoderTests {
  private static func decode(
    _ schedule: DataValue, text: String = "", job: String = "a", folder: String = "/nowhere"
  ) -> Result<JobDefinition, LoadFailure> {
    let source = JobSource(name: job, folder: folder, mainPath: "jobs/\(job).lua", main: Array(text.utf8))
    return ScheduleDecoder.decode(schedule, of: source, daemonZone: .utc)
  }

  private static func messages(_ schedule: DataValue, text: String = "") -> [String] {
    guard case .failure(let failure) = decode(schedule, text: text) else { return [] }
    return failure.errors.map(\.description)
  }

  @Test("gives a job without a schedule every setting's default, and no triggers")
  func noSchedule() throws {
    let definition = try Self.decode(.null).get()
    #expect(definition.schedule == nil)
    #expect(definition.policy == RunPolicy())
    #expect(definition.policy.timeLimit == .hours(24))
    #expect(definition.memoryLimit == 64 << 20)
    #expect(definition.logLimit == 1 << 20)
    let empty = try Self.decode(.object([:])).get()
    #expect(empty.schedule?.triggers.isEmpty == true)
  }

  @Test("reads the SPEC's own example")
  func example() throws {
    let definition = try Self.decode([
      "every": "24h", "window": ["from": "02:00", "to": "04:00"], "time_limit": "5m",
      "retry": ["count": 2, "interval": "1m"], "start_when_available": true,
    ]).get()
    let schedule = try #require(definition.schedule)
    #expect(
      schedule.triggers.map(\.label) == ["every = \"1d\""]
        || schedule.triggers.map(\.label) == ["every = \"24h\""])
    #expect(
      schedule.windows == [try Window(from: TimeOfDay(parsing: "02:00"), to: TimeOfDay(parsing: "04:00"))])
    #expect(definition.policy.timeLimit == .minutes(5))
    #expect(definition.policy.retry == RetryPolicy(count: 2, interval: .minutes(1)))
    #expect(definition.policy.catchUp == .newest)
  }

  @Test("reads what decides whether and when a run starts")
  func gates() throws {
    func policy(_ schedule: DataValue) throws -> RunPolicy { try Self.decode(schedule).get().policy }
    #expect(try policy(["overlap": "queue"]).overlap == .queue(limit: 1))
    #expect(try policy(["overlap": "queue", "queue_limit": 7]).overlap == .queue(limit: 7))
    #expect(try policy(["overlap": "parallel", "max_parallel": 3]).overlap == .parallel(limit: 3))
    #expect(try policy(["overlap": "parallel"]).overlap == .parallel(limit: nil))
    #expect(try Self.decode(["overlap": "parallel"]).get().freshState)
    #expect(try policy(["overlap": "replace"]).overlap == .replace)
    #expect(try policy(["every": "1m"]).overlap == nil)
    #expect(try policy(["catch_up": "all", "catch_up_within": "2h"]).catchUp == .all)
    #expect(try policy(["catch_up": "all", "catch_up_within": "2h"]).catchUpWithin == .hours(2))
    #expect(try policy(["priority": 0, "pool": "database"]).pool == "database")
    #expect(try policy(["priority": 9]).priority == 9)
    #expect(try policy(["archive_after": "30d"]).archiveAfter == .days(30))
    let requires = try #require(
      try policy(["requires": ["network": true, "free_disk": "1GB", "file": "x", "wait": "10m"]]).requires)
    #expect(requires.network && !requires.idle && requires.freeDisk == 1 << 30)
    #expect(requires.file == "x" && requires.wait == .minutes(10))
    #expect(try Self.decode(["formerly": "old"]).get().formerly == "old")
    let retry = try policy(["retry": ["count": 1, "interval": "1m", "jitter": "10s"]]).retry
    #expect(retry?.jitter == .seconds(10))
  }

  @Test("reads triggers that follow no clock")
  func events() throws {
    func rules(_ schedule: DataValue) throws -> [Trigger.Rule] {
      try #require(try Self.decode(schedule).get().schedule).triggers.map(\.rule)
    }
    #expect(try rules(["after": "b"]) == [.after([AfterCondition(job: "b")])])
    #expect(
      try rules(["after": ["job": "b", "outcome": "failed"]])
        == [.after([AfterCondition(job: "b", outcomes: ["failed"])])])
    #expect(
      try rules(["after": .list(["b", ["job": "c", "outcome": "any"]])])
        == [.after([AfterCondition(job: "b"), AfterCondition(job: "c", outcomes: [])])])
    for kind in EventKind.allCases { #expect(try rules(["on": .string(kind.rawValue)]) == [.event(kind)]) }
    #expect(try rules(["cron": " @Reboot "]) == [.event(.boot)])
    guard case .watch(let watch) = try rules(["watch": "in/*.csv", "settle": "5s"]).first else {
      Issue.record("no watch")
      return
    }
    #expect(watch.pattern == "in/*.csv" && watch.settle == .seconds(5))
    let stopping = try #require(
      try Self.decode([
        "daily": ["at": "01:00"], "repeat_every": "1m", "repeat_for": "1h", "stop_at_end": true,
      ]).get().schedule)
    #expect(stopping.triggers.first?.repetition?.stopAtEnd == true)
  }

  @Test("reads every setting")
  func settings() throws {
    let definition = try Self.decode([
      "enabled": false, "testing": true, "run_on_startup": true, "time_zone": "Europe/Berlin",
      "time_limit": "0s", "stop_grace": "250ms", "memory_limit": "1GB", "log_limit": "512 KB",
      "cpu_limit": "1500ms",
      "retry": ["count": 3, "interval": "PT1M", "backoff": .double(1.5), "max_interval": "1h"],
      "overlap": "skip", "late_within": "2m", "host": "own", "fresh_state": true,
      "env": ["URL": "http://x", "EMPTY": "", "PORT": 8080], "outside_window": "skip",
      "secrets": .list(["API_TOKEN", "_key2"]),
      "window": .list([
        ["from": "22:00", "to": "02:00", "days": .list(["fri", "Saturday"])],
        ["from": "12:00", "to": "24:00"],
      ]),
      "blackout": .list(["2026-12-24", "2026-12-25..2027-01-06", ["from": "2027-05-01", "to": "2027-05-02"]]),
      "every": "90m",
    ]).get()
    let policy = definition.policy
    #expect(!policy.enabled && policy.testing && policy.runOnStartup)
    #expect(policy.timeLimit == nil)
    #expect(policy.stopGrace == .milliseconds(250))
    #expect(policy.lateWithin == .minutes(2))
    #expect(
      policy.retry == RetryPolicy(count: 3, interval: .minutes(1), backoff: 1.5, maxInterval: .hours(1)))
    #expect(definition.memoryLimit == 1 << 30)
    #expect(definition.logLimit == 512 << 10)
    #expect(definition.cpuLimit == .milliseconds(1500))
    #expect(definition.ownHost && definition.freshState)
    #expect(definition.secrets == ["API_TOKEN", "_key2"])
    #expect(try Self.decode(["when": .opaque("function")]).get().policy.hasWhen)
    #expect(!policy.hasWhen)
    #expect(definition.env == ["URL": "http://x", "EMPTY": "", "PORT": "8080"])
    let schedule = try #require(definition.schedule)
    #expect(schedule.zone.name == "Europe/Berlin")
    #expect(schedule.windows.map(\.days) == [[.friday, .saturday], Set(Weekday.allCases)])
    #expect(schedule.blackout.entries.count == 3)
    #expect(schedule.triggers[0].outsideWindow == .skip)
  }

  @Test(
    "reads every kind of trigger, inline and in a list",
    arguments: [
      ("every", "10m", .every(.minutes(10))),
      ("restart_after", "30s", .restartAfter(.seconds(30))),
      ("daily", ["at": "01:00"], .daily(DailyRule(at: [.one]))),
      (
        "daily", ["at": .list(["01:00", "13:00"]), "every_days": 2],
        .daily(DailyRule(at: [.one, .thirteen], everyDays: 2))
      ),
      (
        "weekly", ["on": .list(["mon", "thu"]), "at": "01:00", "every_weeks": 2],
        .weekly(WeeklyRule(on: [.monday, .thursday], at: [.one], everyWeeks: 2))
      ),
      ("weekly", ["on": "sunday", "at": "01:00"], .weekly(WeeklyRule(on: [.sunday], at: [.one]))),
      (
        "monthly", ["on": .list([1, "last", "first mon"]), "months": .list(["jan", "jul"]), "at": "01:00"],
        .monthly(MonthlyRule(on: [.day(1), .last, .ordinal(1, .monday)], months: [1, 7], at: [.one]))
      ),
      ("monthly", ["on": 15, "at": "13:00"], .monthly(MonthlyRule(on: [.day(15)], at: [.thirteen]))),
      ("at", "2026-12-24T18:00", .at([Instant(microseconds: 1_798_135_200_000_000)])),
      (
        "at", .list(["2026-12-24T18:00Z", "2026-12-24T19:00+01:00"]),
        .at([Instant(microseconds: 1_798_135_200_000_000), Instant(microseconds: 1_798_135_200_000_000)])
      ),
      ("on", "startup", .event(.startup)),
    ] as [(String, DataValue, Trigger.Rule)])
  func triggers(key: String, value: DataValue, rule: Trigger.Rule) throws {
    let inline = try Self.decode(.object([key: value])).get()
    #expect(inline.schedule?.triggers.map(\.rule) == [rule])
    let listed = try Self.decode(["triggers": .list([.object([key: value, "name": "x", "enabled": false])])])
      .get()
    #expect(listed.schedule?.triggers.map(\.rule) == [rule])
    #expect(listed.schedule?.triggers[0].name == "x")
    #expect(listed.schedule?.triggers[0].enabled == false)
  }

  @Test("reads cron expressions with the job's name and with how their day fields combine")
  func cron() throws {
    let definition = try Self.decode(["cron": "H 4 1 * fri", "day_match": "and"], job: "ns/x").get()
    let expected = try CronExpression(parsing: "H 4 1 * fri", jobName: "ns/x", dayMatch: .and)
    #expect(definition.schedule?.triggers.map(\.rule) == [.cron(expected)])
  }

  @Test("reads what stands beside a rule")
  func besideRule() throws {
    let definition = try Self.decode([
      "triggers": .list([
        [
          "every": "1h", "start_at": "2026-01-01", "end_at": "2027-01-01T00:00Z", "delay": "5s",
          "jitter": "1m",
          "repeat_every": "1m", "repeat_for": "4m", "time_limit": "10s", "name": "grid",
        ],
        ["on": "startup"],
      ])
    ]).get()
    let trigger = try #require(definition.schedule?.triggers.first)
    #expect(trigger.startAt == Instant(microseconds: 1_767_225_600_000_000))
    #expect(trigger.endAt == Instant(microseconds: 1_798_761_600_000_000))
    #expect(
      trigger.delay == .seconds(5) && trigger.jitter == .minutes(1) && trigger.timeLimit == .seconds(10))
    #expect(trigger.repetition == Repetition(every: .minutes(1), duration: .minutes(4)))
    #expect(definition.schedule?.triggers.count == 2)
  }

  @Test(
    "says what was found and what would be right",
    arguments: [
      (
        ["window": ["from": "25:00", "to": "04:00"]],
        "schedule.window.from: \"25:00\" is not a time of day (HH:MM or HH:MM:SS)"
      ),
      (["every": 10], "schedule.every: 10 is a number; add a unit: \"10m\", \"10s\""),
      (["every": .double(1.5)], "schedule.every: 1.5 is a number; add a unit: \"1.5m\", \"1.5s\""),
      (["every": "0s"], "schedule.every: \"0s\" is no time at all; it has to be longer"),
      (["every": true], "schedule.every: true is a boolean, not a duration (\"10m\", \"1h30m\", \"PT5M\")"),
      (["evry": "10m"], "schedule.evry: there is no such key; did you mean `every`?"),
      (["timeLimit": "10m"], "schedule.timeLimit: there is no such key; did you mean `time_limit`?"),
      (["timezone": "UTC"], "schedule.timezone: there is no such key; did you mean `time_zone`?"),
      (["timeout": "1m"], "schedule.timeout: there is no such key; did you mean `time_limit`?"),
      (["from": "02:00"], "schedule.from: belongs into `window = { from = ..., to = ... }`"),
      (
        .list(["10m"]), "schedule[1]: \"10m\" is a string without a key; give it one, such as every = \"10m\""
      ),
      ("10m", "schedule: \"10m\" is a string, not a table: schedule = { every = \"10m\" }"),
      (.opaque("function"), "schedule: this is a function, not a table: schedule = { every = \"10m\" }"),
      (
        ["when": true],
        "schedule.when: true is a boolean, not a function: when = function(due) return true end"
      ),
      (
        ["every": .opaque("function")],
        "schedule.every: this is a function, not a duration (\"10m\", \"1h30m\", \"PT5M\")"
      ),
      (["queue_limit": 3], "schedule.queue_limit: is of use only with overlap = \"queue\""),
      (["overlap": "skip", "max_parallel": 3], "schedule.max_parallel: is of use only with overlap"),
      (["catch_up_within": "2h"], "schedule.catch_up_within: says how old what is made up may be"),
      (["start_when_available": false, "catch_up": "all"], "schedule.catch_up: contradicts"),
      (["priority": 10], "schedule.priority: 10"),
      (
        ["requires": ["wait": "10m"]],
        "schedule.requires: names nothing that has to hold; write network = true, or file = \"/mnt/backup/.mounted\""
      ),
      (["wait": "10m"], "schedule.wait: belongs into `requires = { wait = ... }`"),
      (
        ["requires": ["netwrk": true]],
        "schedule.requires.netwrk: there is no such key; did you mean `network`?"
      ),
      (["after": "a"], "schedule.after: the job waits for itself"),
      (["after": ["outcome": "failed"]], "schedule.after.job: is missing"),
      (["after": ["job": "b", "outcome": "faild"]], "schedule.after.outcome: \"faild\" is no outcome"),
      (["watch": ""], "schedule.watch: is empty"),
      (["every": "1m", "settle": "1s"], "schedule.settle: belongs to watch"),
      (["daily": ["at": "01:00"], "stop_at_end": true], "schedule.stop_at_end: stops what runs"),
      (["formerly": "a"], "schedule.formerly: is the name that the job has"),
      (
        ["overlap": "skpi"],
        "schedule.overlap: \"skpi\" is not one of \"skip\", \"queue\", \"parallel\", \"replace\"; did you mean \"skip\"?"
      ),
      (
        ["window": ["from": "02:00", "to": "04:00", "on_close": "stopp"]],
        "schedule.window.on_close: \"stopp\" is not one of \"finish\", \"stop\"; did you mean \"stop\"?"
      ),
      (
        ["window": .list([["from": "02:00", "to": "04:00"], ["from": "05:00"]])],
        "schedule.window[2].to: is missing; write window = { from = \"02:00\", to = \"04:00\" }"
      ),
      (["retry": 3], "schedule.retry: 3 is a number, not a table: retry = { count = 2, interval = \"1m\" }"),
      (
        ["retry": ["count": 3, "interval": "1m", "jitter": "1"]], "schedule.retry.jitter: \"1\""
      ),
      (
        ["retry": ["count": 3, "interval": "1m", "bakoff": 2]],
        "schedule.retry.bakoff: there is no such key; did you mean `backoff`?"
      ),
      (
        ["retry": ["count": -1, "interval": "1m"]], "schedule.retry.count: -1 is out of range (0 to 1000000)"
      ),
      (
        ["retry": ["count": .double(2.5), "interval": "1m"]],
        "schedule.retry.count: 2.5 is a number, not a whole number"
      ),
      (["memory_limit": 64], "schedule.memory_limit: 64 is a number; add a unit: \"64MB\", \"64KB\""),
      (["memory_limit": "64"], "schedule.memory_limit: \"64\" has no unit; add one: \"64MB\", \"64KB\""),
      (
        ["memory_limit": "1KB"],
        "schedule.memory_limit: \"1KB\" is too little; a Lua state needs at least 256KB"
      ),
      (
        ["memory_limit": "lots"],
        "schedule.memory_limit: \"lots\" is not a size (\"64MB\", \"512KB\", \"1GB\")"
      ),
      (["enabled": "yes"], "schedule.enabled: \"yes\" is a string, not true or false"),
      (
        ["secrets": .list(["../etc/passwd"])],
        "schedule.secrets[1]: \"../etc/passwd\" cannot be a secret's name: it is made of letters, digits and _ "
          + "(\"API_TOKEN\")"
      ),
      (["secrets": .list(["A", "B", "A"])], "schedule.secrets: \"A\" stands in the list twice"),
      (
        ["secrets": "A", "env": ["A": "x"]],
        "schedule.secrets: \"A\" stands in `env` too; a name is one or the other"
      ),
      (
        ["env": ["RATIO": .double(1.5)]], "schedule.env.RATIO: 1.5 is a number; write it as a string: \"1.5\""
      ),
      (["env": ["DEBUG": true]], "schedule.env.DEBUG: true is a boolean; write it as a string: \"true\""),
      (
        ["every": "1m", "cron": "* * * * *"],
        "schedule.cron: `every` and `cron` are 2 triggers; give each a table in triggers = { { ... }, { ... } }"
      ),
      (
        ["weekly": ["on": "wensday", "at": "02:00"]],
        "schedule.weekly.on: \"wensday\" is not a day of the week (mon, tue, wed, thu, fri, sat, sun); did you mean \"wednesday\"?"
      ),
      (
        ["monthly": ["on": "frist mon", "at": "02:00"]],
        "schedule.monthly.on: \"frist mon\" is not a day of the month (1 to 31, \"last\", \"first mon\", \"last fri\"); did you mean \"first mon\"?"
      ),
      (
        ["monthly": ["on": 30, "months": "feb", "at": "02:00"]],
        "schedule.monthly: monthly = { on = 30, months = \"feb\", at = \"02:00\" } can never fire: February has no day 30; the last day of a month is \"last\""
      ),
      (["daily": [:], "at": "02:00"], "schedule.at: belongs into the table: daily = { at = ... }"),
      (
        ["start_at": "2026-01-01"],
        "schedule.start_at: belongs to a trigger, and there is none; add one, such as every = \"10m\""
      ),
      (
        ["triggers": ["every": "1m"]],
        "schedule.triggers: is a list, also of one: triggers = { { every = \"10m\" } }"
      ),
      (
        ["triggers": .list([])],
        "schedule.triggers: the list is empty; it needs at least one trigger: triggers = { { every = \"10m\" } }"
      ),
      (
        ["triggers": .list(["10m"])],
        "schedule.triggers[1]: \"10m\" is a string, not a table: triggers = { { every = \"10m\" }, { on = \"startup\" } }"
      ),
      (
        ["triggers": .list([["name": "x"]])],
        "schedule.triggers[1]: says not when; one of every, restart_after, cron, daily, weekly, monthly, at, on, after, watch is needed"
      ),
      (
        ["triggers": .list([["every": "1m", "window": [:]]])],
        "schedule.triggers[1].window: is a setting of the job; it stands beside `triggers`"
      ),
      (
        ["triggers": .list([["every": "1m"]]), "every": "1m"],
        "schedule.every: stands beside `triggers`; put it into one of them: triggers = { { every = \"10m\" }, { ... } }"
      ),
      (
        ["triggers": .list([["every": "1m", "name": "x"], ["on": "startup", "name": "x"]])],
        "schedule.triggers[2].name: another trigger is named \"x\" too; a trigger is known by its name"
      ),
      (["daily": ["at": 1]], "schedule.daily.at: 1 is a number, not a time of day (\"02:30\")"),
      (["daily": [:]], "schedule.daily.at: is missing; write at = \"02:30\""),
      (["weekly": ["at": "02:00"]], "schedule.weekly.on: is missing; write on = {\"mon\", \"thu\"}"),
      (
        ["weekly": ["at": "02:00", "on": .list(["mon", "tues"])]],
        "schedule.weekly.on[2]: \"tues\" is not a day of the week (mon, tue, wed, thu, fri, sat, sun)"
      ),
      (
        ["monthly": ["at": "02:00", "on": 32]],
        "schedule.monthly.on: 32 is not a day of the month (1 to 31, \"last\", \"first mon\")"
      ),
      (
        ["repeat_for": "1m", "daily": ["at": "01:00"]],
        "schedule.repeat_for: says how long to repeat, and not how often; add repeat_every = \"10m\""
      ),
      (
        ["blackout": ["calendar": "none.ics"]],
        "schedule.blackout.calendar: \"none.ics\" cannot be read: No such file or directory"
      ),
      (["every": "1m\u{7}"], "schedule.every: \"1m\\x07\""),
    ] as [(DataValue, String)])
  func errors(schedule: DataValue, message: String) {
    let found = Self.messages(schedule)
    #expect(found.contains { $0.hasPrefix("jobs/a.lua: " + message) }, "\(found)")
  }

  @Test("tells everything that is wrong at once, with the lines where it is written")
  func allAtOnce() {
    let text = """
      -- schedule = { every = 1 }
      local x = { schedule = 1 }
      schedule = {
        evry = "10m",
        window = {
          from = "25:00", to = "04:00",
        },
        ["time_zone"] = "Mars/Base", -- }
        triggers = {
          { cron = [[* * * *]] },
          {
            name = "b",
            every = f(1, { from = 2 }, function() return { retry = 1 } end),
          },
        },
      }
      function main() local schedule = { pool = 1 } end
      """
    let messages = Self.messages(
      [
        "evry": "10m", "window": ["from": "25:00", "to": "04:00"], "time_zone": "Mars/Base",
        "triggers": .list([["cron": "* * * *"], ["name": "b", "every": 3]]), "pools": "made by code",
      ], text: text)
    let places = messages.map { $0.split(separator: ": ").prefix(2).joined(separator: " ") }
    #expect(
      places == [
        "jobs/a.lua:3 schedule.pools", "jobs/a.lua:4 schedule.evry", "jobs/a.lua:6 schedule.window.from",
        "jobs/a.lua:8 schedule.time_zone", "jobs/a.lua:10 schedule.triggers[1].cron",
        "jobs/a.lua:13 schedule.triggers[2].every",
      ])
  }

  @Test("refuses what can never fire")
  func neverFires() {
    #expect(Self.messages(["cron": "0 0 30 2 *"]).first?.contains("schedule.cron: ") == true)
    let ended = Self.messages([
      "daily": ["at": "01:00"], "start_at": "2026-01-01T02:00", "end_at": "2026-01-01T03:00",
    ])
    #expect(ended.first?.contains("schedule.daily: ") == true)
  }

  @Test("reads a calendar file beside the job")
  func calendar() throws {
    let folder = try TemporaryFolder()
    folder.write(
      "holidays.ics",
      "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261224\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    let definition = try Self.decode(
      ["every": "1h", "blackout": ["calendar": "holidays.ics"]], folder: folder.path
    ).get()
    #expect(definition.schedule?.blackout.entries.count == 1)
  }

  @Test("never traps on values that no one would write")
  func fuzz() {
    var random = SeededNumbers(seed: 1)
    let keys =
      (KeyList.schedule.known + KeyList.schedule.later.keys.sorted() + [
        "", "1", "from", "to", "count", "é\n",
      ])
    let leaves: [DataValue] = [
      .null, true, 0, -1, .int(.max), .int(.min), .double(.nan), .double(.infinity), .double(1e300), "",
      "10m",
      "99999999999999999999h", "24:00", "2026-12-24", "\u{0}", .bytes([0xFF]), .opaque("userdata"), "9e99GB",
      "mon",
      "* * * * *", "1e5MB", "nanMB", "-1MB",
    ]
    func value(_ depth: Int) -> DataValue {
      if depth == 0 || Int.random(in: 0..<3, using: &random) > 0 {
        return leaves.randomElement(using: &random) ?? .null
      }
      return .table(table(depth - 1))
    }
    func table(_ depth: Int) -> DataTable {
      var table = DataTable(isList: Bool.random(using: &random))
      for _ in 0..<Int.random(in: 0..<3, using: &random) { table.items.append(value(depth)) }
      for _ in 0..<Int.random(in: 0..<6, using: &random) {
        table.fields[keys.randomElement(using: &random) ?? ""] = value(depth)
      }
      return table
    }
    for _ in 0..<3000 {
      if case .failure(let failure) = Self.decode(.table(table(3))) { #expect(!failure.errors.isEmpty) }
    }
  }
}

extension TimeOfDay {
  fileprivate static let one = TimeOfDay(hour: 1, minute: 0) ?? .midnight
  fileprivate static let thirteen = TimeOfDay(hour: 13, minute: 0) ?? .midnight
}
