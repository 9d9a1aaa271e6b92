import Jobs
import Scheduling
import Values

/// What one source says: the command line, the environment, or the file. The keys have the same names in all
/// of them; only how a message calls them differs.
struct SettingLayer {
  enum Source {
    case flags
    case variables
    case file(ConfigurationFile)
  }

  let source: Source
  let problems = Problems()
  var top: TableReader
  /// The tables of keys within a key: `retention`.
  private var sections: [String: TableReader] = [:]

  init(_ source: Source, _ table: DataTable) {
    self.source = source
    top = TableReader(table, at: "", problems)
  }

  /// The value of a key (of a section, if one is named) and where it came from, if it is there and right.
  mutating func take<Value: Sendable>(
    _ key: String, in section: String?, _ decode: (inout TableReader, String) -> Value?
  ) -> Setting<Value>? {
    let place = section.map { "\($0).\(key)" } ?? key
    guard let section else { return decode(&top, key).map { Setting($0, origin(of: place)) } }
    if sections[section] == nil {
      sections[section] = top.table(section, example: "\(section): { key: value }")
    }
    guard var reader = sections[section] else { return nil }
    defer { sections[section] = reader }
    return decode(&reader, key).map { Setting($0, origin(of: place)) }
  }

  /// Reports the keys that nobody took.
  func close(_ known: KeyList, sections inner: [String: KeyList]) {
    top.close(known)
    for (name, keys) in inner { sections[name]?.close(keys) }
  }

  func origin(of place: String) -> SettingOrigin {
    switch source {
    case .flags: .flag(shown(place))
    case .variables: .variable(shown(place))
    case .file(let file): .file(file.path, line: file.lines.line(of: place))
    }
  }

  /// What is wrong, each with its place; of a file, from its top to its end.
  var messages: [String] {
    guard case .file(let file) = source else {
      return problems.all.map { "\(shown($0.place)): \($0.message)" }
    }
    let found = problems.all.map { (line: file.lines.line(of: $0.place) ?? 0, problem: $0) }
    return found.sorted { $0.line < $1.line }.map {
      "\(origin(of: $0.problem.place)): \($0.problem.place): \($0.problem.message)"
    }
  }

  /// A path in a file starts from its folder, any other from the working directory.
  func rooted(_ path: String) -> String {
    guard case .file(let file) = source, !path.hasPrefix("/") else { return path }
    return file.folder + "/" + path
  }

  private func shown(_ place: String) -> String {
    switch source {
    case .flags: "--" + place.replacing("_", with: "-").replacing(".", with: "-")
    case .variables: "ALMANAC_" + place.replacing(".", with: "_").uppercased()
    case .file: place
    }
  }
}
