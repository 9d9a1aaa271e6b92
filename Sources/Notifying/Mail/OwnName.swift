import Glibc

/// What this machine calls itself in front of mail servers.
enum OwnName {
  /// Its name, or `localhost` where that is no name for others.
  static let text: String = {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
    let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let isName = name.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."): true
      default: false
      }
    }
    return isName && !name.isEmpty ? name : "localhost"
  }()
}
