import Scheduling

/// The keys that a table may hold, and what to say of another one.
package struct KeyList {
  var known: [String]
  /// Keys that the project's documents name and that do nothing yet, and what they wait for.
  var later: [String: String] = [:]
  /// Keys that belong somewhere else, and where.
  var elsewhere: [String: String] = [:]
  /// What other tools call it.
  var otherNames: [String: String] = [:]
  /// What to write in place of an item without a key.
  var example: String

  package init(
    known: [String], later: [String: String] = [:], elsewhere: [String: String] = [:],
    otherNames: [String: String] = [:], example: String
  ) {
    self.known = known
    self.later = later
    self.elsewhere = elsewhere
    self.otherNames = otherNames
    self.example = example
  }

  func objection(to key: String) -> String {
    if let missing = later[key] { return "not supported yet: \(missing)" }
    if let place = elsewhere[key] { return place }
    if let name = otherNames[key.lowercased()] ?? SlipFinder.nearest(to: key, in: known + later.keys.sorted())
    {
      return "there is no such key; did you mean `\(name)`?"
    }
    if let near = SlipFinder.nearest(to: key, in: elsewhere.keys.sorted()), let place = elsewhere[near] {
      return "there is no such key; did you mean `\(near)`? That \(place)"
    }
    return "there is no such key; known are \(known.joined(separator: ", "))"
  }
}

extension KeyList {
  static let rules = [
    "every", "restart_after", "cron", "daily", "weekly", "monthly", "at", "on", "after", "watch",
  ]
  static let laterRules = [
    "webhook": "there is no HTTP API that could take a POST; `almanac trigger` starts the job from a script"
  ]
  /// What stands beside a rule, inline too.
  static let besideRule = [
    "name", "start_at", "end_at", "delay", "jitter", "repeat_every", "repeat_for", "stop_at_end", "settle",
  ]
  static let settings = [
    "enabled", "testing", "run_on_startup", "time_zone", "window", "outside_window", "blackout", "day_match",
    "time_limit", "stop_grace", "memory_limit", "log_limit", "cpu_limit", "retry", "overlap", "queue_limit",
    "max_parallel",
    "late_within", "start_when_available", "catch_up", "catch_up_within", "priority", "pool", "requires",
    "archive_after", "formerly", "host", "env", "secrets", "fresh_state", "when", "allow", "notify",
  ]
  private static let commonNames = [
    "interval": "every", "timeout": "time_limit", "max_runtime": "time_limit", "retries": "retry",
    "tz": "time_zone", "disabled": "enabled", "concurrency": "overlap", "crontab": "cron",
    "start": "start_at",
    "end": "end_at", "memory": "memory_limit", "environment": "env", "on_startup": "run_on_startup",
    "dry_run": "testing", "times": "at",
  ]

  static let schedule = KeyList(
    known: ["triggers"] + rules + besideRule + settings, later: laterRules,
    elsewhere: [
      "from": "belongs into `window = { from = ..., to = ... }`",
      "to": "belongs into `window = { from = ..., to = ... }`",
      "days": "belongs into `window = { days = ... }`",
      "on_close": "belongs into `window = { on_close = ... }`",
      "count": "belongs into `retry = { count = ... }`",
      "backoff": "belongs into `retry = { backoff = ... }`",
      "max_interval": "belongs into `retry = { max_interval = ... }`",
      "every_days": "belongs into `daily = { every_days = ... }`",
      "every_weeks": "belongs into `weekly = { every_weeks = ... }`",
      "months": "belongs into `monthly = { months = ... }`",
      "outcome": "belongs into `after = { job = ..., outcome = ... }`",
      "wait": "belongs into `requires = { wait = ... }`",
      "network": "belongs into `requires = { network = true }`",
      "ac_power": "belongs into `requires = { ac_power = true }`",
      "idle": "belongs into `requires = { idle = true }`",
      "free_disk": "belongs into `requires = { free_disk = ... }`",
    ], otherNames: commonNames, example: "give it one, such as every = \"10m\"")

  static let trigger = KeyList(
    known: rules + besideRule + ["enabled", "time_limit", "day_match"], later: laterRules,
    elsewhere: Dictionary(
      uniqueKeysWithValues: settings.filter { !["enabled", "time_limit", "day_match"].contains($0) }.map {
        ($0, "is a setting of the job; it stands beside `triggers`")
      }),
    otherNames: commonNames, example: "a trigger is a table such as { every = \"10m\" }")

  /// The `defaults` of a configuration: every setting of a job that is no trigger's.
  static let defaults = KeyList(
    known: settings.filter { !notForAll.contains($0) },
    elsewhere: Dictionary(
      uniqueKeysWithValues: (["triggers"] + rules + laterRules.keys + besideRule + notForAll)
        .map { ($0, "is for a job's own schedule to say, no default for all of them") }),
    otherNames: commonNames, example: "give it one, such as time_limit: 1h")
  /// A function, and what is one job's alone.
  private static let notForAll = ["when", "formerly"]

  static let daily = KeyList(known: ["at", "every_days"], example: "write at = \"02:30\"")
  static let weekly = KeyList(
    known: ["on", "at", "every_weeks"], example: "write on = \"mon\", at = \"02:30\"")
  static let monthly = KeyList(known: ["on", "months", "at"], example: "write on = 1, at = \"02:30\"")
  static let window = KeyList(
    known: ["from", "to", "days", "on_close"], example: "write from = \"02:00\", to = \"04:00\"")
  static let blackout = KeyList(
    known: ["from", "to", "calendar"], example: "write from = \"2026-12-24\", to = \"2026-12-26\"")
  static let requires = KeyList(
    known: ["network", "ac_power", "idle", "free_disk", "file", "wait"],
    example: "write network = true, or file = \"/mnt/backup/.mounted\"")
  static let after = KeyList(
    known: ["job", "outcome"], example: "write job = \"backup\", outcome = \"failed\"")
  static let retry = KeyList(
    known: ["count", "interval", "backoff", "max_interval", "jitter"],
    example: "write count = 2, interval = \"1m\"")
}
