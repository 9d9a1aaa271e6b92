import Foundation
import Jobs
import RunLifecycle
import RunStore
import Scheduling
import Testing
import Values

@testable import Settings

@Suite("DaemonSettings") struct DaemonSettingsTests {
  private static func file(_ yaml: String) throws -> ConfigurationFile {
    try ConfigurationFile(path: "/srv/almanac.yaml", bytes: Array(yaml.utf8))
  }

  private static func problems(
    _ yaml: String, flags: [String: String] = [:], environment: [String: String] = [:]
  ) -> [String] {
    do {
      _ = try DaemonSettings(flags: flags, environment: environment, file: file(yaml))
      return []
    } catch { return (error as? SettingsError)?.problems ?? ["\(error)"] }
  }

  @Test("has every default where nothing is said") func builtIn() throws {
    for file in [nil, try Self.file(""), try Self.file("# a comment alone\n"), try Self.file("---\n")] {
      let settings = try DaemonSettings(file: file)
      #expect(settings.jobs == Setting("jobs", .builtIn))
      #expect(settings.state == Setting(".almanac", .builtIn))
      #expect(settings.timeZone == Setting(nil, .builtIn))
      #expect(settings.hosts.value == nil)
      #expect(settings.grace.value == .seconds(30))
      #expect(settings.retention == .standard)
      #expect(settings.pools.isEmpty)
      #expect(settings.defaults == .none)
      #expect(settings.notify == NotifySettings())
    }
  }

