/// Finds the name that was probably meant.
enum NearestName {
  /// The candidate that differs from `name` by the fewest slips, if they are few enough to be one.
  ///
  /// A letter too many, too few, wrong, or swapped with its neighbour is one slip; a third of the
  /// letters may be wrong, and at least one, so that `tmeout` finds `timeout` and `x` finds nothing.
  static func suggestion(for name: String, among candidates: [String]) -> String? {
    let allowed = max(1, name.count / 3)
    let ranked = candidates.map { ($0, distance(Array(name.lowercased()), Array($0))) }
    guard let best = ranked.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }) else { return nil }
    return best.1 <= allowed && best.1 < name.count ? best.0 : nil
  }

  /// Damerau's distance, for neighbours only. O(n · m).
  private static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
        row.append(cost)
      }
      beforeLast = last
      last = row
    }
    return last[b.count]
  }
}
