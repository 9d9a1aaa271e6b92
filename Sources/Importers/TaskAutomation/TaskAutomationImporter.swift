import FoundationEssentials
import JobWriting
import Scheduling

/// Makes jobs of TaskAutomation's folder of tasks, each a folder with a `config.ini` and a `main.py`.
///
/// A job runs the task where it is, as TaskAutomation does: from the folder above, as the module `Tasks.NAME.main`.
/// What its `requirements.txt` asks for goes into a virtual environment of the job's own, which is made once.
public struct TaskAutomationImporter {
  public init() {}

  /// - Parameter path: The folder of tasks, or the folder that has it as `Tasks`.
  public func jobs(at path: String) -> Imported {
    let given = Self.absolute(path)
    let folder = ImportFile.kind(of: given + "/Tasks") == .folder ? given + "/Tasks" : given
    guard ImportFile.kind(of: folder) == .folder else {
      return Imported(problems: [
        "\(path): there is no such folder; name the one that has a folder for each task"
      ])
    }
    let names: [String]
    do {
      names = try ImportFile.names(in: folder)
    } catch {
      return Imported(problems: [error.description])
    }
    var all = Imported()
    for name in names where name != "__pycache__" && ImportFile.kind(of: "\(folder)/\(name)") == .folder {
      let task = "\(folder)/\(name)"
      guard ImportFile.kind(of: task + "/config.ini") == .file,
        ImportFile.kind(of: task + "/main.py") == .file
      else {
        all.problems.append("\(task): this is no task: one has a config.ini and a main.py")
        continue
      }
      do {
        let settings = TaskSettings(try ImportFile.text(at: task + "/config.ini"))
        all.problems += settings.problems.map { "\(task)/config.ini:\($0.line): \($0.message)" }
        let requirements =
          ImportFile.kind(of: task + "/requirements.txt") == .file
          ? try ImportFile.text(at: task + "/requirements.txt") : ""
        let needsPackages = Lines.of(requirements).contains { !$0.trimmed.isEmpty && $0.trimmed.first != "#" }
        let job = TaskJob(name: name, folder: folder, settings: settings, needsPackages: needsPackages)
        all.jobs.append(job.imported)
      } catch {
        all.problems.append(error.description)
      }
    }
    if all.jobs.isEmpty, all.problems.isEmpty {
      all.problems.append("\(path): there is no task in this folder")
    }
    return all
  }

  private static func absolute(_ path: String) -> String {
    var path = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    while path.hasSuffix("/") || path.hasSuffix("/.") { path.removeLast() }
    return path
  }
}

/// One task, as a job.
private struct TaskJob {
  let name: String
  /// The folder of all tasks, absolute.
  let folder: String
  private let settings: TaskSettings
  private let needsPackages: Bool
  private var notes: [ImportNote] = []
  private var schedule = LuaTable()

  init(name: String, folder: String, settings: TaskSettings, needsPackages: Bool) {
    (self.name, self.folder, self.settings, self.needsPackages) = (name, folder, settings, needsPackages)
    readInterval()
    readWindow()
    if flag("Enabled", where: { $0 != "False" }) == false { schedule["enabled"] = false }
    if flag("Testing", where: { $0 == "True" }) == true { schedule["testing"] = true }
    if flag("RunOnStartup", where: { $0 == "True" }) == true { schedule["run_on_startup"] = true }
    schedule.add("time_limit", "0s", comment: "a task was never ended")
    let known: Set = ["everyxminutes", "allowedfrom", "allowedto", "enabled", "testing", "runonstartup"]
    for setting in settings.settings where !known.contains(setting.key.lowercased()) {
      note(setting, "TaskAutomation does not look at it")
    }
  }

  private mutating func note(_ setting: TaskSettings.Setting, _ reason: String) {
    note("\(setting.key) = \(setting.value)", reason, line: setting.line)
  }

  private mutating func note(_ subject: String, _ reason: String, line: Int? = nil) {
    let place = "\(folder)/\(name)/config.ini" + (line.map { ":\($0)" } ?? "")
    notes.append(ImportNote(place: place, subject: subject, reason: reason))
  }

  // MARK: - When

  private mutating func readInterval() {
    guard let setting = settings.last("Frequency", "EveryXMinutes") else {
      return note("EveryXMinutes", "is missing in [Frequency], so that the job runs on demand only")
    }
    guard let minutes = Int(setting.value), (1...1 << 30).contains(minutes) else {
      return note(setting, "this is no number of minutes from 1 on, so that the job runs on demand only")
    }
    schedule.add("every", .string(Interval.seconds(Int64(minutes) * 60).description))
  }

