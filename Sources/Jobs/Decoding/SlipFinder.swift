/// Finds what somebody meant by a word that is not known.
public enum SlipFinder {
  /// The known word nearest to this one, if it is near enough to be a slip; the first of equals.
  public static func nearest(to word: String, in known: some Sequence<String>) -> String? {
    let typed = normalized(word)
    var best: (word: String, distance: Int)?
    for candidate in known {
      let distance = distance(typed, normalized(candidate))
      // Short words are near to everything.
      let limit = max(1, min(typed.count, candidate.utf8.count) / 3)
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.word
  }

  /// Case, `-` and what other tools write together are no differences: `timeLimit`, `time-limit`.
  private static func normalized(_ word: String) -> [UInt8] {
    word.prefix(64).lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
  }

  /// How many letters must be put in, left out, replaced, or swapped with their neighbour.
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var twoAbove = [Int](repeating: 0, count: right.count + 1)
    var above = Array(0...right.count)
    for row in 0..<left.count {
      var current = [row + 1]
      for column in 0..<right.count {
        let cost = left[row] == right[column] ? 0 : 1
        var least = min(above[column] + cost, above[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          least = min(least, twoAbove[column - 1] + 1)
        }
        current.append(least)
      }
      twoAbove = above
      above = current
    }
    return above[right.count]
  }
}
