import Crypto
import Glibc
import LuaHost
import Values

/// `almanac.crypto`: digests, HMAC, base64, hexadecimal, random bytes, UUIDs.
enum CryptoModule {
  /// How many random bytes are given at once.
  private static let randomLimit = 1 << 20

  static let functions: [HostFunction] =
    DigestAlgorithm.allCases.map { algorithm in
      function(algorithm.rawValue) { arguments throws(Misuse) in
        let bytes = try arguments.bytes(0, "data")
        return try shown(algorithm.digest(of: bytes), arguments, 1)
      }
    } + [
      function("hmac") { arguments throws(Misuse) in
        let algorithm = try DigestAlgorithm(try arguments.text(0, "digest"), arguments)
        let key = try arguments.bytes(1, "key")
        let bytes = try arguments.bytes(2, "data")
        return try shown(algorithm.authenticationCode(of: bytes, key: key), arguments, 3)
      },
      function("equal") { arguments throws(Misuse) in
        .values([.bool(areEqual(try arguments.bytes(0, "a"), try arguments.bytes(1, "b")))])
      },
      function("base64_encode") { arguments throws(Misuse) in
        let url = try arguments.options(1, known: ["url"]).flag("url")
        return .values([.string(BinaryText.base64(try arguments.bytes(0, "data"), url: url))])
      },
      function("base64_decode") { arguments throws(Misuse) in
        let text = try arguments.bytes(0, "text")
        return reading { () throws(BinaryText.Damage) in try BinaryText.bytes(base64: text) }
      },
      function("hex_encode") { arguments throws(Misuse) in
        .values([.string(BinaryText.hex(try arguments.bytes(0, "data")))])
      },
      function("hex_decode") { arguments throws(Misuse) in
        let text = try arguments.bytes(0, "text")
        return reading { () throws(BinaryText.Damage) in try BinaryText.bytes(hex: text) }
      },
      function("random") { arguments throws(Misuse) in .values([.bytes(try random(arguments))]) },
      function("random_hex") { arguments throws(Misuse) in
        .values([.string(BinaryText.hex(try random(arguments)))])
      },
      function("uuid") { arguments throws(Misuse) in
        switch arguments[0].asInt {
        case nil where arguments[0] == .null, 4: return .values([.string(uuid(version: 4))])
        case 7: return .values([.string(uuid(version: 7))])
        default: throw arguments.misuse("version must be 4 or 7, not \(describe(arguments[0]))")
        }
      },
    ]

  private static func function(
    _ name: String, _ body: @escaping @Sendable (Arguments) throws(Misuse) -> HostReply
  ) -> HostFunction {
    .immediate(name, of: "crypto") { arguments, _ throws(Misuse) in try body(arguments) }
  }

  /// A digest as hexadecimal digits, or as it is with `{ raw = true }`.
  private static func shown(
    _ digest: [UInt8], _ arguments: Arguments, _ options: Int
  ) throws(Misuse) -> HostReply {
    let isRaw = try arguments.options(options, known: ["raw"]).flag("raw")
    return .values([isRaw ? .bytes(digest) : .string(BinaryText.hex(digest))])
  }

  private static func reading(_ body: () throws(BinaryText.Damage) -> [UInt8]) -> HostReply {
    do throws(BinaryText.Damage) { return .values([.bytes(try body())]) } catch {
      return .trouble(error.text)
    }
  }

  /// Looks at every byte, whatever it finds: the time it takes tells nothing of where two secrets differ.
  private static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var work = LongWork.ofRun
    var difference: UInt8 = 0
    for (left, right) in zip(left, right) {
      if work.mustEnd() { return false }
      difference |= left ^ right
    }
    return difference == 0
  }

  private static func random(_ arguments: Arguments) throws(Misuse) -> [UInt8] {
    guard let count = arguments[0].asInt, (1...Int64(randomLimit)).contains(count) else {
      throw arguments.misuse(
        "the number of bytes must be a whole number from 1 to \(randomLimit), not \(describe(arguments[0]))")
    }
    return random(Int(count))
  }

  private static func random(_ count: Int) -> [UInt8] {
    SymmetricKey(size: SymmetricKeySize(bitCount: count * 8)).withUnsafeBytes { Array($0) }
  }

  /// Random (version 4), or the milliseconds since 1970 and then random, so that later ones sort behind
  /// (version 7). Source: RFC 9562.
  private static func uuid(version: UInt8) -> String {
    var bytes = random(16)
    if version == 7 {
      var now = timespec()
      clock_gettime(CLOCK_REALTIME, &now)
      let milliseconds = UInt64(now.tv_sec) * 1_000 + UInt64(now.tv_nsec) / 1_000_000
      for place in 0..<6 { bytes[place] = UInt8(truncatingIfNeeded: milliseconds >> UInt64(40 - 8 * place)) }
    }
    bytes[6] = bytes[6] & 0x0f | version << 4
    bytes[8] = bytes[8] & 0x3f | 0x80
    let digits = Array(BinaryText.hex(bytes))
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
  }
}