  /// The end counts whole: a task was still started in the minute that AllowedTo names.
  private mutating func readWindow() {
    guard schedule["every"] != nil else { return }
    guard let from = settings.last("Frequency", "AllowedFrom"),
      let to = settings.last("Frequency", "AllowedTo")
    else {
      return note("AllowedFrom, AllowedTo", "one of them is missing; the job runs at all times")
    }
    guard let first = Self.minute(from.value) else {
      return note(from, "this is no time of day (HH:MM); the job runs at all times")
    }
    guard let last = Self.minute(to.value) else {
      return note(to, "this is no time of day (HH:MM); the job runs at all times")
    }
    if first == 0, last == 1439 { return }
    if first > last {
      note(
        to,
        "it is before AllowedFrom, so that TaskAutomation never starts it; here the window goes over midnight"
      )
      if first == last + 1 { return }
    } else if first / 60 == last / 60, last % 60 != 59 {
      note(to, "within one hour TaskAutomation does not look at its minute, and goes on to the hour's end")
    }
    let window: LuaTable = ["from": .string(Self.time(first)), "to": .string(Self.time(last + 1))]
    schedule.add("window", .table(window), comment: "\(to.value) is the last minute")
  }

  private static func minute(_ text: String) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count >= 2, let hour = Int(parts[0].trimmed), let minute = Int(parts[1].trimmed),
      (0...23).contains(hour), (0...59).contains(minute)
    else { return nil }
    return hour * 60 + minute
  }

  private static func time(_ minute: Int) -> String {
    func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(padded(minute / 60)):\(padded(minute % 60))"
  }

  /// A switch of `[Global]`: `True` or `False`. Another word counts as TaskAutomation takes it, and is told of.
  private mutating func flag(_ key: String, where isOn: (String) -> Bool) -> Bool? {
    guard let setting = settings.last("Global", key) else { return nil }
    let value = isOn(setting.value)
    if setting.value != "True", setting.value != "False" {
      note(
        setting,
        "it is neither True nor False, and counts as \(value ? "True" : "False"), as in TaskAutomation")
    }
    return value
  }

  // MARK: - What

  var imported: ImportedJob {
    let text = JobText(
      title: ["\(name), a task of TaskAutomation in \(folder)/\(name)."], notes: notes,
      modules: ["fs", "job", "json", "process"], schedule: schedule, code: code
    ).text
    return ImportedJob(name: JobName.part(name), text: text, notes: notes)
  }

  private var root: String { folder.split(separator: "/").dropLast().map { "/" + $0 }.joined() }

  private var code: [String] {
    let package = folder.split(separator: "/").last.map(String.init) ?? ""
    let places = """
      local root = \(LuaText.quoted(root.isEmpty ? "/" : root))
      local module = \(LuaText.quoted("\(package).\(name).main"))
      """
    let call = """
      -- Says what initialize() returns, and writes what main() returns to a file.
      local runner = [[
      import importlib, json, sys

      task = importlib.import_module(sys.argv[1])
      if hasattr(task, "initialize"):
          print(task.initialize(), flush=True)
      with open(sys.argv[2], "w", encoding="utf-8") as answer:
          json.dump(task.main(), answer, default=str)
      ]]
      """
    let main = """
      function main()
        local answer = job.output("answer.json")
        assert(process.run {
          \(needsPackages ? "python()" : "\"python3\""), "-c", runner, module, answer,
          cwd = root, check = true, log = true,
        })
        local result = json.decode(assert(fs.read(answer)))
        if result ~= json.null then return result end
      end
      """
    return [places] + (needsPackages ? [environment] : []) + [call, main]
  }

  private var environment: String {
    """
    -- The python of a virtual environment with what requirements.txt asks for: made once, and again when that changes.
    local function python()
      local requirements = \(LuaText.quoted("\(folder)/\(name)/requirements.txt"))
      local wanted, made = assert(fs.read(requirements)), job.output("requirements.txt")
      local venv = job.output("venv")
      if not fs.exists(made) or fs.read(made) ~= wanted then
        assert(process.run { "python3", "-m", "venv", "--clear", venv, check = true, log = true })
        assert(process.run { venv .. "/bin/pip", "install", "-r", requirements, check = true, log = true })
        assert(fs.write(made, wanted))
      end
      return venv .. "/bin/python3"
    end
    """
  }
}
