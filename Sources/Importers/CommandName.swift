import JobWriting

/// What to call a job that runs a command.
enum CommandName {
  /// The name of the program that does the work, to judge by the words: not `cd`, `sudo` or `bash`, but what comes
  /// after them. `job` where there is none.
  static func of(_ command: String) -> String {
    var fallback: String?
    for part in parts(of: command) {
      var words = part[...]
      while let word = words.popFirst() {
        let name = baseName(word)
        if word.hasPrefix("-") || isAssignment(word) || isRedirection(word) || isAmount(word) { continue }
        if preparations.contains(name) {
          fallback = fallback ?? name
          break
        }
        if wrappers.contains(name) {
          dropOperands(of: name, from: &words)
        } else if interpreters.contains(name) {
          fallback = fallback ?? name
        } else {
          return JobName.part(withoutExtension(name))
        }
      }
    }
    return JobName.part(fallback ?? "job")
  }

  /// Whether a program of this name runs another one, or a script, that is named behind it.
  static func isWrapper(_ name: String) -> Bool { wrappers.contains(name) || interpreters.contains(name) }

  /// What is done before the work: its words say nothing of it.
  private static let preparations: Set = [
    "cd", "test", "[", "[[", "export", "set", ".", "source", "umask", "ulimit", "sleep", "if", "true",
    "false",
    "echo", "date", "command", "which", "mkdir", "pushd", "unset",
  ]
  /// What runs another program that is named behind it.
  private static let wrappers: Set = [
    "sudo", "nice", "ionice", "flock", "timeout", "nohup", "exec", "time", "env", "chronic", "cronic",
    "setsid",
    "stdbuf", "su", "runuser", "systemd-cat", "chpst", "then", "do", "!", "eval", "lockrun", "xvfb-run",
    "doas", "gosu", "systemd-inhibit", "caffeinate", "unbuffer", "cpulimit",
  ]
  /// What reads a script that is named behind it.
  private static let interpreters: Set = [
    "sh", "bash", "zsh", "dash", "ksh", "fish", "python", "python2", "python3", "perl", "php", "ruby", "node",
    "java", "lua", "Rscript", "npm", "npx", "bundle", "rake", "make", "run-parts", "docker", "docker-compose",
  ]

  /// The simple commands, in words.
  private static func parts(of command: String) -> [[String]] {
    var parts: [[String]] = [[]]
    for word in command.split(whereSeparator: { " \t\n;&|(){}\"'`".contains($0) || $0 == "\0" }).enumerated()
    {
      let start = word.element.startIndex
      let before = start == command.startIndex ? "" : gap(before: start, in: command)
      if before.contains(where: { ";&|(){}`\n".contains($0) }) { parts.append([]) }
      parts[parts.count - 1].append(String(word.element))
    }
    return parts
  }

  /// What stands between a word and the one before it.
  private static func gap(before start: String.Index, in command: String) -> Substring {
    let from = command[..<start].lastIndex { !" \t\n;&|(){}\"'`".contains($0) }
    return command[(from.map(command.index(after:)) ?? command.startIndex)..<start]
  }

  private static func dropOperands(of wrapper: String, from words: inout ArraySlice<String>) {
    while let word = words.first, word.hasPrefix("-") || isAssignment(word) || isAmount(word) {
      words.removeFirst()
      // `-u www-data`, `-c2 -n7`, `-w 10`.
      if word.count == 2, "ugnswE".contains(word.dropFirst()), words.count > 1 { words.removeFirst() }
    }
    // The lock's file.
    if wrapper == "flock" || wrapper == "lockrun", words.count > 1 { words.removeFirst() }
    while let word = words.first, words.count > 1, word.hasPrefix("-") || isAmount(word) {
      words.removeFirst()
    }
  }

  private static func isAssignment(_ word: String) -> Bool {
    guard let equals = word.firstIndex(of: "="), equals != word.startIndex else { return false }
    return word[..<equals].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
  }

  private static func isRedirection(_ word: String) -> Bool { word.contains { $0 == ">" || $0 == "<" } }

  /// `10`, `30m`, `1.5h`.
  private static func isAmount(_ word: String) -> Bool {
    word.first?.isNumber == true && word.drop { $0.isNumber || $0 == "." }.count <= 1
  }

  private static func baseName(_ word: String) -> String {
    String(word.split(separator: "/").last ?? "")
  }

  private static let extensions = [
    ".sh", ".bash", ".py", ".pl", ".rb", ".php", ".js", ".jar", ".lua", ".R", ".pyc", ".ts",
  ]

  private static func withoutExtension(_ name: String) -> String {
    guard let ending = extensions.first(where: { name.hasSuffix($0) && name.count > $0.count }) else {
      return name
    }
    return String(name.dropLast(ending.count))
  }
}
