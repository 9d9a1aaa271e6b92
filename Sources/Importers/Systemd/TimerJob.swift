import JobWriting
import Scheduling

/// A timer and what it starts, as a job.
struct TimerJob {
  let name: String
  let file: String
  private var notes = UnitNotes()
  private var title: [String] = []
  private var schedule = LuaTable()
  private var modules: [String] = ["process"]
  private var code: [String] = []

  init(
    name: String, file: String, timer: UnitFile, serviceName: String, service: UnitFile?,
    machine: SystemdImporter.Machine
  ) {
    (self.name, self.file) = (name, file)
    let specifiers = Specifiers(unit: name, machine: machine)
    readTimer(timer)
    if let service,
      service.settings.contains(where: {
        $0.section == "Service" && $0.key == "ExecStart" && !$0.value.isEmpty
      })
    {
      var job = ServiceJob(service, specifiers: Specifiers(unit: serviceName, machine: machine))
      job.read()
      title.insert(contentsOf: UnitTitle.lines(of: service, specifiers), at: 0)
      for field in job.schedule.fields { schedule[field.key ?? ""] = field.value }
      (code, modules) = (job.code, job.modules)
      notes.append(job.notes)
    } else {
      let what = service == nil ? "there is no such unit beside the timer" : "it has no command"
      notes.add(serviceName, "\(what), so that systemd is asked to start it", at: file)
      // Units of a user's own manager lie in a folder of that name.
      let words =
        ["systemctl"] + (file.contains("/systemd/user/") ? ["--user"] : []) + ["start", serviceName]
      let call = ProcessCall.table(
        words.map(LuaText.quoted), ["check": true, "log": true], column: 21, indent: 2)
      code = ["function main()\n  assert(process.run \(call))\nend"]
    }
    title = UnitTitle.lines(of: timer, specifiers).filter { !title.contains($0) } + title
    if !notes.settled.isEmpty {
      title.append("Without a meaning here: \(notes.settled.joined(separator: ", ")).")
    }
    title.append("From \(file)\(service == nil ? "" : " and \(serviceName)").")
  }

  var imported: ImportedJob {
    let text = JobText(
      title: title, notes: notes.byReason, modules: modules, schedule: schedule.isEmpty ? nil : schedule,
      code: code
    ).text
    return ImportedJob(name: JobName.part(Specifiers.stem(name)), text: text, notes: notes.all)
  }

  // MARK: - The timer

  private static let triggerKeys: Set = [
    "OnCalendar", "OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec",
  ]

  private mutating func readTimer(_ timer: UnitFile) {
    var triggers: [UnitFile.Setting] = []
    for setting in timer.settings where setting.section == "Timer" && Self.triggerKeys.contains(setting.key) {
      // An empty one takes away those of all keys.
      if setting.value.isEmpty { triggers.removeAll() } else { triggers.append(setting) }
    }
    let jitter = timer.last("Timer", "RandomizedDelaySec").flatMap { setting in
      duration(setting).flatMap { $0.isPositive ? setting : nil }
    }
    addTriggers(triggers, jitter: jitter)
    for setting in timer.effective {
      read(setting, hasCalendar: triggers.contains { $0.key == "OnCalendar" })
    }
    notes.sort(as: timer)
  }

  private mutating func read(_ setting: UnitFile.Setting, hasCalendar: Bool) {
    guard setting.section == "Timer" else { return notes.readCommon(setting, isTimer: true, &schedule) }
    switch setting.key {
    case "Unit", "RandomizedDelaySec",
      _ where Self.triggerKeys.contains(setting.key):
      break
    case "Persistent":
      guard setting.flag == true else { break }
      if hasCalendar {
        schedule["start_when_available"] = true
      } else {
        title.append("\(setting.text): it is for OnCalendar=, and there is none.")
      }
    case "AccuracySec":
      title.append("\(setting.text): a job starts when it is due, so that there is nothing to carry over.")
    case "RemainAfterElapse", "DeferReactivation":
      title.append("\(setting.text): a job stays loaded, and is skipped while it runs.")
    case "WakeSystem" where setting.flag == true:
      notes.add(
        setting, "a machine that sleeps is not woken; start_when_available makes a run up when it wakes")
    case "FixedRandomDelay" where setting.flag == true:
      notes.add(setting, "jitter is fixed for each due instant, and not one for all of them")
    case "OnClockChange" where setting.flag == true, "OnTimezoneChange" where setting.flag == true:
      notes.add(setting, "a change of clock or time zone starts nothing")
    case "WakeSystem", "FixedRandomDelay", "OnClockChange", "OnTimezoneChange": break
    default: notes.addUnknown(setting)
    }
  }

