import JobWriting
import Scheduling

/// A service as the code and the settings of a job.
struct ServiceJob {
  let unit: UnitFile
  let specifiers: Specifiers
  var notes = UnitNotes()
  var schedule = LuaTable()
  var modules: [String] = ["process"]
  var code: [String] = []
  var unknownSpecifiers: Set<String> = []

  init(_ unit: UnitFile, specifiers: Specifiers) {
    (self.unit, self.specifiers) = (unit, specifiers)
  }

  mutating func read() {
    readLimits()
    readRestart()
    readEnvironment()
    writeCode()
    for setting in unit.effective { readRest(setting) }
    for specifier in unknownSpecifiers.sorted() {
      notes.add(
        specifier, "only a running systemd knows it; it stands in the job as it is", at: specifiers.unit)
    }
    notes.sort(as: unit)
  }

  func last(_ keys: String...) -> UnitFile.Setting? {
    let setting = unit.settings.last { $0.section == "Service" && keys.contains($0.key) }
    return setting?.value.isEmpty == false ? setting : nil
  }

  mutating func expanded(_ text: String) -> String {
    specifiers.expanded(text, unknown: &unknownSpecifiers)
  }

  private mutating func span(_ setting: UnitFile.Setting) -> TimeSpan? {
    let span = TimeSpan(setting.value)
    if span == nil { notes.add(setting, "this is no span of time, and systemd passes it over too") }
    return span
  }

  var isOneShot: Bool {
    (last("Type")?.value ?? (last("ExecStart") == nil ? "oneshot" : "simple")) == "oneshot"
  }

  // MARK: - Settings of the job

  private mutating func readLimits() {
    // Of a service that is not of type oneshot, the start is over when its program runs.
    let limit = isOneShot ? last("TimeoutStartSec", "TimeoutSec") : last("RuntimeMaxSec")
    schedule.add("time_limit", .string(limit.flatMap { span($0) }?.written ?? "0s"))
    if let setting = last("TimeoutStopSec", "TimeoutSec"), let grace = span(setting), grace.isPositive {
      if grace == .infinity {
        notes.add(setting, "a run that is stopped is ended hard after stop_grace, 5 s if it says nothing")
      } else {
        schedule.add("stop_grace", .string(grace.written))
      }
    }
  }

  private mutating func readRestart() {
    guard let restart = last("Restart"), restart.value != "no" else { return }
    let interval = last("RestartSec").flatMap { span($0) } ?? .of(.milliseconds(100))
    guard ["on-failure", "always"].contains(restart.value), interval != .infinity, interval.isPositive else {
      return notes.add(restart, "a run that failed in any way can be tried again, by retry; it is not here")
    }
    let limit = unit.last("Unit", "StartLimitIntervalSec", "StartLimitInterval")?.value ?? "10s"
    let burst = unit.last("Unit", "StartLimitBurst").flatMap { Int($0.value) } ?? 5
    let window = TimeSpan(limit) ?? .of(.seconds(10))
    // Starts that come less often than the limit says go on for ever.
    let shortest = Double(burst) * Double(interval.interval?.microseconds ?? 0)
    let isBounded =
      window.isPositive && burst > 0 && window.interval.map { Double($0.microseconds) > shortest } ?? true
    let count = isBounded ? min(burst, 1_000_000) - 1 : 1_000_000
    if count > 0 { schedule.add("retry", ["count": .number(count), "interval": .string(interval.written)]) }
    if restart.value == "always" {
      notes.add(restart, "after a success the service was started again too; restart_after can do that")
    }
  }

  private mutating func readEnvironment() {
    var table = LuaTable()
    if let user {
      table["HOME"] = specifiers.machine.users.home(of: user).map { .string($0) }
      table["USER"] = .string(user)
      table["LOGNAME"] = .string(user)
    }
    for setting in unit.list("Service", "Environment") {
      let commands = ExecLine.commands(":" + setting.value) { $0 }
      for word in commands.flatMap(\.words).compactMap(\.text) {
        let text = expanded(word)
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
          notes.add(setting, "\"\(text)\" is not NAME=value")
          continue
        }
        table[String(text[..<equals])] = .string(String(text[text.index(after: equals)...]))
      }
    }
    if !table.isEmpty { schedule.add("env", .table(table)) }
  }

  /// Whom the service runs as; nil where that is who runs the jobs.
  var user: String? {
    guard let name = last("User")?.value, name != specifiers.machine.users.current else { return nil }
    var unknown: Set<String> = []
    return specifiers.expanded(name, unknown: &unknown)
  }
}
