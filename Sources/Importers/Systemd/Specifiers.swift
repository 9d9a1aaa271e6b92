/// What `%i`, `%h` and the like stand for in a unit.
///
/// Source: `systemd.unit(5)`, "Specifiers".
struct Specifiers {
  /// `backup@home.timer`.
  let unit: String
  let machine: SystemdImporter.Machine

  /// `backup@home` of `backup@home.timer`.
  static func stem(_ unit: String) -> String {
    unit.lastIndex(of: ".").map { String(unit[..<$0]) } ?? unit
  }

  /// `home` of `backup@home.timer`, escaped as it is; empty without an `@`.
  static func instance(_ unit: String) -> String {
    let stem = stem(unit)
    return stem.firstIndex(of: "@").map { String(stem[stem.index(after: $0)...]) } ?? ""
  }

  /// `backup` of `backup@home.timer`.
  static func prefix(_ unit: String) -> String {
    let stem = stem(unit)
    return stem.firstIndex(of: "@").map { String(stem[..<$0]) } ?? stem
  }

  /// The text with what is known put in.
  ///
  /// - Parameter unknown: Gets the specifiers that are known only to a running systemd; they stay as they are.
  func expanded(_ text: String, unknown: inout Set<String>) -> String {
    guard text.contains("%") else { return text }
    var result = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      guard character == "%", let letter = rest.first else {
        result.append(character)
        continue
      }
      rest = rest.dropFirst()
      if let value = value(letter) {
        result += value
      } else {
        result += "%\(letter)"
        if letter.isLetter { unknown.insert("%\(letter)") }
      }
    }
    return result
  }

  private func value(_ letter: Character) -> String? {
    let prefix = Self.prefix(unit)
    let instance = Self.instance(unit)
    return switch letter {
    case "%": "%"
    case "n": unit
    case "N": Self.stem(unit)
    case "p": prefix
    case "P": Self.unescaped(prefix)
    case "i": instance
    case "I": Self.unescaped(instance)
    case "j": prefix.split(separator: "-").last.map(String.init) ?? prefix
    case "J": Self.unescaped(prefix.split(separator: "-").last.map(String.init) ?? prefix)
    case "f": "/" + Self.unescaped(instance.isEmpty ? prefix : instance).drop { $0 == "/" }
    case "H": machine.host
    case "l": String(machine.host.prefix { $0 != "." })
    case "u": machine.users.current
    case "h": machine.users.home(of: machine.users.current)
    case "E": "/etc"
    case "t": "/run"
    case "S": "/var/lib"
    case "C": "/var/cache"
    case "L": "/var/log"
    case "T": "/tmp"
    case "V": "/var/tmp"
    default: nil
    }
  }

  /// `-` is a slash, `\x2d` a byte.
  private static func unescaped(_ name: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(name.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "-") {
        bytes.append(UInt8(ascii: "/"))
      } else if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"), rest.count >= 3,
        let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
