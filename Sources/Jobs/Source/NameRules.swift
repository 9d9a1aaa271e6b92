/// Which names on disk can be jobs and namespaces.
///
/// Names that begin with `.` or `_`, and what editors leave behind, are nobody's. A name that a
/// listing, a log line or a URL could not show faithfully is refused.
enum NameRules {
  static let suffix = ".lua"
  /// The file that makes its folder one job.
  static let mainFile = "main.lua"
  /// Beside the main file, the rocks that the job needs.
  static let rocksFile = "rocks.txt"

  /// Whether the name is passed over in silence: hidden, private, or an editor's.
  static func ignores(_ name: some StringProtocol) -> Bool {
    guard let first = name.utf8.first else { return true }
    return first == UInt8(ascii: ".") || first == UInt8(ascii: "_") || first == UInt8(ascii: "#")
      || name.hasSuffix("~")
  }

  /// Whether the name is one of a Lua file, whatever it turns out to be.
  static func isLuaFile(_ name: some StringProtocol) -> Bool {
    name.utf8.count > suffix.utf8.count && name.hasSuffix(suffix) && !ignores(name)
  }

  /// Whether the path is one of a file that a job is made of.
  static func isJobFile(_ path: some StringProtocol) -> Bool {
    isLuaFile(path) || path == rocksFile || path.hasSuffix("/" + rocksFile)
  }

  /// The job whose only file this would be.
  static func jobName(ofFile path: String) -> String {
    path.hasSuffix(suffix) ? String(path.dropLast(suffix.count)) : path
  }

  /// Whether any component of a relative path is ignored.
  static func ignoresPath(_ path: String) -> Bool {
    path.split(separator: "/").contains { ignores($0) }
  }

  /// Why the name cannot be a job's, or `nil` if it can.
  static func objection(to name: String) -> String? {
    for scalar in name.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator:
        return "the name has a control character or a line break in it; rename it"
      case .format where (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value):
        return "the name has a character in it that changes the direction of text; rename it"
      default: continue
      }
    }
    return nil
  }

  static let notUTF8 = "the name is not valid UTF-8; rename it"

  /// Bytes of a name as a message can show them: what is not printable UTF-8 as `\xFF` or `\n`.
  static func displayed(_ name: [UInt8]) -> String {
    if let text = String(validating: name, as: UTF8.self) { return displayed(text) }
    return name.map { byte in
      byte >= 0x20 && byte < 0x7F ? String(UnicodeScalar(byte)) : hexadecimal(byte)
    }.joined()
  }

  /// A name with its unprintable characters escaped.
  static func displayed(_ name: String) -> String {
    guard objection(to: name) != nil else { return name }
    var text = ""
    for scalar in name.unicodeScalars {
      if objection(to: String(scalar)) == nil {
        text.unicodeScalars.append(scalar)
      } else if scalar == "\n" {
        text += "\\n"
      } else if scalar == "\t" {
        text += "\\t"
      } else if scalar == "\r" {
        text += "\\r"
      } else if let byte = UInt8(exactly: scalar.value) {
        text += hexadecimal(byte)
      } else {
        text += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
      }
    }
    return text
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }
}
