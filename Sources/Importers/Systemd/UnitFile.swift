/// A unit of systemd: the settings of its file and its drop-ins, in their order.
///
/// Source: `systemd.syntax(7)`.
struct UnitFile {
  struct Setting {
    var section: String
    var key: String
    var value: String
    /// Where it stands: `/etc/systemd/system/backup.timer:4`.
    var place: String
  }

  private(set) var settings: [Setting] = []
  /// Lines that are no settings, each with its place.
  private(set) var problems: [String] = []

  init() {}

  /// Adds what a file says.
  mutating func read(_ text: String, file: String) {
    var section = ""
    var pending: (text: String, line: Int)?
    let lines = Lines.of(text)
    for (index, line) in lines.enumerated() {
      let trimmed = line.trimmed
      // A comment in the middle of a continued line is passed over.
      if trimmed.first == "#" || trimmed.first == ";" { continue }
      if pending == nil, trimmed.isEmpty { continue }
      let start = pending?.line ?? index + 1
      let whole = (pending?.text ?? "") + (pending == nil ? trimmed : line.trimmed)
      if whole.last == "\\", index + 1 < lines.count {
        pending = (whole.dropLast() + " ", start)
        continue
      }
      pending = nil
      read(line: whole.trimmed, at: "\(file):\(start)", &section)
    }
    if let pending { read(line: pending.text.trimmed, at: "\(file):\(pending.line)", &section) }
  }

  private mutating func read(line: String, at place: String, _ section: inout String) {
    if line.first == "[", line.last == "]" {
      section = String(line.dropFirst().dropLast())
    } else if let equals = line.firstIndex(of: "="), !section.isEmpty {
      let key = line[..<equals].trimmed
      settings.append(
        Setting(section: section, key: key, value: line[line.index(after: equals)...].trimmed, place: place))
    } else if !line.isEmpty {
      problems.append("\(place): this is neither a [Section] nor Key=value in one: \(line.prefix(80))")
    }
  }

  // MARK: - Looking

  /// The values of a key that adds up: an empty value takes away what was said before.
  func list(_ section: String, _ keys: String...) -> [Setting] {
    var list: [Setting] = []
    for setting in settings where setting.section == section && keys.contains(setting.key) {
      if setting.value.isEmpty { list.removeAll() } else { list.append(setting) }
    }
    return list
  }

  /// The settings that count, in their order: of keys that stand once, the last; of all others, those that no empty one
  /// takes away again.
  var effective: [Setting] {
    var lasting: [Setting] = []
    var seen: Set<String> = []
    var closed: Set<String> = []
    for setting in settings.reversed() {
      let key = setting.section + "." + setting.key
      let isFirst = seen.insert(key).inserted
      if closed.contains(key) || !isFirst && Self.single.contains(setting.key) { continue }
      if setting.value.isEmpty { closed.insert(key) } else { lasting.append(setting) }
    }
    return lasting.reversed()
  }

  private static let single: Set = [
    "AccuracySec", "DefaultDependencies", "Description", "FixedRandomDelay", "Group", "IOSchedulingClass",
    "IOSchedulingPriority", "KillMode", "KillSignal", "Nice", "Persistent", "RandomizedDelaySec",
    "RemainAfterElapse", "RemainAfterExit", "Restart", "RestartSec", "RuntimeMaxSec", "SendSIGKILL",
    "StandardError", "StandardInput", "StandardOutput", "StartLimitBurst", "StartLimitInterval",
    "StartLimitIntervalSec", "SyslogIdentifier", "TimeoutSec", "TimeoutStartSec", "TimeoutStopSec", "Type",
    "Unit", "User", "WakeSystem", "WorkingDirectory",
  ]

  /// The value of a key that stands once: the last counts, an empty one takes it away.
  func last(_ section: String, _ keys: String...) -> Setting? {
    let setting = settings.last { $0.section == section && keys.contains($0.key) }
    return setting?.value.isEmpty == false ? setting : nil
  }
}

extension UnitFile.Setting {
  /// As it was written: `Nice=10`.
  var text: String { "\(key)=\(value)" }

  /// `yes`, `true`, `on`, `1`, and their opposites; nil for anything else.
  var flag: Bool? {
    switch value.lowercased() {
    case "yes", "y", "true", "t", "on", "1": true
    case "no", "n", "false", "f", "off", "0": false
    default: nil
    }
  }
}
