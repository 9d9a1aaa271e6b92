import JobWriting

/// What a translation has to say of properties that are not what they were.
struct TaskNotes {
  private let places: [String: String]
  private(set) var all: [ImportNote] = []

  init(_ task: ScheduledTask) { places = task.places }

  /// Notes what becomes of a property.
  mutating func add(_ key: String, _ reason: String) {
    let note = ImportNote(place: place(of: key), subject: key, reason: reason)
    if !all.contains(note) { all.append(note) }
  }

  /// Where the property stands, or what it stands in.
  private func place(of key: String) -> String {
    if let place = places[key] { return place }
    guard let dot = key.lastIndex(of: ".") else {
      let inner = places.first { $0.key.hasPrefix(key + ".") || $0.key.hasPrefix(key + "[") }
      return inner?.value ?? ""
    }
    return place(of: String(key[..<dot]))
  }
}
