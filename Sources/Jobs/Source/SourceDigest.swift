import Crypto

/// The digest by which two versions of a job are told apart.
enum SourceDigest {
  static func of(main: [UInt8], modules: [JobSource.Module], rocks: RocksFile? = nil) -> String {
    var hash = SHA256()
    hash.update(data: main)
    for module in modules {
      // Lengths keep two ways of cutting the same bytes into files apart.
      hash.update(data: Array("\0\(module.name)\0\(module.bytes.count)\0".utf8))
      hash.update(data: module.bytes)
    }
    if let rocks, !rocks.rocks.isEmpty { hash.update(data: Array("\0\0\(rocks.digest)".utf8)) }
    return hexadecimal(hash.finalize())
  }

  static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(64)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
