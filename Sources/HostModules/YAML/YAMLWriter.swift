import LuaHost
import Values

/// A value that YAML cannot say, and where in the data it is.
struct YAMLTrouble: Error, Equatable {
  let text: String
}

/// Writes data as YAML in block style, keys in order of the alphabet.
struct YAMLWriter {
  /// libyaml and others look for a key's colon no further than this.
  private static let keyLimit = 1_000

  private(set) var text = ""
  /// Where in the value the writer is, for messages: `tracks[2].name`.
  private var path = ""
  private var work = LongWork.ofRun

  /// The document of a value.
  static func document(_ value: DataValue) throws(YAMLTrouble) -> String {
    var writer = YAMLWriter()
    try writer.append(value, indent: 0, isInline: true)
    return writer.text
  }

  /// - Parameter isInline: Whether the value may begin where the writer is; else it goes on behind `key:`, with
  ///   a space or a new line.
  private mutating func append(_ value: DataValue, indent: Int, isInline: Bool) throws(YAMLTrouble) {
    if work.mustEnd() { throw trouble("given up") }
    guard case .table(let table) = value else {
      if !isInline { text += " " }
      text += try scalar(value, indent: indent) + "\n"
      return
    }
    guard table.items.isEmpty || table.fields.isEmpty else {
      throw trouble("a table with both items and named fields has no form in YAML")
    }
    guard !table.items.isEmpty || !table.fields.isEmpty else {
      text += (isInline ? "" : " ") + (table.isList ? "[]" : "{}") + "\n"
      return
    }
    if !isInline { text += "\n" }
    let outer = path
    defer { path = outer }
    var isFirst = isInline
    func begin() {
      // The first item of a nested list stands in the line of what holds it.
      if !isFirst { text += String(repeating: " ", count: indent) }
      isFirst = false
    }
    for (index, item) in table.items.enumerated() {
      path = "\(outer)[\(index + 1)]"
      begin()
      text += "- "
      try append(item, indent: indent + 2, isInline: true)
    }
    for (key, value) in table.fields.sorted(by: { $0.key < $1.key }) {
      path = outer.isEmpty ? key : "\(outer).\(key)"
      begin()
      let shown = YAMLScalar.isSafePlain(key) ? key : Self.quoted(key)
      if shown.utf8.count > Self.keyLimit {
        text += "? \(shown)\n" + String(repeating: " ", count: indent) + ":"
      } else {
        text += shown + ":"
      }
      try append(value, indent: indent + 2, isInline: false)
    }
  }

  private func scalar(_ value: DataValue, indent: Int) throws(YAMLTrouble) -> String {
    switch value {
    case .null: return "null"
    case .bool(let flag): return flag ? "true" : "false"
    case .int(let number): return String(number)
    case .double(let number): return Self.number(number)
    case .bytes(let bytes): return "!!binary \"\(BinaryText.base64(bytes))\""
    case .string(let text):
      if YAMLScalar.isSafePlain(text) { return text }
      return Self.block(text, indent: max(indent, 2)) ?? Self.quoted(text)
    case .opaque(let name): throw trouble("a \(name) has no form in YAML")
    case .table: preconditionFailure("a table is no scalar: append(_:indent:isInline:) has taken it apart")
    }
  }

  /// With a point in it, without which YAML 1.1 takes `1e+20` for text.
  private static func number(_ number: Double) -> String {
    if number.isNaN { return ".nan" }
    if number.isInfinite { return number < 0 ? "-.inf" : ".inf" }
    let text = number.description
    guard !text.contains("."), let exponent = text.firstIndex(of: "e") else { return text }
    return text[..<exponent] + ".0" + text[exponent...]
  }

  /// Several lines as they are, behind `|`; nil for what would not come back so.
  private static func block(_ text: String, indent: Int) -> String? {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count > 1, let first = lines.first, !first.isEmpty, first.first != " ",
      lines.allSatisfy({ $0.last != " " && $0.unicodeScalars.allSatisfy(YAMLScalar.isPrintable) })
    else { return nil }
    let hasEnd = text.hasSuffix("\n")
    // Line ends beyond the first are kept by "+", one that is not there is told by "-".
    let mark = hasEnd ? (text.hasSuffix("\n\n") ? "|+" : "|") : "|-"
    let body = (hasEnd ? lines.dropLast() : lines[...]).map {
      $0.isEmpty ? "" : String(repeating: " ", count: indent) + $0
    }
    return mark + "\n" + body.joined(separator: "\n")
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case _ where YAMLScalar.isPrintable(scalar): quoted.unicodeScalars.append(scalar)
      default:
        let digits = String(scalar.value, radix: 16)
        let width = scalar.value < 0x100 ? 2 : 4
        quoted += (width == 2 ? "\\x" : "\\u") + String(repeating: "0", count: width - digits.count) + digits
      }
    }
    return quoted + "\""
  }

  private func trouble(_ what: String) -> YAMLTrouble {
    YAMLTrouble(text: path.isEmpty ? what : "\(what) at \(path)")
  }
}
