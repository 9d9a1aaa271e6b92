import JobWriting

/// What of units could not be carried over.
struct UnitNotes {
  private(set) var all: [ImportNote] = []
  /// Settings that ask for nothing that a job would do otherwise.
  private(set) var settled: [String] = []

  /// Those of one reason together, as a file shows them.
  var byReason: [ImportNote] {
    var together: [ImportNote] = []
    for note in all {
      if let place = together.firstIndex(where: { $0.reason == note.reason }) {
        if !together[place].subject.hasSuffix(note.subject) { together[place].subject += ", " + note.subject }
      } else {
        together.append(note)
      }
    }
    return together
  }

  mutating func add(_ setting: UnitFile.Setting, _ reason: String) {
    add(setting.text, reason, at: setting.place)
  }

  mutating func add(_ subject: String, _ reason: String, at place: String) {
    let note = ImportNote(place: place, subject: subject, reason: reason)
    if !all.contains(note) { all.append(note) }
  }

  mutating func settle(_ setting: UnitFile.Setting) {
    if !settled.contains(setting.text) { settled.append(setting.text) }
  }

  mutating func append(_ other: UnitNotes) {
    all += other.all
    settled += other.settled.filter { !settled.contains($0) }
  }

  /// Puts the notes into the order in which the unit says what they are about.
  mutating func sort(as unit: UnitFile) {
    var order: [String: Int] = [:]
    for (index, setting) in unit.settings.enumerated() { order[setting.place] = index }
    all = all.enumerated().sorted {
      (order[$0.element.place] ?? .max, $0.offset) < (order[$1.element.place] ?? .max, $1.offset)
    }.map(\.element)
  }

  /// A setting that nothing here answers to.
  mutating func addUnknown(_ setting: UnitFile.Setting) {
    // systemd keeps these for others, and reads none of them.
    if setting.key.hasPrefix("X-") || setting.section.hasPrefix("X-") { return }
    let prefixes = [
      "Protect", "Private", "Restrict", "Capability", "Ambient", "SystemCall", "ReadOnly", "ReadWrite",
    ]
    let protections: Set = [
      "NoNewPrivileges", "LockPersonality", "MemoryDenyWriteExecute", "InaccessiblePaths", "RemoveIPC",
      "KeyringMode", "DeviceAllow", "DevicePolicy", "SecureBits", "BindPaths", "BindReadOnlyPaths",
      "TemporaryFileSystem",
      "IPAddressDeny", "IPAddressAllow", "ProcSubset", "RootDirectory", "MountFlags", "DynamicUser",
      "NoExecPaths",
      "ExecPaths", "SELinuxContext", "AppArmorProfile",
    ]
    if protections.contains(setting.key) || prefixes.contains(where: { setting.key.hasPrefix($0) }) {
      if setting.flag != false { add(setting, "programs of a job run without such protection") }
    } else if setting.key.hasPrefix("Limit") || Self.isLimit(setting.key) {
      add(setting, "programs of a job run without such limits")
    } else {
      add(setting, "nothing here answers to it")
    }
  }

  private static func isLimit(_ key: String) -> Bool {
    let prefixes = ["CPU", "Memory", "IO", "Tasks", "BlockIO", "Slice", "Startup", "OOM", "Allowed"]
    return prefixes.contains { key.hasPrefix($0) }
  }

  // MARK: - [Unit] and [Install]

  /// What timers and services have in common.
  mutating func readCommon(_ setting: UnitFile.Setting, isTimer: Bool, _ schedule: inout LuaTable) {
    switch (setting.section, setting.key) {
    case ("Unit", "Description"), ("Unit", "Documentation"), ("Install", "DefaultInstance"): break
    case ("Install", "WantedBy"), ("Install", "RequiredBy"):
      if isTimer { break }
      add(setting, "systemd starts the service with that too, where it is enabled; here its timer alone does")
    case ("Unit", "ConditionACPower") where setting.flag == true: require("ac_power", true, &schedule)
    case ("Unit", "ConditionPathExists") where setting.value.hasPrefix("/"):
      require("file", .string(setting.value), &schedule)
    case ("Unit", "After"), ("Unit", "Wants"), ("Unit", "Requires"), ("Unit", "BindsTo"),
      ("Unit", "Requisite"):
      readDependency(setting, &schedule)
    case ("Unit", "OnFailure"):
      add(
        setting, "to run a job then, give it after = { job = ..., outcome = \"failed\" }; notify tells people"
      )
    case ("Unit", _) where setting.key.hasPrefix("Condition") || setting.key.hasPrefix("Assert"):
      add(setting, "this is not looked at before a start; `when` in the schedule can do it")
    case ("Unit", "StartLimitBurst"), ("Unit", "StartLimitIntervalSec"), ("Unit", "StartLimitInterval"):
      if schedule["retry"] == nil { settle(setting) }
    case ("Unit", "DefaultDependencies"): settle(setting)
    default: addUnknown(setting)
    }
  }

  private mutating func readDependency(_ setting: UnitFile.Setting, _ schedule: inout LuaTable) {
    let units = setting.value.split(whereSeparator: \.isWhitespace).map(String.init)
    let isOrder = setting.key == "After"
    for unit in units {
      if unit == "network-online.target", !isOrder {
        require("network", true, &schedule)
      } else if !isOrder || !unit.hasPrefix("network") {
        add("\(setting.key)=\(unit)", "there are no units here to start or wait for", at: setting.place)
      }
    }
    // It says when a service starts while the machine boots.
    if isOrder, units.contains(where: { $0.hasPrefix("network") }) {
      settled.append("After=" + units.filter { $0.hasPrefix("network") }.joined(separator: " "))
    }
  }

  private func require(_ key: String, _ value: LuaValue, _ schedule: inout LuaTable) {
    var requires = LuaTable()
    if case .table(let table)? = schedule["requires"] { requires = table }
    requires[key] = value
    // systemd waits for the network while the machine boots.
    if key == "network" { requires["wait"] = "2m" }
    schedule["requires"] = .table(requires)
  }
}

/// What a unit says of itself to people.
enum UnitTitle {
  static func lines(of unit: UnitFile, _ specifiers: Specifiers) -> [String] {
    var unknown: Set<String> = []
    let description = unit.last("Unit", "Description").map {
      specifiers.expanded($0.value, unknown: &unknown)
    }
    let pages = unit.list("Unit", "Documentation").map { "See \($0.value)" }
    return (description.map { [$0] } ?? []) + pages
  }
}
