/// What a decoding has found wrong so far. One is shared by all readers of a table's parts.
package final class Problems {
  package struct Problem: Hashable {
    /// The key's path: `schedule.window.from`.
    package let place: String
    package let message: String
  }

  /// A table that was put together by code may have a mistake in each of thousands of entries.
  private static let most = 100
  private static let longestPlace = 200

  package private(set) var all: [Problem] = []

  package init() {}

  package var isEmpty: Bool { all.isEmpty }

  package func add(_ place: String, _ message: String) {
    guard all.count < Self.most else { return }
    let shown = place.utf8.count > Self.longestPlace ? String(place.prefix(Self.longestPlace)) + "..." : place
    // What a message quotes may hold anything; what is printed is one line of text.
    let problem = Problem(place: NameRules.displayed(shown), message: NameRules.displayed(message))
    if !all.contains(problem) { all.append(problem) }
  }
}
