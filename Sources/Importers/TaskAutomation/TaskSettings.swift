/// The `config.ini` of a task, as Python's `configparser` reads it: sections, and keys whose case does not matter.
struct TaskSettings {
  struct Setting {
    var section: String
    var key: String
    var value: String
    var line: Int
  }

  private(set) var settings: [Setting] = []
  /// Lines that are none, each with its number.
  private(set) var problems: [(line: Int, message: String)] = []

  init(_ text: String) {
    var section = ""
    for (index, line) in Lines.of(text).enumerated() {
      let trimmed = line.trimmed
      if trimmed.isEmpty || trimmed.first == "#" || trimmed.first == ";" { continue }
      if trimmed.first == "[", trimmed.last == "]" {
        section = String(trimmed.dropFirst().dropLast())
      } else if let sign = trimmed.firstIndex(where: { $0 == "=" || $0 == ":" }) {
        settings.append(
          Setting(
            section: section, key: trimmed[..<sign].trimmed,
            value: trimmed[trimmed.index(after: sign)...].trimmed,
            line: index + 1))
      } else {
        problems.append((index + 1, "this is neither a [Section] nor Key = value"))
      }
    }
  }

  /// The last setting of a key; section and key as TaskAutomation has them.
  func last(_ section: String, _ key: String) -> Setting? {
    settings.last { $0.section == section && $0.key.lowercased() == key.lowercased() }
  }
}
