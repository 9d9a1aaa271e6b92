import Values

/// What a scalar is: text, or by how it looks a number, true, false or null.
///
/// As YAML 1.2's core schema has it: `yes`, `on`, `010` and `1:30` are not what YAML 1.1 made of them, and a date
/// is text. Source: https://yaml.org/spec/1.2.2/#103-core-schema
enum YAMLScalar {
  private static let nulls: Set<String> = ["", "~", "null", "Null", "NULL"]
  private static let truths: [String: Bool] = [
    "true": true, "True": true, "TRUE": true, "false": false, "False": false, "FALSE": false,
  ]
  private static let odd: [String: Double] = {
    var values: [String: Double] = [:]
    for name in [".nan", ".NaN", ".NAN"] { values[name] = .nan }
    for name in [".inf", ".Inf", ".INF"] {
      (values[name], values["+" + name], values["-" + name]) = (.infinity, .infinity, -.infinity)
    }
    return values
  }()

  /// The value of a scalar that stands without quotes and tag.
  static func plain(_ text: String) -> DataValue {
    if nulls.contains(text) { return .null }
    if let flag = truths[text] { return .bool(flag) }
    return number(text) ?? .string(text)
  }

  /// An integer where it fits, else a float; nil for what is no number.
  static func number(_ text: String) -> DataValue? {
    if let value = odd[text] { return .double(value) }
    guard let first = text.utf8.first, first < 0x3a else { return nil }
    for (prefix, radix) in [("0o", 8), ("0x", 16)] where text.hasPrefix(prefix) {
      let digits = text.dropFirst(2)
      guard digits.first?.isHexDigit == true else { return nil }
      return Int64(digits, radix: radix).map(DataValue.int)
    }
    guard isDecimal(text) else { return nil }
    if let value = Int64(text) { return .int(value) }
    return Double(text.hasPrefix("+") ? String(text.dropFirst()) : text).map(DataValue.double)
  }

  /// `[-+]? ( . digits | digits ( . digits? )? ) ( [eE] [-+]? digits )?`
  private static func isDecimal(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    func takeSign() {
      if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    }
    func takeDigits() -> Bool {
      let count = rest.prefix { (48...57).contains($0) }.count
      rest.removeFirst(count)
      return count > 0
    }
    takeSign()
    let hasWhole = takeDigits()
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      guard takeDigits() || hasWhole else { return false }
    } else if !hasWhole {
      return false
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      takeSign()
      guard takeDigits() else { return false }
    }
    return rest.isEmpty
  }

  /// Whether a text can stand without quotes and be read as itself by any YAML, 1.1 included: that had more
  /// words for true and false, and more kinds of numbers.
  static func isSafePlain(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last,
      first.properties.isAlphabetic || first == "_" || first == "/",
      last != ":", last != " ",
      !text.contains(": "), !text.contains(" #"),
      text.unicodeScalars.allSatisfy(isPrintable)
    else { return false }
    return !words.contains(text.lowercased())
  }

  private static let words: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]

  /// Whether a character may stand as it is, in one line.
  static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7e, 0xa0...0x2027, 0x202a...0xd7ff, 0xe000...0xfefe, 0xff00...0xfffd, 0x10000...0x10ffff:
      true
    default: false
    }
  }
}
