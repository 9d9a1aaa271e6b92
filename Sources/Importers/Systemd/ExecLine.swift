/// A command of a service, as `ExecStart=` and its neighbours write it.
///
/// Source: `systemd.service(5)`, "Command lines".
struct ExecLine: Equatable {
  /// A word of it: text, and variables of the environment.
  struct Word: Equatable {
    enum Piece: Equatable {
      case text(String)
      case variable(String)
    }

    var pieces: [Piece] = []
    /// `$ARGS` alone: as many words as its value has.
    var isSplit = false

    /// Nil where there is a variable in it.
    var text: String? {
      var text = ""
      for piece in pieces {
        guard case .text(let part) = piece else { return nil }
        text += part
      }
      return text
    }
  }

  /// The signs before the program: of `-@:+!|`.
  var prefixes: Set<Character> = []
  var words: [Word] = []

  /// The commands of one setting, which a `;` of its own divides. Empty ones are left out.
  static func commands(_ text: String, _ expand: (String) -> String) -> [ExecLine] {
    var commands: [ExecLine] = []
    var current = ExecLine()
    var isFirst = true
    for token in tokens(text) {
      if token.text == ";", !token.isQuoted {
        commands.append(current)
        (current, isFirst) = (ExecLine(), true)
        continue
      }
      var word = token.text == "\\;" && !token.isQuoted ? ";" : token.text
      if isFirst {
        while let sign = word.first, "-@:+!|".contains(sign) {
          current.prefixes.insert(sign)
          word.removeFirst()
        }
        isFirst = false
      }
      word = expand(word)
      current.words.append(
        current.prefixes.contains(":") ? Word(pieces: [.text(word)]) : withVariables(word))
    }
    commands.append(current)
    return commands.filter { !$0.words.isEmpty && $0.words[0].text != "" }
  }

  // MARK: - Words

  private struct Token {
    var text: String
    var isQuoted: Bool
  }

  /// The words of a line, quotes and escapes read. What is quoted badly is taken as it stands.
  private static func tokens(_ text: String) -> [Token] {
    var tokens: [Token] = []
    var rest = Array(text.unicodeScalars)[...]
    while true {
      rest = rest.drop(while: isBlank)
      guard !rest.isEmpty else { return tokens }
      var word = String.UnicodeScalarView()
      var quote: Unicode.Scalar?
      var isQuoted = false
      while let scalar = rest.first, quote != nil || !isBlank(scalar) {
        rest = rest.dropFirst()
        if scalar == quote {
          quote = nil
        } else if quote == nil, scalar == "\"" || scalar == "'" {
          (quote, isQuoted) = (scalar, true)
        } else if scalar == "\\", let next = rest.first {
          // `\;` is read later, where a word is looked at as a whole.
          word.append(contentsOf: next == ";" ? "\\".unicodeScalars : escaped(&rest).unicodeScalars)
        } else {
          word.append(scalar)
        }
      }
      tokens.append(Token(text: String(word), isQuoted: isQuoted))
    }
  }

  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r"
  }

  private static let letters: [Unicode.Scalar: String] = [
    "a": "\u{7}", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{B}", "s": " ",
    "\\": "\\", "\"": "\"", "'": "'",
  ]

  /// What stands behind a backslash; one that means nothing stays.
  private static func escaped(_ rest: inout ArraySlice<Unicode.Scalar>) -> String {
    guard let letter = rest.popFirst() else { return "\\" }
    if let text = letters[letter] { return text }
    let (digits, radix): (Int, Int) =
      switch letter {
      case "x": (2, 16)
      case "u": (4, 16)
      case "U": (8, 16)
      case "0"..."7": (2, 8)
      default: (0, 0)
      }
    let isOctal = radix == 8
    let text = (isOctal ? String(letter) : "") + String(String.UnicodeScalarView(rest.prefix(digits)))
    guard digits > 0, text.unicodeScalars.count == digits + (isOctal ? 1 : 0),
      let number = UInt32(text, radix: radix), number > 0, let scalar = Unicode.Scalar(number)
    else { return "\\" + String(letter) }
    rest = rest.dropFirst(digits)
    return String(scalar)
  }

  // MARK: - Variables

  private static func withVariables(_ text: String) -> Word {
    if text.first == "$", isName(text.dropFirst()) {
      return Word(pieces: [.variable(String(text.dropFirst()))], isSplit: true)
    }
    var pieces: [Word.Piece] = []
    var plain = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      if character == "$", rest.first == "$" {
        rest = rest.dropFirst()
        plain.append("$")
      } else if character == "$", rest.first == "{", let end = rest.firstIndex(of: "}"),
        isName(rest[..<end].dropFirst())
      {
        if !plain.isEmpty { pieces.append(.text(plain)) }
        plain = ""
        pieces.append(.variable(String(rest[..<end].dropFirst())))
        rest = rest[rest.index(after: end)...]
      } else {
        plain.append(character)
      }
    }
    if !plain.isEmpty || pieces.isEmpty { pieces.append(.text(plain)) }
    return Word(pieces: pieces)
  }

  private static func isName(_ text: Substring) -> Bool {
    text.first?.isNumber == false
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
  }
}

extension ExecLine {
  /// Whether the environment has a say in it.
  var hasVariables: Bool { words.contains { $0.text == nil } }

  /// The line for a shell, which reads nothing but the variables in it.
  var shellText: String {
    let words = words.map { word -> String in
      if word.isSplit, case .variable(let name)? = word.pieces.first { return "$\(name)" }
      return word.pieces.map { piece in
        switch piece {
        case .variable(let name): "\"${\(name)}\""
        case .text(let text): Self.quoted(text)
        }
      }.joined()
    }
    let splits = self.words.contains(where: \.isSplit)
    return (splits ? "set -f; " : "") + "exec " + words.joined(separator: " ")
  }

  /// All but the program is quoted only where the shell would read something into it.
  private static func quoted(_ text: String) -> String {
    let isPlain =
      !text.isEmpty
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-./:=@%+,".contains($0)) }
    return isPlain
      ? text
      : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
  }
}
