import JobWriting
import Scheduling

/// A service as the code and the settings of a job.
struct ServiceJob {
  private let unit: UnitFile
  private let specifiers: Specifiers
  var notes = UnitNotes()
  private(set) var schedule = LuaTable()
  private(set) var modules: [String] = ["process"]
  private(set) var code: [String] = []
  private var unknownSpecifiers: Set<String> = []

  init(_ unit: UnitFile, specifiers: Specifiers) {
    (self.unit, self.specifiers) = (unit, specifiers)
  }

  mutating func read() {
    readLimits()
    readRestart()
    readEnvironment()
    writeCode()
    var seen: Set<String> = []
    for setting in unit.settings.reversed() where seen.insert(setting.section + "." + setting.key).inserted {
      if !setting.value.isEmpty { readRest(setting) }
    }
    for specifier in unknownSpecifiers.sorted() {
      notes.add(
        specifier, "only a running systemd knows it; it stands in the job as it is", at: specifiers.unit)
    }
    notes.sort(as: unit)
  }

  private func last(_ keys: String...) -> UnitFile.Setting? {
    let setting = unit.settings.last { $0.section == "Service" && keys.contains($0.key) }
    return setting?.value.isEmpty == false ? setting : nil
  }

  private mutating func expanded(_ text: String) -> String {
    specifiers.expanded(text, unknown: &unknownSpecifiers)
  }

  private mutating func span(_ setting: UnitFile.Setting) -> TimeSpan? {
    let span = TimeSpan(setting.value)
    if span == nil { notes.add(setting, "this is no span of time, and systemd passes it over too") }
    return span
  }

