/// The lines on which the keys of a file are written, by the keys' paths: `schedule.triggers[2].cron`.
package struct PlaceLines: Sendable, Equatable {
  private var lines: [String: Int] = [:]

  package init() {}

  /// Notes a key's line; of a key that is written twice, the first.
  package mutating func note(_ line: Int, of place: String) {
    if lines[place] == nil { lines[place] = line }
  }

  /// The line of a key, or of the nearest key around it that is written down.
  package func line(of place: String) -> Int? {
    var place = Substring(place)
    while true {
      if let line = lines[String(place)] { return line }
      guard let cut = place.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
      place = place[..<cut]
    }
  }
}