  private mutating func duration(_ setting: UnitFile.Setting) -> TimeSpan? {
    let span = TimeSpan(setting.value)
    if span == nil { notes.add(setting, "this is no span of time, and systemd passes it over too") }
    return span
  }

  private mutating func addTriggers(_ settings: [UnitFile.Setting], jitter: UnitFile.Setting?) {
    var triggers: [LuaTable] = []
    for setting in settings {
      let isFirstRun = settings.allSatisfy { ["OnUnitActiveSec", "OnUnitInactiveSec"].contains($0.key) }
      guard var trigger = trigger(setting, isFirstRun: isFirstRun) else { continue }
      if let objection = JobText.objection(toTrigger: trigger) {
        notes.add(setting, objection)
        continue
      }
      if let jitter, let span = TimeSpan(jitter.value) {
        if trigger["on"] == nil {
          trigger.add("jitter", .string(span.written))
        } else {
          notes.add(jitter, "nothing is added to \(setting.key)")
        }
      }
      triggers.append(trigger)
    }
    readZones(settings)
    if triggers.isEmpty {
      notes.add("[Timer]", "nothing in it ever elapses, so that the job runs on demand only", at: file)
    } else if triggers.count == 1 {
      schedule.fields += triggers[0].fields
    } else {
      schedule["triggers"] = .table(LuaTable(triggers.map { .init(.table($0)) }))
    }
  }

  /// - Parameter isFirstRun: Whether nothing else starts the service.
  private mutating func trigger(_ setting: UnitFile.Setting, isFirstRun: Bool) -> LuaTable? {
    if setting.key == "OnCalendar" { return calendarTrigger(setting) }
    guard let span = duration(setting), span != .infinity else { return nil }
    switch setting.key {
    case "OnBootSec", "OnStartupSec": return Self.event("boot", delay: span)
    case "OnActiveSec": return Self.event("startup", delay: span)
    default:
      if isFirstRun {
        notes.add(
          setting, "systemd waits until something else has started the service; here it begins at once")
      }
      let key = setting.key == "OnUnitActiveSec" ? "every" : "restart_after"
      guard span.isPositive else { return nil }
      return [key: .string(span.written)]
    }
  }

  private static func event(_ name: String, delay: TimeSpan) -> LuaTable {
    var trigger: LuaTable = ["on": .string(name)]
    if delay.isPositive { trigger.add("delay", .string(delay.written)) }
    return trigger
  }

  private mutating func calendarTrigger(_ setting: UnitFile.Setting) -> LuaTable? {
    let spec: CalendarSpec
    do {
      spec = try CalendarSpec(setting.value)
    } catch {
      notes.add(setting, "\(error.message); systemd passes it over too")
      return nil
    }
    if spec.hasFractions { notes.add(setting, "a second is not divided: it is due at full ones") }
    guard spec.everElapses else {
      notes.add(setting, "no such day ever comes")
      return nil
    }
    return spec.trigger
  }

  /// A job has one time zone.
  private mutating func readZones(_ settings: [UnitFile.Setting]) {
    let zones = settings.filter { $0.key == "OnCalendar" }.compactMap { setting in
      (try? CalendarSpec(setting.value)).map { (setting, $0.zone) }
    }
    guard let zone = zones.lazy.compactMap(\.1).first else { return }
    schedule["time_zone"] = .string(zone)
    for (setting, other) in zones where other != zone {
      notes.add(setting, "a job has one time zone: this is read in \(zone) too; make it a job of its own")
    }
  }
}
