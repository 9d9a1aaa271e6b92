/// Finds what somebody meant by a word that is not known.
///
/// A letter too many, too few, wrong, or swapped with its neighbour is one slip. A third of the letters may be
/// wrong, and one in any case, so that `tmeout` finds `timeout`, and `x` nothing of that length.
public enum SlipFinder {
  /// The known word nearest to this one, if it is near enough to be a slip; the first of equals.
  public static func nearest(to word: String, in known: some Sequence<String>) -> String? {
    allNearest(to: word, in: known).first
  }

  /// `; did you mean "sunday" or "monday"?` for the words nearest to this one; nothing where none is near.
  static func hint(for word: String, among known: [String]) -> String {
    let near = allNearest(to: word, in: known).prefix(3)
    return near.isEmpty ? "" : "; did you mean \(near.map(quoted).joined(separator: " or "))?"
  }

  /// The known words that are equally near to this one, in their order, if they are near enough to be a slip.
  private static func allNearest(to word: String, in known: some Sequence<String>) -> [String] {
    let typed = normalized(word)
    guard !typed.isEmpty else { return [] }
    var best: (words: [String], distance: Int) = ([], .max)
    for candidate in known {
      let letters = normalized(candidate)
      // Short words are near to everything.
      let limit = max(1, min(typed.count, letters.count) / 3)
      let distance = distance(typed, letters, limit: limit)
      guard distance <= limit, distance <= best.distance else { continue }
      best = (distance < best.distance ? [candidate] : best.words + [candidate], distance)
    }
    return best.words
  }

  /// Case, `-` and what other tools write together are no differences: `timeLimit`, `time-limit`.
  private static func normalized(_ word: String) -> [UInt8] {
    word.prefix(64).lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
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
