import FoundationEssentials

/// How texts travel in mail, which knows ASCII lines only.
enum MailText {
  /// A header's text: as it is where it is short and plain, else as encoded words (RFC 2047).
  static func header(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { Self.isPlain($0) } && !text.contains("=?") && text.utf8.count <= 200
    return isPlain ? text : encodedWords(text)
  }

  /// Each word is UTF-8 in base64, is at most 75 bytes long, and breaks no character.
  static func encodedWords(_ text: String) -> String {
    var words: [[UInt8]] = [[]]
    for scalar in text.unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      if words[words.count - 1].count + bytes.count > 45 { words.append([]) }
      words[words.count - 1] += bytes
    }
    return words.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
  }

  /// A printable ASCII character, or a space.
  static func isPlain(_ byte: UInt8) -> Bool { byte >= 0x20 && byte < 0x7f }

  /// What may stand in a name in a header without quotes (RFC 5322, 3.2.3).
  static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x20: true
    default: "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
    }
  }

  /// The lines of a text, whichever way they end. A line break at the end begins no further line.
  static func lines(_ text: String) -> [[UInt8]] {
    var lines: [[UInt8]] = [[]]
    var previous: UInt8 = 0
    for byte in text.utf8 {
      switch byte {
      case 0x0a where previous == 0x0d: break
      case 0x0a, 0x0d: lines.append([])
      default: lines[lines.count - 1].append(byte)
      }
      previous = byte
    }
    if lines.count > 1, lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  /// Whether the lines can travel as they are (RFC 5321, 4.5.3.1.6).
  static func isSevenBit(_ lines: [[UInt8]]) -> Bool {
    lines.allSatisfy { $0.count <= 990 && $0.allSatisfy { isPlain($0) || $0 == 0x09 } }
  }

  /// One line as quoted-printable (RFC 2045, 6.7), broken into lines of at most 76 bytes.
  static func quotedPrintable(_ line: [UInt8]) -> [[UInt8]] {
    var lines: [[UInt8]] = [[]]
    for (index, byte) in line.enumerated() {
      let isLast = index == line.count - 1
      let isSpace = byte == 0x20 || byte == 0x09
      let piece: [UInt8] =
        (isPlain(byte) || byte == 0x09) && byte != UInt8(ascii: "=") && !(isSpace && isLast)
        ? [byte] : [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      // The last byte of a broken line is its "=".
      if lines[lines.count - 1].count + piece.count > 75 {
        lines[lines.count - 1].append(UInt8(ascii: "="))
        lines.append([])
      }
      lines[lines.count - 1] += piece
    }
    return lines
  }

  private static let digits = Array("0123456789ABCDEF".utf8)
}
