/// The words of a command line, as that system's programs get them.
///
/// Blanks part words; within double quotes they do not; a backslash stands for itself but before a double quote. Beyond
/// that system's rules, single quotes around a word quote it too, as people write commands for Linux.
///
/// Source: https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments
enum CommandLine {
  static func words(_ text: String) -> [String] {
    var words: [String] = []
    var letters = Array(text)[...]
    while true {
      letters = letters.drop { $0.isWhitespace }
      guard let first = letters.first else { return words }
      if first == "'", let word = singleQuoted(&letters) {
        words.append(word)
      } else {
        words.append(word(&letters))
      }
    }
  }

  /// `'...'` as a whole word; nil, and nothing taken, where no quote ends it.
  private static func singleQuoted(_ letters: inout ArraySlice<Character>) -> String? {
    let inner = letters.dropFirst()
    let closing = inner.indices.first { place in
      inner[place] == "'" && (place + 1 == inner.endIndex || inner[place + 1].isWhitespace)
    }
    guard let closing else { return nil }
    letters = letters[(closing + 1)...]
    return String(inner[..<closing])
  }

  private static func word(_ letters: inout ArraySlice<Character>) -> String {
    var word = ""
    var isQuoted = false
    while let letter = letters.first, isQuoted || !letter.isWhitespace {
      if letter == "\\" {
        let backslashes = letters.prefix { $0 == "\\" }.count
        letters = letters.dropFirst(backslashes)
        guard letters.first == "\"" else {
          word += String(repeating: "\\", count: backslashes)
          continue
        }
        word += String(repeating: "\\", count: backslashes / 2)
        if backslashes % 2 == 1 {
          word.append("\"")
          letters.removeFirst()
        }
      } else if letter == "\"" {
        letters.removeFirst()
        if isQuoted, letters.first == "\"" {
          word.append("\"")
          letters.removeFirst()
        } else {
          isQuoted.toggle()
        }
      } else {
        word.append(letter)
        letters.removeFirst()
      }
    }
    return word
  }
}
