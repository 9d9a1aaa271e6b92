import JobWriting

/// What a service runs, as the code of a job.
extension ServiceJob {
  private mutating func commands(_ key: String) -> [ExecLine] {
    var commands: [ExecLine] = []
    for setting in unit.list("Service", key) {
      commands += ExecLine.commands(setting.value) { [specifiers] word in
        specifiers.expanded(word, unknown: &unknownSpecifiers)
      }
    }
    return commands
  }

  mutating func writeCode() {
    let cleanup = commands("ExecStopPost")
    var lines = readFiles(isShared: !cleanup.isEmpty)
    let conditions = commands("ExecCondition")
    if !conditions.isEmpty {
      modules.append("job")
      code.append(Self.conditionFunction)
    }
    let codes = successCodes()
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
    let list = codes.map { "[\($0)] = true" }.joined(separator: ", ")
    return """
      -- Exit codes that are success too.
      local fine = { \(list) }

      local function run(command)
        local ended = assert(process.run(command))
        if not ended.ok and not fine[ended.code] then error("exit " .. (ended.code or ended.signal), 0) end
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

  /// The codes beside 0, by number or name; a signal is noted.
  private mutating func successCodes() -> [Int] {
    var codes: [Int] = []
    for setting in unit.list("Service", "SuccessExitStatus") {
      for word in setting.value.split(whereSeparator: \.isWhitespace).map(String.init) {
        if let code = Int(word) ?? Self.exitCodes[word] {
          if code != 0, !codes.contains(code) { codes.append(code) }
        } else {
          notes.add("SuccessExitStatus=\(word)", "a program that ends so has failed", at: setting.place)
        }
      }
    }
    return codes
  }

  /// What `<sysexits.h>` calls them. Source: `systemd.exec(5)`, "Process Exit Codes".
  private static let exitCodes = [
    "SUCCESS": 0, "FAILURE": 1, "INVALIDARGUMENT": 2, "NOTIMPLEMENTED": 3, "NOPERMISSION": 4,
    "NOTINSTALLED": 5, "NOTCONFIGURED": 6, "NOTRUNNING": 7, "USAGE": 64, "DATAERR": 65, "NOINPUT": 66,
    "NOUSER": 67, "NOHOST": 68, "UNAVAILABLE": 69, "SOFTWARE": 70, "OSERR": 71, "OSFILE": 72,
    "CANTCREAT": 73, "IOERR": 74, "TEMPFAIL": 75, "PROTOCOL": 76, "NOPERM": 77, "CONFIG": 78,
  ]

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
}
