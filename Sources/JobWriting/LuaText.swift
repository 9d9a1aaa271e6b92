/// Lua as text.
public enum LuaText {
  /// No line of a table is made longer than this by putting things side by side.
  static let width = 100

  /// A value as Lua reads it back, over several lines where it does not fit into one.
  ///
  /// - Parameters:
  ///   - column: Where its first line begins, to know what fits.
  ///   - indent: By how many columns the line that it stands in is indented.
  ///   - broken: The outermost table has a line for each field, however short they are.
  public static func of(_ value: LuaValue, column: Int = 0, indent: Int = 0, broken: Bool = false) -> String {
    guard case .table(let table) = value else { return inline(value) }
    if !broken, let line = line(table), column + line.count <= width { return line }
    guard !table.isEmpty else { return "{}" }
    let inner = indent + 2
    let margin = String(repeating: " ", count: inner)
    var lines: [String] = []
    for field in table.fields {
      let key = field.key.map { self.key($0) + " = " } ?? ""
      let text = of(field.value, column: inner + key.count + 1, indent: inner)
      lines.append(margin + key + text + "," + (field.comment.map { "  -- " + oneLine($0) } ?? ""))
    }
    return "{\n" + lines.joined(separator: "\n") + "\n" + String(repeating: " ", count: indent) + "}"
  }

  /// The table in one line; nil where a comment or a text of several lines forbids it.
  private static func line(_ table: LuaTable) -> String? {
    guard !table.isEmpty else { return "{}" }
    var parts: [String] = []
    for field in table.fields {
      guard field.comment == nil else { return nil }
      let key = field.key.map { self.key($0) + " = " } ?? ""
      var text = inline(field.value)
      if case .table(let inner) = field.value {
        guard let line = line(inner) else { return nil }
        text = line
      }
      guard !text.contains("\n") else { return nil }
      parts.append(key + text)
    }
    return "{ " + parts.joined(separator: ", ") + " }"
  }

  private static func inline(_ value: LuaValue) -> String {
    switch value {
    case .string(let text): quoted(text)
    case .number(let number): String(number)
    case .bool(let flag): flag ? "true" : "false"
    case .code(let code): code
    case .table(let table): line(table) ?? "{}"
    }
  }

  // MARK: - Strings

  /// A string as Lua reads it back, byte for byte: in quotes; in long brackets where it has several lines, or quotes
  /// and backslashes that would have to be escaped.
  public static func quoted(_ text: String) -> String {
    let isLong = text.contains("\n") || text.contains("\\") || text.contains("\"")
    if isLong, let long = bracketed(text) { return long }
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": escaped += "\\\(scalar)"
      case "\n": escaped += "\\n"
      case "\r": escaped += "\\r"
      case "\t": escaped += "\\t"
      case _ where isUnreadable(scalar):
        escaped +=
          scalar.value < 0x80 ? "\\" + padded(scalar.value) : "\\u{\(String(scalar.value, radix: 16))}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return "\"" + escaped + "\""
  }

  /// Nil where long brackets would not give the text back, or show it badly.
  private static func bracketed(_ text: String) -> String? {
    let fits = text.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || !isUnreadable($0) }
    guard fits else { return nil }
    var level = ""
    while (text + "]").contains("]\(level)]") { level += "=" }
    // The first line break after the brackets is not part of the text.
    let start = text.contains("\n") ? "\n" : ""
    return "[\(level)[\(start)\(text)]\(level)]"
  }

  /// Three digits, so that a digit that follows is not taken for one of them.
  private static func padded(_ number: UInt32) -> String {
    let digits = String(number)
    return String(repeating: "0", count: 3 - digits.count) + digits
  }

  /// Controls, and what changes the direction of text: what a person who reads the file would not see.
  private static func isUnreadable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
    default: false
    }
  }

  // MARK: - Keys and comments

  private static let keywords: Set<String> = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local",
    "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
  ]

  private static func key(_ key: String) -> String {
    let isName =
      key.utf8.first.map { !(0x30...0x39).contains($0) } ?? false
      && key.utf8.allSatisfy {
        $0 == 0x5F || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20)
      }
    // `[ [[a]] ]`: two brackets that follow each other would begin a long string.
    guard !isName || keywords.contains(key) else { return key }
    let text = quoted(key)
    return text.hasPrefix("[") ? "[ \(text) ]" : "[\(text)]"
  }

  /// The text as comment lines, broken where it has line breaks and at spaces where a line gets long.
  ///
  /// Nothing in it can end the comment.
  ///
  /// - Parameter hanging: How far lines after the first are indented.
  public static func comment(_ text: String, hanging: Int = 0) -> [String] {
    let margin = String(repeating: " ", count: hanging)
    var lines: [String] = []
    for paragraph in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      let words = paragraph.split(separator: " ", omittingEmptySubsequences: false)
      var line = (lines.isEmpty ? "" : margin) + (words.first ?? "")
      for word in words.dropFirst() {
        if !line.allSatisfy({ $0 == " " }), line.count + word.count + 4 > width {
          lines.append(line)
          line = margin + word
        } else {
          line += " " + word
        }
      }
      lines.append(line)
    }
    return lines.map { line in
      let shown = oneLine(line)
      return shown.isEmpty ? "--" : "-- " + shown
    }
  }

  /// The text in one line, with what cannot be seen written out.
  static func oneLine(_ text: String) -> String {
    var line = ""
    for scalar in text.unicodeScalars {
      if scalar == "\t" || scalar == "\n" || scalar == "\r" {
        line += " "
      } else if isUnreadable(scalar) {
        line += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        line.unicodeScalars.append(scalar)
      }
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}
