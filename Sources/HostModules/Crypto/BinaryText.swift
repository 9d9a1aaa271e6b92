import LuaHost
import Values

/// Bytes as text: hexadecimal digits and base64.
enum BinaryText {
  /// Where a text is not what it should be.
  struct Damage: Error, Equatable {
    let text: String
  }

  // MARK: - Hexadecimal

  static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var work = LongWork.ofRun
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      if work.mustEnd() { break }
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Digits in either case; nothing may stand between them.
  static func bytes(hex text: [UInt8]) throws(Damage) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 2)
    var high: UInt8?
    var work = LongWork.ofRun
    for (index, letter) in text.enumerated() {
      if work.mustEnd() { break }
      guard let digit = Self.digit(letter) else {
        throw Damage(text: "character \(index + 1) is not a hexadecimal digit")
      }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    guard high == nil else { throw Damage(text: "there is an odd number of hexadecimal digits") }
    return bytes
  }

  private static func digit(_ letter: UInt8) -> UInt8? {
    switch letter {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): letter - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): letter - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): letter - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  // MARK: - Base64, source: RFC 4648

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let urlAlphabet = Array(alphabet.dropLast(2)) + Array("-_".utf8)
  private static let padding = UInt8(ascii: "=")
  private static let values: [UInt8?] = {
    var values = [UInt8?](repeating: nil, count: 256)
    for alphabet in [alphabet, urlAlphabet] {
      for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
    }
    return values
  }()

  /// - Parameter url: With `-` and `_`, and without padding, as it stands in URLs and tokens.
  static func base64(_ bytes: [UInt8], url: Bool = false) -> String {
    let letters = url ? urlAlphabet : alphabet
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var work = LongWork.ofRun
    for start in stride(from: 0, to: bytes.count, by: 3) {
      if work.mustEnd() { break }
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
      for place in 0...group.count { text.append(letters[Int(bits >> UInt32(18 - 6 * place)) & 63]) }
      if !url { text.append(contentsOf: repeatElement(padding, count: 3 - group.count)) }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads both alphabets, with padding or without, and passes over white space (as in mail and PEM files).
  static func bytes(base64 text: [UInt8]) throws(Damage) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var (bits, held, padded): (UInt32, Int, Int) = (0, 0, 0)
    var work = LongWork.ofRun
    for (index, letter) in text.enumerated() {
      if work.mustEnd() { break }
      switch letter {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): continue
      case padding: padded += 1
      default:
        guard let value = values[Int(letter)], padded == 0 else {
          throw Damage(text: "character \(index + 1) is not base64")
        }
        bits = bits << 6 | UInt32(value)
        held += 1
        guard held == 4 else { continue }
        bytes.append(contentsOf: [UInt8(bits >> 16 & 255), UInt8(bits >> 8 & 255), UInt8(bits & 255)])
        (bits, held) = (0, 0)
      }
    }
    guard held != 1, padded == 0 || held > 0 && held + padded == 4 else {
      throw Damage(text: "the base64 text is cut short")
    }
    guard held == 0 || bits & (held == 2 ? 15 : 3) == 0 else {
      throw Damage(text: "the base64 text ends in bits that mean nothing")
    }
    if held >= 2 { bytes.append(UInt8(bits >> UInt32(6 * held - 8) & 255)) }
    if held == 3 { bytes.append(UInt8(bits >> 2 & 255)) }
    return bytes
  }
}
