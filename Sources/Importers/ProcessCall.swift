import JobWriting

/// The argument of `process.run` as a person would write it.
enum ProcessCall {
  /// A table in one line where it fits, else its words side by side in lines of their own.
  ///
  /// - Parameters:
  ///   - words: The program and its arguments, as Lua expressions.
  ///   - options: Behind them.
  ///   - column: Where the table begins.
  ///   - indent: Of the line in which it begins.
  static func table(_ words: [String], _ options: LuaTable, column: Int, indent: Int) -> String {
    var parts = words
    for field in options.fields {
      let key = field.key.map { "\($0) = " } ?? ""
      parts.append(key + LuaText.of(field.value, column: indent + 2 + key.count, indent: indent + 2))
    }
    let line = "{ " + parts.joined(separator: ", ") + " }"
    if !line.contains("\n"), column + line.count <= width { return line }
    var lines: [String] = []
    for part in parts {
      if let last = lines.last, !last.contains("\n"), indent + 3 + last.count + 1 + part.count <= width {
        lines[lines.count - 1] += " \(part),"
      } else {
        lines.append(part + ",")
      }
    }
    let margin = String(repeating: " ", count: indent)
    return "{\n" + lines.map { "\(margin)  \($0)\n" }.joined() + margin + "}"
  }

  private static let width = 100
}
