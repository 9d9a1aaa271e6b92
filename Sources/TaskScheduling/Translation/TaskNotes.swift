import JobWriting

/// What a translation has to say of properties that are not what they were.
struct TaskNotes {
  private let given: [String: TaskDefinition]
  private(set) var all: [ImportNote] = []

  init(_ task: ScheduledTask) { given = task.given }

  /// Notes what becomes of a property.
  mutating func add(_ key: String, _ reason: String) {
    let note = ImportNote(place: place(of: key), subject: key, reason: reason)
    if !all.contains(note) { all.append(note) }
  }

  /// Notes that nothing becomes of a property, and all that it says.
  mutating func drop(_ key: String, _ reason: String) { add(key, reason + said(by: key)) }

  /// What the definition says under a key, to stand behind a reason; empty where that is nothing.
  func said(by key: String) -> String {
    guard var definition = given[key] else { return "" }
    if case .table(let fields) = definition.content {
      // What the reason has named, and what goes without saying.
      definition.content = .table(
        fields.filter { field in
          let name = field.name.lowercased()
          return name != "type" && (name != "enabled" || field.value.summary.lowercased() != "true")
        })
    }
    return definition.summary.isEmpty ? "" : "; it says \(definition.summary)"
  }

  /// Where the property stands, or what it stands in.
  private func place(of key: String) -> String {
    if let place = given[key]?.place { return place }
    guard let dot = key.lastIndex(of: ".") else { return "" }
    return place(of: String(key[..<dot]))
  }
}
