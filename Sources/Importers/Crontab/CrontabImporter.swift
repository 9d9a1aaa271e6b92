import JobWriting
import Scheduling

/// Makes jobs of crontabs.
///
/// A job does what cron did: the command is given to the shell in the user's home with cron's environment, starts
/// whether or not the last one has ended, and is never ended by a limit. That a command fails is the run's outcome,
/// which cron did not look at.
public struct CrontabImporter {
  /// Who runs the jobs, and where a user's home is.
  public var users: Users
  /// Whether entries name a user; nil: to judge by path and content.
  public var hasUsers: Bool?

  public init(users: Users, hasUsers: Bool? = nil) {
    self.users = users
    self.hasUsers = hasUsers
  }

  /// Makes a job of each entry of one file.
  ///
  /// - Parameters:
  ///   - name: The file's path, for messages and comments.
  ///   - folder: The namespace of its jobs, if there is more than one of them; the name of a single one.
  ///   - owner: The user whose crontab it is; nil: who runs the jobs, or whom the entries name.
  public func jobs(
    of text: String, name: String, folder: String? = nil, owner: String? = nil
  ) -> Imported {
    let named =
      owner == nil
      && hasUsers ?? (Self.isSystemPath(name) || Crontab.hasUsers(text) { users.home(of: $0) != nil })
    let crontab = Crontab(text, hasUsers: named)
    var imported = Imported(problems: crontab.problems.map { "\(name):\($0.line): \($0.message)" })
    for var entry in crontab.entries {
      if let owner { entry.user = owner }
      do {
        var job = try CrontabJob(entry, file: name, users: users).imported
        if let folder {
          job.name = crontab.entries.count == 1 ? JobName.part(folder) : JobName.of([folder, job.name])
        }
        imported.jobs.append(job)
      } catch {
        imported.problems.append("\(name):\(entry.line): \(error.message)")
      }
    }
    return imported
  }

  private static func isSystemPath(_ path: String) -> Bool {
    path == "/etc/crontab" || path.split(separator: "/").dropLast().last == "cron.d"
  }
}

/// One entry of a crontab, as a job.
private struct CrontabJob {
  let entry: Crontab.Entry
  let file: String
  let users: Users
  private var notes: [ImportNote] = []
  private var schedule = LuaTable()
  private var environment: [String: String] = [:]

  init(_ entry: Crontab.Entry, file: String, users: Users) throws(CronTimes.Refusal) {
    (self.entry, self.file, self.users) = (entry, file, users)
    let times = try CronTimes(entry.when)
    schedule = times.trigger
    for (subject, reason) in times.notes { note(subject, reason) }
    readEnvironment()
    readFlags()
    noteWhatIsLeftRunning()
    if !schedule.isEmpty {
      schedule.add("overlap", "parallel", comment: "cron does not look whether the last run has ended")
    }
    schedule.add("time_limit", "0s", comment: "nor does it ever end one")
    let written = entry.environment.map(\.name).filter { environment[$0] != nil }
    let names = ["PATH", "HOME", "USER", "LOGNAME"].filter { environment[$0] != nil && !written.contains($0) }
    schedule["env"] = .table(
      LuaTable((names + written).compactMap { name in environment[name].map { .init(name, .string($0)) } }))
  }

  var imported: ImportedJob {
    let modules = ["process"] + (recipients == nil ? [] : ["notify"])
    var title = entry.comments + (entry.comments.contains("") ? [""] : [])
    title.append("From \(file), line \(entry.line): \(entry.text)")
    if !entry.below.isEmpty { title += ["", "Below it:"] + entry.below }
    let job = JobText(
      title: title, notes: notes, modules: modules, schedule: schedule, code: code)
    return ImportedJob(name: CommandName.of(entry.command), text: job.text, notes: notes)
  }

  private mutating func note(_ subject: String, _ reason: String) {
    notes.append(ImportNote(place: "\(file):\(entry.line)", subject: subject, reason: reason))
  }

  private func variable(_ name: String) -> String? {
    entry.environment.first { $0.name == name }?.value
  }

  /// The user that the command has to become; nil where that is who runs the jobs anyway.
  private var otherUser: String? { entry.user.flatMap { $0 == users.current ? nil : $0 } }

  // MARK: - Environment