  @Test("takes a flag before a variable, that before the file, and says which") func precedence() throws {
    let file = try Self.file("grace: 3s\nhosts: 3\ntime_zone: Europe/Berlin\n")
    let settings = try DaemonSettings(
      flags: ["grace": "1s"],
      environment: ["ALMANAC_GRACE": "2s", "ALMANAC_HOSTS": "2", "ALMANAC_TIME_ZONE": ""], file: file)
    #expect(settings.grace == Setting(.seconds(1), .flag("--grace")))
    #expect(settings.hosts == Setting(2, .variable("ALMANAC_HOSTS")))
    #expect(
      settings.timeZone == Setting(try Zone.named("Europe/Berlin"), .file("/srv/almanac.yaml", line: 3)))
  }

  @Test("reads every key") func everyKey() throws {
    let settings = try DaemonSettings(
      file: Self.file(
        """
        jobs: /srv/jobs
        state: /var/lib/almanac
        time_zone: UTC
        hosts: 4
        grace: 1m
        idle_states: 1000
        retention:
          age: 30d
          runs: 5000
          bytes: 100MB
        pools: { database: 2, "the web": 10 }
        defaults:
          time_limit: 1h
        notify:
          on: [failed, missed]
          webhook: https://chat.example.com/hooks/x1
        """))
    #expect(settings.jobs.value == "/srv/jobs")
    #expect(settings.state.value == "/var/lib/almanac")
    #expect(settings.idleStates.value == 1000)
    #expect(settings.retention == RetentionPolicy(age: .days(30), runs: 5000, bytes: 100 << 20))
    #expect(settings.retentionBytes.origin == .file("/srv/almanac.yaml", line: 10))
    #expect(settings.pools.mapValues(\.value) == ["database": 2, "the web": 10])
    #expect(settings.defaults != .none)
    #expect(settings.notify.on == [.failed, .missed])
    #expect(settings.notify.webhook == ["https://chat.example.com/hooks/x1"])
  }

  @Test("lists what is in force without what is secret") func listing() throws {
    let settings = try DaemonSettings(
      file: Self.file(
        """
        notify:
          on: failed
          email: [ops@example.com]
          webhook: [https://chat.example.com/hooks/x1y2, "http://me:pass@h:81?key=z"]
          ntfy: my-topic
          ping: false
          smtp: { host: mail.example.com, user: me, password: hush }
        defaults:
          env: { TOKEN: hush }
          notify: { ping: "https://hc-ping.com/0d1f", smtp: { password: hush } }
        """))
    let items = settings.listing(machineZone: .utc).filter {
      $0.key.hasPrefix("notify") || $0.key.hasPrefix("defaults")
    }
    let shown = Dictionary(uniqueKeysWithValues: items.map { ($0.key, $0.value) })
    let expected: [String: DataValue] = [
      "notify.on": "failed", "notify.email": .list(["ops@example.com"]), "notify.ntfy": "***",
      "notify.webhook": .list(["https://chat.example.com/***", "http://h:81/***"]), "notify.ping": false,
      "notify.smtp": ["host": "mail.example.com", "user": "me", "password": "***"],
      "defaults.env": ["TOKEN": "***"],
      "defaults.notify": ["ping": "https://hc-ping.com/***", "smtp": ["password": "***"]],
    ]
    #expect(shown == expected)
    #expect(items.first { $0.key == "notify.ntfy" }?.origin == .file("/srv/almanac.yaml", line: 5))
    let off = try DaemonSettings(file: Self.file("notify: false")).listing(machineZone: .utc)
    #expect(off.last?.key == "notify" && off.last?.value == false)
  }

  @Test("has relative paths of the file start from its folder, others from the working directory")
  func paths() throws {
    let file = try Self.file("jobs: jobs\nstate: ../var\n")
    #expect(try DaemonSettings(file: file).jobs.value == "/srv/jobs")
    #expect(try DaemonSettings(file: file).state.value == "/srv/../var")
    #expect(try DaemonSettings(flags: ["jobs": "jobs"], file: file).jobs.value == "jobs")
    #expect(try DaemonSettings(environment: ["ALMANAC_STATE": "var"], file: file).state.value == "var")
  }

  @Test("lifts a bound of the retention") func unlimited() throws {
    let settings = try DaemonSettings(
      environment: ["ALMANAC_RETENTION_RUNS": "unlimited", "ALMANAC_RETENTION_AGE": "7d"],
      file: Self.file("retention: { age: unlimited, bytes: unlimited }"))
    #expect(settings.retention == RetentionPolicy(age: .days(7), runs: nil, bytes: nil))
    #expect(settings.retentionAge.origin == .variable("ALMANAC_RETENTION_AGE"))
  }

  @Test(
    "says what is wrong, where, and what would be right",
    arguments: [
      // Unknown keys, with the nearest one.
      ("timezone: UTC", ["/srv/almanac.yaml:1: timezone: there is no such key; did you mean `time_zone`?"]),
      ("\n\ngrce: 1s", ["/srv/almanac.yaml:3: grce: there is no such key; did you mean `grace`?"]),
      (
        "retention: { agee: 3d }",
        ["/srv/almanac.yaml:1: retention.agee: there is no such key; did you mean `age`?"]
      ),
      ("runs: 5", ["/srv/almanac.yaml:1: runs: belongs into `retention: { runs: ... }`"]),
      (
        "time_limit: 5m",
        [
          "/srv/almanac.yaml:1: time_limit: is a setting of jobs; it belongs into `defaults: { time_limit: ... }`"
        ]
      ),
      // Types and values.
      (
        "grace: 30",
        ["/srv/almanac.yaml:1: grace: 30 is a number; add a unit: \"30m\", \"30s\""]
      ),
      ("hosts: many", ["/srv/almanac.yaml:1: hosts: \"many\" is a string, not a whole number"]),
      ("hosts: 0", ["/srv/almanac.yaml:1: hosts: 0 is out of range (1 to 256)"]),
      ("jobs: [a]", ["/srv/almanac.yaml:1: jobs: this is a table, not a path (\"/srv/almanac/jobs\")"]),
      ("jobs: \"\"", ["/srv/almanac.yaml:1: jobs: is empty; name a folder"]),
      (
        "retention:\n  bytes: 5KB",
        [
          "/srv/almanac.yaml:2: retention.bytes: \"5KB\" is too little; the history needs at least 1024KB"
        ]
      ),
      (
        "retention: 5d",
        [
          "/srv/almanac.yaml:1: retention: \"5d\" is a string, not a table: retention: { key: value }"
        ]
      ),
      ("pools: { a: 0 }", ["/srv/almanac.yaml:1: pools.a: 0 is out of range (1 to 1000000)"]),
      ("pools:\n  a: two", ["/srv/almanac.yaml:2: pools.a: \"two\" is a string, not a whole number"]),
      ("- jobs", ["/srv/almanac.yaml:1: settings are written as `key: value`"]),
      ("just text", ["/srv/almanac.yaml:1: settings are written as `key: value`"]),
      ("grace: 1s\ngrace: 2s", ["/srv/almanac.yaml:1: the key grace stands here twice"]),
      (
        "listen: 127.0.0.1:7420",
        ["/srv/almanac.yaml:1: listen: not supported yet: there is no HTTP API; leave it out"]
      ),
      (
        "store: postgresql://x",
        [
          "/srv/almanac.yaml:1: store: not supported yet: there is no shared store; leave it out, and the ledger is in the state directory"
        ]
      ),
      // What is read by the same code as in jobs.
      (
        "notify:\n  on: faild\n  webhok: https://h/",
        [
          "/srv/almanac.yaml:2: notify.on: \"faild\" is not one of \"started\", \"succeeded\", \"failed\", \"recovered\", \"missed\", \"long_running\"; did you mean \"failed\"?",
          "/srv/almanac.yaml:3: notify.webhok: there is no such key; did you mean `webhook`?",
        ]
      ),
      (
        "notify: ops@example.com",
        [
          "/srv/almanac.yaml:1: notify: \"ops@example.com\" is a string, not a table: notify = { email = \"ops@example.com\" }"
        ]
      ),
    ])
  func wrong(yaml: String, expected: [String]) {
    #expect(Self.problems(yaml) == expected)
  }

  @Test("says everything that is wrong at once, in each source, also where another has the last word")
  func everything() {
    let found = Self.problems(
      "grace: soon\nhosts: 1000\nsttae: x", flags: ["grace": "1s", "hosts": "x"],
      environment: ["ALMANAC_GRACE": "5", "ALMANAC_RETENTION_AGE": "old", "ALMANAC_LISTEN": ":1"])
    #expect(found.count == 7)
    #expect(found[0] == "--hosts: \"x\" is a string, not a whole number")
    #expect(found.contains { $0.hasPrefix("ALMANAC_GRACE: \"5\"") })
    #expect(found.contains { $0.hasPrefix("ALMANAC_RETENTION_AGE: \"old\"") })
    #expect(found.contains("ALMANAC_LISTEN: not supported yet: there is no HTTP API; leave it out"))
    #expect(found.contains { $0.hasPrefix("/srv/almanac.yaml:1: grace: \"soon\"") })
    #expect(found.contains("/srv/almanac.yaml:2: hosts: 1000 is out of range (1 to 256)"))
    #expect(found.contains("/srv/almanac.yaml:3: sttae: there is no such key; did you mean `state`?"))
  }

  @Test(
    "names the line where the text is no YAML",
    arguments: [
      ("jobs: [a\nstate: b", "/srv/almanac.yaml:2: this is not YAML"),
      ("a: b: c", "/srv/almanac.yaml:1: this is not YAML"),
      ("\tjobs: x", "/srv/almanac.yaml:1: this is not YAML"), ("a: *nobody", "/srv/almanac.yaml:1: "),
      (String(repeating: "[", count: 100_000), "/srv/almanac.yaml:1: this is not YAML"),
    ])
  func noYAML(text: String, prefix: String) throws {
    let found = Self.problems(text)
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix(prefix) == true, "\(found)")
  }

  @Test("refuses a few lines that stand for a billion values") func bomb() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<10 {
      text +=
        "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
        + "]\n"
    }
    #expect(Self.problems(text).first?.contains("more than 100000 values") == true)
  }

  @Test("reads plain words as YAML 1.2 does: what looks like a time or a no is text") func words() throws {
    let file = try Self.file("a: 02:00\nb: no\nc: 0x10\nd: 1_000\ne: \"5\"\nf: 5\ng: 1.5\nh: true\ni: ~")
    let expected: [String: DataValue] = [
      "a": "02:00", "b": "no", "c": "0x10", "d": "1_000", "e": "5", "f": 5, "g": .double(1.5), "h": true,
      "i": .null,
    ]
    #expect(file.table.fields == expected)
  }
}

