/// What a decoding has found wrong so far. One is shared by all readers of a table's parts.
package final class Problems {
  package struct Problem: Hashable {
    /// The key's path: `schedule.window.from`.
    package let place: String
    package let message: String
  }

  package private(set) var all: [Problem] = []

  package init() {}

  package var isEmpty: Bool { all.isEmpty }

  package func add(_ place: String, _ message: String) {
    // What a message quotes may hold anything; what is printed is one line of text.
    let problem = Problem(place: NameRules.displayed(place), message: NameRules.displayed(message))
    if !all.contains(problem) { all.append(problem) }
  }
}
