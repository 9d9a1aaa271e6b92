/// Walks over a JSON text once.
struct JSONReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0
  private var depth = 0
  private var work: LongWork

  /// No number that anybody means has more characters.
  private static let longestNumber = 1 << 16

  init(_ bytes: UnsafeBufferPointer<UInt8>, during work: LongWork) {
    self.bytes = bytes
    self.work = work
  }

  /// The one value of the text.
  mutating func read() throws(JSONTrouble) -> DataValue {
    if bytes.count >= 3, bytes[0] == 0xef, bytes[1] == 0xbb, bytes[2] == 0xbf { position = 3 }
    let value = try value()
    try skipSpace()
    if position < bytes.count { throw trouble("expected the end, found \(found)") }
    return value
  }

  private mutating func value() throws(JSONTrouble) -> DataValue {
    if work.mustEnd(making: DataValue.weight) { throw .givenUp }
    try skipSpace()
    switch peek {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return try string()
    case UInt8(ascii: "-"): return try number()
    case let byte where isDigit(byte): return try number()
    case UInt8(ascii: "t") where takes("true"): return true
    case UInt8(ascii: "f") where takes("false"): return false
    case UInt8(ascii: "n") where takes("null"): return .null
    default: throw trouble("expected a value, found \(found)")
    }
  }

  private mutating func object() throws(JSONTrouble) -> DataValue {
    try enter()
    var fields: [String: DataValue] = [:]
    try skipSpace()
    if !takes("}") {
      repeat {
        try skipSpace()
        guard peek == UInt8(ascii: "\"") else {
          throw trouble("expected a name in double quotes, found \(found)")
        }
        let name = try string().asString ?? ""
        try skipSpace()
        guard takes(":") else { throw trouble("expected \":\" after a name, found \(found)") }
        fields[name] = try value()
        try skipSpace()
      } while takes(",")
      guard takes("}") else { throw trouble("expected \",\" or \"}\", found \(found)") }
    }
    depth -= 1
    return .object(fields)
  }

  private mutating func array() throws(JSONTrouble) -> DataValue {
    try enter()
    var items: [DataValue] = []
    try skipSpace()
    if !takes("]") {
      repeat {
        items.append(try value())
        try skipSpace()
      } while takes(",")
      guard takes("]") else { throw trouble("expected \",\" or \"]\", found \(found)") }
    }
    depth -= 1
    return .list(items)
  }

  private mutating func enter() throws(JSONTrouble) {
    guard depth < ByteReader.maximumDepth else {
      throw trouble("nested deeper than \(ByteReader.maximumDepth) levels")
    }
    if work.mustEnd(making: DataTable.weight) { throw .givenUp }
    depth += 1
    position += 1
  }

  private mutating func string() throws(JSONTrouble) -> DataValue {
    let opening = position
    position += 1
    let start = position
    // Most strings have no escapes: they are taken as they stand.
    while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
      if work.mustEnd(making: 1) { throw .givenUp }
      position += 1
    }
    if peek == UInt8(ascii: "\"") {
      let span = UnsafeBufferPointer(rebasing: bytes[start..<position])
      position += 1
      return String(validating: span, as: UTF8.self).map { .string($0) } ?? .bytes(Array(span))
    }
    var text = Array(bytes[start..<position])
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(validating: text, as: UTF8.self).map { .string($0) } ?? .bytes(text)
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw trouble("a control character inside a string must be written as an escape")
      default:
        if work.mustEnd(making: 1) { throw .givenUp }
        text.append(byte)
        position += 1
      }
    }
    position = opening
    throw trouble("the string that begins here has no end")
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONTrouble) {
    if work.mustEnd() { throw .givenUp }
    guard position + 1 < bytes.count else { throw trouble("the text ends within an escape") }
    let letter = bytes[position + 1]
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "u"):
      text.append(contentsOf: String(try scalar()).utf8)
      return
    default: throw trouble("there is no escape \"\\\(Character(Unicode.Scalar(letter)))\"")
    }
    position += 2
  }

  /// `\uXXXX`, or two of them that make one character; half of such a pair becomes U+FFFD.
  private mutating func scalar() throws(JSONTrouble) -> Unicode.Scalar {
    let first = try hexadecimal(at: position)
    position += 6
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xdc00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    else { return "\u{fffd}" }
    let second = try hexadecimal(at: position)
    guard (0xdc00...0xdfff).contains(second) else { return "\u{fffd}" }
    position += 6
    return Unicode.Scalar(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)) ?? "\u{fffd}"
  }

  private func hexadecimal(at escape: Int) throws(JSONTrouble) -> UInt32 {
    let digits = bytes[min(escape + 2, bytes.count)..<min(escape + 6, bytes.count)]
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw trouble("\\u needs four hexadecimal digits") }
    return value
  }

  private mutating func number() throws(JSONTrouble) -> DataValue {
    let start = position
    _ = takes("-")
    let isZero = takes("0")
    let hasDigits = if isZero { true } else { try takesDigits() }
    guard hasDigits else { throw trouble("expected a digit, found \(found)") }
    if isZero, isDigit(peek) { throw trouble("a number does not begin with 0") }
    var isWhole = true
    if takes(".") {
      isWhole = false
      guard try takesDigits() else { throw trouble("expected a digit after the point, found \(found)") }
    }
    if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
      isWhole = false
      position += 1
      if !takes("+") { _ = takes("-") }
      guard try takesDigits() else { throw trouble("expected a digit in the exponent, found \(found)") }
    }
    guard position - start <= Self.longestNumber else {
      let length = position - start
      position = start
      throw trouble("a number of \(length) characters; the longest has \(Self.longestNumber)")
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole, let whole = Int64(text) { return .int(whole) }
    guard let number = Double(text), number.isFinite else {
      position = start
      throw trouble("the number \(text.prefix(20)) is too large")
    }
    return .double(number)
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func isDigit(_ byte: UInt8?) -> Bool {
    guard let byte else { return false }
    return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private mutating func takes(_ word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    guard length <= bytes.count - position else { return false }
    for offset in 0..<length where bytes[position + offset] != word.utf8Start[offset] { return false }
    position += length
    return true
  }

  private mutating func takesDigits() throws(JSONTrouble) -> Bool {
    let start = position
    while isDigit(peek) {
      if work.mustEnd() { throw .givenUp }
      position += 1
    }
    return position > start
  }

  private mutating func skipSpace() throws(JSONTrouble) {
    while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
      if work.mustEnd() { throw .givenUp }
      position += 1
    }
  }

  /// What stands at this place, for a message.
  private var found: String {
    guard let byte = peek else { return "the end" }
    guard byte > 0x20, byte < 0x7f else {
      return byte < 0x80 ? "a control character" : "a letter that is none of JSON's"
    }
    let isWord = { (byte: UInt8) in
      Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber
    }
    let word =
      isWord(byte)
      ? bytes[position...].prefix(12).prefix { $0 < 0x80 && isWord($0) } : bytes[position...position]
    return "\"\(String(decoding: word, as: UTF8.self))\""
  }

  private func trouble(_ what: String) -> JSONTrouble {
    let before = bytes[..<position]
    let line = before.count { $0 == 0x0a } + 1
    let column = position - (before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0) + 1
    return JSONTrouble("not JSON: line \(line), column \(column): \(what)")
  }
}