  private mutating func readEnvironment() {
    environment["PATH"] = "/usr/bin:/bin"
    if let user = otherUser {
      (environment["USER"], environment["LOGNAME"]) = (user, user)
      environment["HOME"] = users.home(of: user)
      if users.home(of: user) == nil {
        note(
          "user \(user)", "there is no such user here, so that its home is not known; the command starts in /"
        )
      }
    }
    for variable in entry.environment {
      switch variable.name {
      case "MAILTO", "MAILFROM": break
      case "CRON_TZ": readZone(variable.value)
      case "RANDOM_DELAY": readDelay(variable.value)
      case "LOGNAME", "USER":
        note("\(variable.name)=\(variable.value)", "cron does not let a crontab say who it runs as")
      case "CONTENT_TYPE", "CONTENT_TRANSFER_ENCODING":
        note("\(variable.name)=\(variable.value)", "mails are plain text in UTF-8")
      default: environment[variable.name] = variable.value
      }
    }
  }

  private mutating func readZone(_ name: String) {
    guard !name.isEmpty else { return }
    do {
      schedule["time_zone"] = .string(try Zone.named(name).name)
    } catch {
      note("CRON_TZ=\(name)", "\(error.message); times are read in the daemon's time zone")
    }
  }

  /// cronie's: minutes.
  private mutating func readDelay(_ value: String) {
    guard let minutes = Int(value), minutes >= 0, minutes < 1 << 24 else {
      return note("RANDOM_DELAY=\(value)", "this is no number of minutes")
    }
    guard minutes > 0 else { return }
    if let place = schedule.fields.firstIndex(where: { $0.key == "on" }) {
      schedule.fields[place].comment = "cron adds RANDOM_DELAY=\(value) to times, and not to @reboot"
    } else {
      schedule["jitter"] = .string("\(minutes)m")
    }
  }

  private mutating func noteWhatIsLeftRunning() {
    let command = entry.command
    if command.last == "&" {
      note(
        "&",
        "what a command leaves running is ended half a second after it; take the & away to have it waited for"
      )
    } else if command.contains("screen -d") || command.contains("tmux new") && command.contains(" -d") {
      note(
        CommandName.of(command),
        "what goes on in a session of its own is ended with the host process, at the latest with the daemon")
    }
  }

  private mutating func readFlags() {
    for flag in entry.flags {
      if flag == "-" {
        note("-", "it kept the entry out of the system's log; here each run is on record")
        continue
      }
      for letter in flag.dropFirst() {
        switch letter {
        case "n": note("-n", "it mailed the output of failed runs only; MAILTO has it mailed of all here")
        case "q": note("-q", "it kept the entry out of the system's log; here each run is on record")
        default:
          note("-s", "it kept runs from overlapping; take `overlap` out of the schedule to have that here")
        }
      }
    }
  }

  // MARK: - Code

  /// Who gets the output; nil: nobody but the log.
  private var recipients: [String]? {
    let list = (variable("MAILTO") ?? "").split { ",; ".contains($0) }.map(String.init)
    // A name alone is a mailbox of this machine.
    return list.isEmpty ? nil : list.map { $0.contains("@") ? $0 : $0 + "@localhost" }
  }

  private var code: [String] {
    let shell = variable("SHELL") ?? "/bin/sh"
    var options = LuaTable()
    options.add("cwd", .string(home))
    if let input = entry.input { options.add("stdin", .string(input)) }
    guard let recipients else {
      options.add("check", true)
      options.add("log", true)
      return ["function main()\n  assert(\(call(LuaText.quoted(entry.command), shell, options)))\nend"]
    }
    options.add("merge_stderr", true)
    options.add("log", true)
    var mail = LuaTable()
    mail.add("to", .oneOrMore(recipients))
    if let sender = variable("MAILFROM"), !sender.isEmpty { mail.add("from", .string(sender)) }
    mail.add("subject", .code("\"Cron: \" .. command"))
    mail.add("body", .code("ended.stdout"))
    return [
      "local command = \(LuaText.quoted(entry.command))",
      """
      function main()
        local ended = assert(\(call("command", shell, options)))
        -- As cron: what it says is mailed, if it says anything.
        if ended.stdout ~= "" then
          assert(notify.email \(LuaText.of(.table(mail), column: 24, indent: 4)))
        end
        if not ended.ok then return nil, "exit " .. (ended.code or ended.signal) end
      end
      """,
    ]
  }

  private var home: String {
    if let home = variable("HOME"), home.hasPrefix("/") { return home }
    return otherUser == nil ? "~" : environment["HOME"] ?? "/"
  }

  /// The call that runs the command, given as a Lua expression.
  private func call(_ command: String, _ shell: String, _ options: LuaTable) -> String {
    if shell == "/bin/sh", otherUser == nil {
      let table = LuaText.of(.table(options), column: 17 + command.count, indent: 2)
      return "process.shell(\(command), \(table))"
    }
    let words = (otherUser.map { ["runuser", "-u", $0, "--"] } ?? []) + [shell, "-c"]
    let all = words.map(LuaText.quoted) + [command]
    return "process.run " + ProcessCall.table(all, options, column: 21, indent: 2)
  }
}