@Suite("JobDefaults") struct JobDefaultsTests {
  private static func settings(_ yaml: String) throws -> DaemonSettings {
    try DaemonSettings(file: ConfigurationFile(path: "/srv/almanac.yaml", bytes: Array(yaml.utf8)))
  }

  private static func decode(
    _ schedule: DataValue, _ yaml: String
  ) throws -> Result<JobDefinition, LoadFailure> {
    let source = JobSource(name: "a", folder: "/srv/jobs", mainPath: "jobs/a.lua", main: [])
    return ScheduleDecoder.decode(
      schedule, of: source, daemonZone: .utc, defaults: try settings(yaml).defaults)
  }

  private static let yaml = """
    defaults:
      time_limit: 5m
      retry: { count: 2, interval: 1m }
      memory_limit: 1MB
      window: { from: 02:00, to: 04:00 }
      env: { LANG: C }
    """

  @Test("leave out what belongs to another choice than the job's") func settled() throws {
    let yaml = """
      defaults:
        overlap: queue
        queue_limit: 3
        catch_up: all
        catch_up_within: 2h
      """
    func policy(_ schedule: DataValue) throws -> RunPolicy { try Self.decode(schedule, yaml).get().policy }
    #expect(try policy(["every": "1h"]).overlap == .queue(limit: 3))
    #expect(try policy(["queue_limit": 7]).overlap == .queue(limit: 7))
    #expect(try policy(["overlap": "queue"]).overlap == .queue(limit: 3))
    #expect(try policy(["overlap": "skip"]).overlap == .skip)
    #expect(try policy(["overlap": "parallel"]).overlap == .parallel(limit: nil))
    let newest = try policy(["start_when_available": true])
    #expect(newest.catchUp == .newest && newest.catchUpWithin == .hours(2))
    for nothing in [["start_when_available": false], ["catch_up": "none"]] as [DataValue] {
      #expect(try policy(nothing).catchUp == .none && policy(nothing).catchUpWithin == nil)
    }
  }

