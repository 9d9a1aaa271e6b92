import Glibc
import Values

/// Puts `***` in the place of secrets, in all that leaves a job for people to read.
///
/// A secret is found as it is, as JSON writes it inside of a string, as an address or a form has it
/// (percent-encoded), and, one of several lines, line by line.
struct SecretMask: Sendable {
  static let mark = "***"

  private var patterns: Set<[UInt8]> = []

  var isEmpty: Bool { patterns.isEmpty }

  /// Takes a secret in; what was taken in before stays, for what a script has kept of an earlier run's.
  mutating func add(_ secret: String) {
    let lines = secret.split(whereSeparator: \.isNewline).map(String.init)
    for text in [secret] + lines where text.utf8.count >= SecretSource.shortest {
      patterns.insert(Array(text.utf8))
      if let json = try? DataValue.string(text).json() {
        patterns.insert(Array(json.utf8.dropFirst().dropLast()))
      }
      let encoded = Self.percentEncoded(text)
      patterns.insert(encoded)
      patterns.insert(Array(String(decoding: encoded, as: UTF8.self).replacing("%20", with: "+").utf8))
    }
  }

  func mask(_ text: String) -> String {
    mask(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) } ?? text
  }

  func mask(_ text: String?) -> String? { text.map { mask($0) } }

  /// The same with every string masked, names of fields too; a number that reads as a secret is one.
  func mask(_ value: DataValue) -> DataValue {
    switch value {
    case .null, .bool, .opaque: return value
    case .int, .double:
      let text = value.messageText
      let masked = mask(text)
      return masked == text ? value : .string(masked)
    case .string(let text): return .string(mask(text))
    case .bytes(let bytes): return mask(bytes).map { .string(String(decoding: $0, as: UTF8.self)) } ?? value
    case .table(var table):
      table.items = table.items.map { mask($0) }
      table.fields = Dictionary(
        table.fields.map { (mask($0.key), mask($0.value)) }, uniquingKeysWith: { $1 })
      return .table(table)
    }
  }

  func mask(_ error: ScriptError) -> ScriptError {
    var error = error
    error.text = mask(error.text)
    error.traceback = mask(error.traceback)
    return error
  }

  /// The bytes with every secret replaced, those that overlap by one mark; `nil` if there is none in them.
  private func mask(_ bytes: [UInt8]) -> [UInt8]? {
    var ranges: [Range<Int>] = []
    for pattern in patterns {
      var from = 0
      while let start = Self.find(pattern, in: bytes, from: from) {
        ranges.append(start..<start + pattern.count)
        from = start + 1
      }
    }
    guard !ranges.isEmpty else { return nil }
    var masked: [UInt8] = []
    var done = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound >= done {
        masked += bytes[done..<range.lowerBound]
        masked += Array(Self.mark.utf8)
      }
      done = max(done, range.upperBound)
    }
    return masked + bytes[done...]
  }

  private static func find(_ pattern: [UInt8], in bytes: [UInt8], from: Int) -> Int? {
    bytes.withUnsafeBytes { buffer in
      guard let start = buffer.baseAddress, let first = pattern.first else { return nil }
      var position = from
      while buffer.count - position >= pattern.count,
        let found = memchr(start + position, Int32(first), buffer.count - position - pattern.count + 1)
      {
        if memcmp(found, pattern, pattern.count) == 0 { return UnsafeRawPointer(found) - start }
        position = UnsafeRawPointer(found) - start + 1
      }
      return nil
    }
  }

  /// As RFC 3986 writes what has no meaning of its own.
  private static func percentEncoded(_ text: String) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    return text.utf8.flatMap { byte -> [UInt8] in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: [byte]
      default: [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
  }
}

extension RunEnd {
  /// The end as people may read it.
  func masked(by mask: SecretMask) -> RunEnd {
    if mask.isEmpty { return self }
    switch self {
    case .succeeded(let result): return .succeeded(result: mask.mask(result))
    case .failed(let error): return .failed(mask.mask(error))
    case .skipped(let reason): return .skipped(mask.mask(reason))
    case .retryAfter(let seconds, let reason): return .retryAfter(seconds: seconds, mask.mask(reason))
    case .fatal(let message): return .fatal(mask.mask(message))
    case .timedOut, .overCPULimit, .cancelled: return self
    }
  }
}

extension WhenVerdict {
  /// The verdict as people may read it.
  func masked(by mask: SecretMask) -> WhenVerdict {
    switch self {
    case .yes: self
    case .no(let reason): .no(mask.mask(reason))
    case .failed(let error): .failed(mask.mask(error))
    }
  }
}
