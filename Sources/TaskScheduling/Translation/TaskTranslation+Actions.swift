import JobWriting

extension TaskTranslation {
  /// The code of a job.
  struct Code {
    var modules: [String]
    var blocks: [String]
    /// False where there is nothing to run.
    var isRunnable = true
  }

  /// `main`, and what it needs: each action a call of `process.run`, one after the other.
  mutating func actions() -> Code {
    var commands: [LuaTable] = []
    for action in task.actions {
      switch action.kind {
      case .exec(let path, let arguments, let folder):
        var command = command(path, arguments, folder, action.key)
        if let id = action.id?.trimmed, !id.isEmpty { command.fields[0].comment = id }
        if action.hidesWindow { notes.add(action.key + ".HideAppWindow", "true: there are no windows here") }
        commands.append(command)
      case .comHandler: notes.drop(action.key, "COM_HANDLER: there are no such classes here")
      case .sendEmail:
        notes.drop(action.key, "SEND_EMAIL: write it with notify.email of almanac.notify")
      case .showMessage: notes.drop(action.key, "SHOW_MESSAGE: a daemon has no screen to show it on")
      }
    }
    var blocks: [String] = []
    if commands.contains(where: { $0.usesExpansion }) { blocks.append(Self.expansion) }
    let usesParams = commands.contains { $0.usesParams }
    let run = usesParams ? "run" : ""
    if usesParams {
      blocks.append("-- $(Arg0) and so on are handed over: almanac run \(jobName) --param Arg0=value")
    }
    switch commands.count {
    case 0:
      return Code(
        modules: [], blocks: ["function main()\n  return nil, \"write here what this job is to do\"\nend"],
        isRunnable: false)
    case 1:
      let call = LuaText.of(.table(commands[0]), column: 21, indent: 2)
      blocks.append("function main(\(run))\n  assert(process.run \(call))\nend")
    default:
      blocks.append(Self.sequence(commands, run))
    }
    return Code(modules: ["process"], blocks: blocks)
  }

  private static let expansion = """
    -- %NAME% is what the environment has; where it has nothing of that name, it stays.
    local function expand(text) return (text:gsub("%%([%w_()]+)%%", os.getenv)) end
    """

  private static func sequence(_ commands: [LuaTable], _ run: String) -> String {
    let list = LuaText.of(.table(LuaTable(commands.map { .init(.table($0)) })), indent: 2, broken: true)
    return """
      -- One after the other; one that fails does not keep the next from starting, but fails the run.
      function main(\(run))
        local commands = \(list)
        local failures = {}
        for _, command in ipairs(commands) do
          local ended, why = process.run(command)
          if not ended then failures[#failures + 1] = why end
        end
        if #failures > 0 then return nil, table.concat(failures, "; ") end
      end
      """
  }

  // MARK: - One command

  private mutating func command(
    _ path: String, _ arguments: String?, _ folder: String?, _ key: String
  ) -> LuaTable {
    let program = slashes(unquoted(path.trimmed), key + ".Path")
    var table = LuaTable([.init(value(program, key + ".Path"))])
    for word in CommandWords.of(arguments ?? "") {
      table.fields.append(.init(value(word, key + ".Arguments")))
    }
    if let folder = folder?.trimmed, !folder.isEmpty {
      let path = slashes(unquoted(folder), key + ".WorkingDirectory")
      table.add("cwd", value(path, key + ".WorkingDirectory"))
    }
    table.add("log", true)
    table.add("check", true)
    return table
  }

  private func unquoted(_ text: String) -> String {
    text.count > 1 && text.hasPrefix("\"") && text.hasSuffix("\"")
      ? String(text.dropFirst().dropLast()) : text
  }

  /// The path with `/` where it has `\`; one that only that system can have stays, and is noted.
  private mutating func slashes(_ path: String, _ key: String) -> String {
    let letters = Array(path.utf8)
    let hasDrive = letters.count > 1 && letters[1] == UInt8(ascii: ":")
    let isAbsolute = hasDrive || path.hasPrefix("\\\\") || path.hasPrefix("%") && path.contains("\\")
    let suffixes = [".exe", ".bat", ".cmd", ".ps1", ".vbs", ".com", ".msc"]
    if isAbsolute || suffixes.contains(where: { path.lowercased().hasSuffix($0) }) {
      notes.add(key, "\(path): a program or folder of that system; write here what takes its place")
    }
    return isAbsolute ? path : path.replacing("\\", with: "/")
  }

  // MARK: - What stands for something else

  /// A text with `$(Arg0)` and `%NAME%` in it as an expression; any other one as it is.
  private mutating func value(_ text: String, _ key: String) -> LuaValue {
    var parts: [String] = []
    var plain = ""
    var rest = text[...]
    func flush() {
      if !plain.isEmpty { parts.append(expanded(plain)) }
      plain = ""
    }
    while let start = rest.firstRange(of: "$(") {
      let inner = rest[start.upperBound...]
      guard let end = inner.firstIndex(of: ")") else { break }
      plain += rest[..<start.lowerBound]
      let name = String(inner[..<end])
      if isArgument(name) {
        flush()
        parts.append("(run.params.\(name.prefix(1).uppercased() + name.dropFirst().lowercased()) or \"\")")
      } else {
        if isVariable(name) { notes.add(key, "$(\(name)) stands as it is: nothing here gives it a value") }
        plain += rest[start.lowerBound...end]
      }
      rest = inner[inner.index(after: end)...]
    }
    plain += rest
    if parts.isEmpty, !hasVariable(plain) { return .string(plain) }
    flush()
    return .code(parts.joined(separator: " .. "))
  }

  private func expanded(_ text: String) -> String {
    let quoted = LuaText.quoted(text)
    return hasVariable(text) ? "expand(\(quoted))" : quoted
  }

  /// `Arg0` to `Arg31`.
  private func isArgument(_ name: String) -> Bool {
    name.lowercased().hasPrefix("arg") && (Int(name.dropFirst(3)).map { (0...31).contains($0) } ?? false)
  }

  /// A value of the event that started the task; not `date`, which a shell runs.
  private func isVariable(_ name: String) -> Bool {
    task.given.keys.contains { $0.hasSuffix(".ValueQueries") }
      && name.allSatisfy { $0.isLetter || $0.isNumber }
  }

  /// Whether it holds a `%NAME%`. One letter is none, for `date +%Y%m%d`.
  private func hasVariable(_ text: String) -> Bool {
    let pieces = text.split(separator: "%", omittingEmptySubsequences: false)
    guard pieces.count > 2 else { return false }
    return pieces.dropFirst().dropLast().contains { piece in
      piece.count > 1 && piece.allSatisfy { $0.isLetter || $0.isNumber || "_()".contains($0) }
    }
  }
}

extension LuaTable {
  fileprivate func anyCode(_ holds: (String) -> Bool) -> Bool {
    fields.contains { if case .code(let code) = $0.value { holds(code) } else { false } }
  }

  fileprivate var usesExpansion: Bool { anyCode { $0.contains("expand(") } }
  fileprivate var usesParams: Bool { anyCode { $0.contains("run.params.") } }
}