  @Test("hold where a job says nothing") func underTheJob() throws {
    let definition = try Self.decode(["every": "1h", "time_limit": "9s", "env": ["A": "b"]], Self.yaml).get()
    #expect(definition.policy.timeLimit == .seconds(9))
    #expect(definition.policy.retry == RetryPolicy(count: 2, interval: .minutes(1)))
    #expect(definition.memoryLimit == 1 << 20)
    #expect(definition.schedule?.windows.count == 1)
    #expect(definition.env == ["A": "b"], "a key of the job takes the place of the default as a whole")
  }

  @Test("hold for a job without a schedule, which still has none") func onDemand() throws {
    let definition = try Self.decode(.null, Self.yaml).get()
    #expect(definition.policy.timeLimit == .minutes(5))
    #expect(definition.schedule == nil)
  }

  @Test(
    "are refused with the file and the line",
    arguments: [
      (
        "defaults:\n  time_limit: 5",
        "/srv/almanac.yaml:2: defaults.time_limit: 5 is a number; add a unit: \"5m\", \"5s\""
      ),
      (
        "defaults:\n  retry:\n    cuont: 1\n    count: 1\n    interval: 1m",
        "/srv/almanac.yaml:3: defaults.retry.cuont: there is no such key; did you mean `count`?"
      ),
      (
        "defaults: { time_limt: 5m }",
        "/srv/almanac.yaml:1: defaults.time_limt: there is no such key; did you mean `time_limit`?"
      ),
      (
        "defaults: { every: 5m }",
        "/srv/almanac.yaml:1: defaults.every: is for a job's own schedule to say, no default for all of them"
      ),
      (
        "pools: { database: 2 }\ndefaults: { pool: databse }",
        "/srv/almanac.yaml:2: defaults.pool: there is no pool \"databse\"; did you mean \"database\"? Pools get their sizes under `pools:` in almanac.yaml"
      ),
      (
        "defaults: 5m",
        "/srv/almanac.yaml:1: defaults: \"5m\" is a string, not a table: defaults: { time_limit: 1h }"
      ),
      (
        "defaults: { host: won }",
        "/srv/almanac.yaml:1: defaults.host: \"won\" is not one of \"shared\", \"own\"; did you mean \"own\"?"
      ),
    ])
  func wrong(yaml: String, expected: String) throws {
    let error = try #require(throws: SettingsError.self) { try Self.settings(yaml) }
    #expect(error.problems == [expected])
  }

  @Test("are blamed where they stand when they turn out wrong later on, and the job for its own keys")
  func later() throws {
    let calendar = NSTemporaryDirectory() + "almanac-\(UUID().uuidString).ics"
    try "BEGIN:VCALENDAR\nEND:VCALENDAR\n".write(toFile: calendar, atomically: true, encoding: .utf8)
    let defaults = try Self.settings("defaults:\n  blackout: { calendar: \(calendar) }\n").defaults
    try FileManager.default.removeItem(atPath: calendar)
    let source = JobSource(name: "a", folder: "/srv/jobs", mainPath: "jobs/a.lua", main: [])
    let result = ScheduleDecoder.decode(
      ["every": "1h", "host": 5], of: source, daemonZone: .utc, defaults: defaults)
    guard case .failure(let failure) = result else {
      Issue.record("it loads")
      return
    }
    #expect(failure.errors.map(\.file) == ["/srv/almanac.yaml", "jobs/a.lua"])
    #expect(failure.errors.first?.line == 2)
    #expect(failure.errors.first?.message.hasPrefix("defaults.blackout.calendar: ") == true)
  }
}
