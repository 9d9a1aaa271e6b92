/// The text of an exported file, whatever it says of its own encoding: exports are UTF-16 by their declaration and
/// have often been saved anew as something else.
enum ExportText {
  static func decode(_ bytes: [UInt8]) -> String {
    if bytes.starts(with: [0xFF, 0xFE]) { return utf16(bytes.dropFirst(2)) { $0 | $1 << 8 } }
    if bytes.starts(with: [0xFE, 0xFF]) { return utf16(bytes.dropFirst(2)) { $0 << 8 | $1 } }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return eightBit(bytes.dropFirst(3)) }
    // Without a mark: one of the two bytes of "<", or of a blank before it, is zero.
    if bytes.count > 1, bytes[1] == 0, bytes[0] != 0 { return utf16(bytes[...]) { $0 | $1 << 8 } }
    if bytes.count > 1, bytes[0] == 0, bytes[1] != 0 { return utf16(bytes[...]) { $0 << 8 | $1 } }
    return eightBit(bytes[...])
  }

  private static func utf16(_ bytes: ArraySlice<UInt8>, _ join: (UInt16, UInt16) -> UInt16) -> String {
    var units: [UInt16] = []
    units.reserveCapacity(bytes.count / 2)
    var place = bytes.startIndex
    while place + 1 < bytes.endIndex {
      units.append(join(UInt16(bytes[place]), UInt16(bytes[place + 1])))
      place += 2
    }
    return String(decoding: units, as: UTF16.self)
  }

  /// UTF-8, or what Western Windows has where it is not.
  private static func eightBit(_ bytes: ArraySlice<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = ""
    for byte in bytes {
      let scalar = (0x80..<0xA0).contains(byte) ? windows[Int(byte) - 0x80] : Unicode.Scalar(byte)
      text.unicodeScalars.append(scalar)
    }
    return text
  }

  /// What windows-1252 has from 0x80 to 0x9F. Source: https://encoding.spec.whatwg.org/index-windows-1252.txt
  private static let windows = Array(
    "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ".unicodeScalars)
}