  private var isOneShot: Bool {
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
    let isBounded =
      window.isPositive && burst > 0
      && (window.interval.map {
        Double($0.microseconds) > Double(burst) * Double(interval.interval?.microseconds ?? 0)
      }
        ?? true)
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
  private var user: String? {
    guard let name = last("User")?.value, name != specifiers.machine.users.current else { return nil }
    var unknown: Set<String> = []
    return specifiers.expanded(name, unknown: &unknown)
  }

  // MARK: - Code

  private mutating func commands(_ key: String) -> [ExecLine] {
    var commands: [ExecLine] = []
    for setting in unit.list("Service", key) {
      commands += ExecLine.commands(setting.value) { [specifiers] word in
        specifiers.expanded(word, unknown: &unknownSpecifiers)
      }
    }
    return commands
  }

  private mutating func writeCode() {
    let cleanup = commands("ExecStopPost")
    var lines = readFiles(isShared: !cleanup.isEmpty)
    let conditions = commands("ExecCondition")
    if !conditions.isEmpty {
      modules.append("job")
      code.append(Self.conditionFunction)
    }
    let codes = successCodes
    if !codes.isEmpty { code.append(Self.runFunction(codes)) }
    for command in conditions { lines.append("need \(table(command, checks: false))") }
    for command in commands("ExecStartPre") { lines.append(call(command)) }
    for command in commands("ExecStart") { lines.append(call(command, runner: codes.isEmpty ? nil : "run")) }
    for command in commands("ExecStartPost") { lines.append(call(command)) }
    guard !cleanup.isEmpty else {
      code.append("function main()\n" + Self.indented(lines) + "\nend")
      return
    }
    code.append("local function work()\n" + Self.indented(lines) + "\nend")
    let last = cleanup.map { "process.run \(table($0, checks: false))" }
    let whole = ["local done, err = pcall(work)"] + last + ["if not done then error(err, 0) end"]
    code.append("function main()\n" + Self.indented(whole) + "\nend")
  }

  /// The lines that read the files of variables into `env`.
  ///
  /// - Parameter isShared: Another function than the one with these lines needs it too.
  private mutating func readFiles(isShared: Bool) -> [String] {
    let files = unit.list("Service", "EnvironmentFile")
    guard !files.isEmpty else { return [] }
    modules.append("fs")
    code.append(Self.environmentFunction)
    if isShared { code.append("local env") }
    var lines = [isShared ? "env = {}" : "local env = {}"]
    for file in files {
      let path = expanded(String(file.value.drop { $0 == "-" }))
      if path.contains(where: { "*?[".contains($0) }) { notes.add(file, "wildcards are not read here") }
      lines.append("add_variables(env, \(LuaText.quoted(path))\(file.value.first == "-" ? ", true" : ""))")
    }
    return lines
  }

  private static func indented(_ lines: [String]) -> String {
    lines.map { "  " + $0 }.joined(separator: "\n")
  }

  private static let environmentFunction = """
    -- Adds the variables in a file, one NAME=value a line, as systemd reads them.
    local function add_variables(env, path, optional)
      local text, err = fs.read(path)
      if not text then
        if optional then return end
        error(err, 0)
      end
      for line in text:gsub("\\\\\\n", ""):gmatch("[^\\n]+") do
        local name, value = line:match("^%s*([%a_][%w_]*)%s*=%s*(.-)%s*$")
        if name then env[name] = value:match('^"(.*)"$') or value:match("^'(.*)'$") or value end
      end
    end
    """

  private static let conditionFunction = """
    -- Skips the run unless the command ends well.
    local function need(command)
      local met = assert(process.run(command))
      if not met.ok then job.skip("ExecCondition is not met") end
    end
    """

  private static func runFunction(_ codes: [Int]) -> String {
    let list = codes.map { "ended.code ~= \($0)" }.joined(separator: " and ")
    return """
      -- Runs a command, for which \(codes.map { String($0) }.joined(separator: ", ")) is success too.
      local function run(command)
        local ended = assert(process.run(command))
        if not ended.ok and \(list) then error("exit " .. (ended.code or ended.signal), 0) end
      end
      """
  }

  /// The line that runs a command.
  ///
  /// - Parameter runner: What does it in place of `process.run` with a check.
  private mutating func call(_ command: ExecLine, runner: String? = nil) -> String {
    if command.prefixes.contains("-") {
      return "process.run \(table(command, checks: false))  -- it may fail"
    }
    return runner.map { "\($0) \(table(command, checks: false))" }
      ?? "assert(process.run \(table(command, checks: true)))"
  }

  private var successCodes: [Int] {
    unit.list("Service", "SuccessExitStatus").flatMap { setting in
      setting.value.split(separator: " ").compactMap { Int($0) }
    }
  }

  private mutating func table(_ command: ExecLine, checks: Bool) -> String {
    let isPrivileged = command.prefixes.contains { "+!".contains($0) }
    var words = launcher(isPrivileged: isPrivileged)
    if command.prefixes.contains("|") || command.hasVariables {
      let text =
        command.prefixes.contains("|")
        ? command.words.compactMap(\.text).joined(separator: " ") : command.shellText
      words += ["/bin/sh", "-c", text]
    } else {
      var own = command.words.compactMap(\.text)
      // The program's own idea of its name.
      if command.prefixes.contains("@"), own.count > 1 { own.remove(at: 1) }
      words += own
    }
    if command.prefixes.contains("@") {
      notes.add("@", "a program is called by the name that it is started by", at: specifiers.unit)
    }
    var options: LuaTable = ["cwd": .string(folder)]
    if !unit.list("Service", "EnvironmentFile").isEmpty { options.add("env", .code("env")) }
    addOutput(&options)
    if checks { options.add("check", true) }
    return ProcessCall.table(words.map(LuaText.quoted), options, column: 23, indent: 2)
  }

  /// What gives the command its user and its place among others.
  private func launcher(isPrivileged: Bool) -> [String] {
    var words: [String] = []
    if let nice = last("Nice").flatMap({ Int($0.value) }) { words += ["nice", "-n", String(nice)] }
    let classes = ["realtime": "1", "best-effort": "2", "idle": "3", "1": "1", "2": "2", "3": "3"]
    let level = last("IOSchedulingPriority").flatMap { Int($0.value) }
    if let name = last("IOSchedulingClass")?.value ?? level.map({ _ in "best-effort" }),
      let number = classes[name]
    {
      words += ["ionice", "-c", number] + (level.map { ["-n", String($0)] } ?? [])
    }
    guard !isPrivileged else { return words }
    if let user {
      words += ["runuser", "-u", user] + (last("Group").map { ["-g", $0.value] } ?? []) + ["--"]
    }
    return words
  }

  /// Where the commands start: systemd's is the root.
  private var folder: String {
    var unknown: Set<String> = []
    guard let setting = last("WorkingDirectory") else { return "/" }
    let path = specifiers.expanded(String(setting.value.drop { $0 == "-" }), unknown: &unknown)
    guard path == "~" else { return path.isEmpty ? "/" : path }
    return user.flatMap { specifiers.machine.users.home(of: $0) } ?? "~"
  }

  private mutating func addOutput(_ table: inout LuaTable) {
    var isLogged = true
    let output = last("StandardOutput")?.value ?? "journal"
    let errors = last("StandardError")?.value ?? "inherit"
    for (value, key) in [(output, "stdout_file"), (errors, "stderr_file")] {
      let parts = value.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, ["file", "append", "truncate"].contains(parts[0]) else { continue }
      table.add(key, .string(expanded(String(parts[1]))))
      if parts[0] == "append" { table["append"] = true }
    }
    if table["stdout_file"] != nil, errors == "inherit" || errors == output {
      table["stderr_file"] = nil
      table.add("merge_stderr", true)
    }
    if output == "null", errors == "null" || errors == "inherit" { isLogged = false }
    if isLogged, table["stdout_file"] == nil || table["merge_stderr"] == nil { table.add("log", true) }
  }

  // MARK: - The rest

  private static let natural: Set = [
    "ExecStart", "ExecStartPre", "ExecStartPost", "ExecCondition", "ExecStopPost", "Environment",
    "EnvironmentFile",
    "Nice", "IOSchedulingPriority", "TimeoutStopSec", "TimeoutSec", "Restart", "RestartSec",
    "SuccessExitStatus",
    "PassEnvironment", "StartLimitBurst", "StartLimitInterval", "StartLimitIntervalSec",
  ]

  /// Says of a setting what has not become of it.
  private mutating func readRest(_ setting: UnitFile.Setting) {
    guard setting.section == "Service" else { return notes.readCommon(setting, isTimer: false, &schedule) }
    let value = setting.value
    switch setting.key {
    case _ where Self.natural.contains(setting.key): break
    case "Type":
      if value == "forking" {
        notes.add(setting, "what a command leaves running is ended half a second after it")
      } else if !["oneshot", "simple", "exec", "idle"].contains(value) {
        notes.add(setting, "a run ends with its program; no message of it is waited for")
      }
    case "TimeoutStartSec":
      if !isOneShot, TimeSpan(value) != nil { notes.add(setting, "the start of this type is over at once") }
    case "RuntimeMaxSec":
      if isOneShot { notes.add(setting, "systemd does not look at it for oneshot, nor is it looked at here") }
    case "User":
      if let user, specifiers.machine.users.home(of: user) == nil {
        notes.add(setting, "there is no such user here, so that its home is not known")
      }
    case "Group":
      if user == nil, setting.value != specifiers.machine.users.current {
        notes.add(setting, "without another User= the group stays that of the daemon")
      }
    case "IOSchedulingClass":
      if !["idle", "best-effort", "realtime", "1", "2", "3", "none", "0"].contains(value) {
        notes.add(setting, "there is no such class")
      }
    case "WorkingDirectory":
      if value.first == "-" { notes.add(setting, "the folder must be there") }
    case "StandardOutput", "StandardError":
      let known = ["journal", "inherit", "syslog", "null", "kmsg"]
      let isFile = ["file:", "append:", "truncate:"].contains { value.hasPrefix($0) }
      if !isFile, !known.contains(value.replacing("+console", with: "")) {
        notes.add(setting, "what the program says goes to the run's log")
      } else if value.hasSuffix("+console") || value == "kmsg" {
        notes.add(setting, "what the program says goes to the run's log alone")
      }
    case "StandardInput":
      if value != "null" { notes.add(setting, "the program reads nothing") }
    case "SyslogIdentifier":
      notes.add(setting, "lines in the log go by the job's name")
    case "KillMode":
      if value != "control-group", value != "mixed" {
        notes.add(setting, "all that a run has started is ended with it")
      }
    case "KillSignal", "RestartKillSignal":
      if value != "SIGTERM", value != "15" { notes.add(setting, "a run is stopped by SIGTERM") }
    case "SendSIGKILL":
      if setting.flag == false { notes.add(setting, "what outlives stop_grace is killed") }
    case "RemainAfterExit":
      if setting.flag == true {
        notes.add(setting, "such a service runs once until it is stopped; here each time it is due")
      }
    case "ExecStop", "ExecReload":
      notes.add(setting, "there is nothing running that could be stopped or reloaded so")
    default: notes.addUnknown(setting)
    }
  }
}
