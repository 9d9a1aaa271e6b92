/// Finds what somebody meant by a word that is not known.
enum Slip {
  /// `; did you mean "sunday" or "monday"?` for the words nearest to this one; nothing where none is near.
  static func hint(for word: String, among known: [String]) -> String {
    let near = nearest(to: word, among: known)
    return near.isEmpty ? "" : "; did you mean \(near.map(quoted).joined(separator: " or "))?"
  }

  /// The known words nearest to this one, if they are near enough to be a slip: equals all, up to three.
  static func nearest(to word: String, among known: [String]) -> [String] {
    let typed = Array(word.lowercased().utf8.prefix(64))
    guard !typed.isEmpty else { return [] }
    let scored = known.compactMap { candidate -> (word: String, distance: Int)? in
      let letters = Array(candidate.lowercased().utf8)
      // Short words are near to everything.
      let limit = max(1, min(typed.count, letters.count) / 3)
      let distance = distance(typed, letters, limit: limit)
      return distance <= limit ? (candidate, distance) : nil
    }
    guard let least = scored.map(\.distance).min() else { return [] }
    return scored.filter { $0.distance == least }.prefix(3).map(\.word)
  }

  /// The number of letters to insert, delete, change, or swap with their neighbour; more than `limit` where
  /// it is more.
  static func distance(_ left: [UInt8], _ right: [UInt8], limit: Int) -> Int {
    guard abs(left.count - right.count) <= limit else { return limit + 1 }
    var twoAbove = [Int](repeating: 0, count: right.count + 1)
    var above = Array(0...right.count)
    for (row, letter) in left.enumerated() {
      var current = [row + 1]
      for (column, other) in right.enumerated() {
        let cost = letter == other ? 0 : 1
        var least = min(above[column] + cost, above[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
          least = min(least, twoAbove[column - 1] + 1)
        }
        current.append(least)
      }
      (twoAbove, above) = (above, current)
    }
    return above[right.count]
  }
}
