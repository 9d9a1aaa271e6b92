/// URL escapes.
public enum PercentEncoding {
  private static let digits = Array("0123456789ABCDEF".utf8)

  /// A name or value for a query: all but letters, digits and `-._~` escaped.
  public static func component(_ text: String) -> String { escaping(text, keep: isUnreserved) }

  /// A name or value of an HTML form: the same, with `+` for a space.
  public static func formField(_ text: String) -> String {
    escaping(text) { isUnreserved($0) || $0 == UInt8(ascii: " ") }.replacing(" ", with: "+")
  }

  /// A path and query as people write them: what may not stand in a URL escaped, escapes left alone.
  public static func repaired(_ text: String) -> String {
    escaping(text) { byte in
      byte > 0x20 && byte < 0x7f && !"\"<>\\^`{|}".utf8.contains(byte)
    }
  }

  /// Escapes undone; what is no escape stays.
  public static func decoded(_ text: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "-._~".utf8.contains(byte)
    }
  }

  private static func escaping(_ text: String, keep: (UInt8) -> Bool) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if keep(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
