import FoundationEssentials
import Glibc
import Values

/// What goes to the terminal.
enum Console {
  /// `almanac: what is wrong and what to do`, on stderr.
  static func complain(_ message: String) { note("almanac: \(message)") }

  static func note(_ message: String) { writeError("\(message.shown)\n") }

  /// Writes to stderr in one go, so that lines of several threads do not mix.
  static func writeError(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
      guard count > 0 || errno == EINTR else { return }
      rest = rest.dropFirst(max(0, count))
    }
  }

  /// True where colours are wanted: on a terminal, unless NO_COLOR is set.
  static func hasColour(_ descriptor: Int32) -> Bool {
    isatty(descriptor) == 1 && Variables.nonEmpty("NO_COLOR") == nil && Variables.nonEmpty("TERM") != "dumb"
  }

  /// Prints the values as one JSON array, an item a line.
  static func printJSON(_ rows: [DataValue]) throws {
    guard !rows.isEmpty else { return print("[]") }
    for (place, row) in rows.enumerated() {
      print((place == 0 ? "[" : " ") + (try row.json()) + (place == rows.count - 1 ? "]" : ","))
    }
  }
}

/// How a text is set off on a terminal.
enum Colour: String {
  case red = "31"
  case green = "32"
  case yellow = "33"
  case faint = "2"
  case bold = "1"

  func applied(to text: String) -> String { "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" }
}
