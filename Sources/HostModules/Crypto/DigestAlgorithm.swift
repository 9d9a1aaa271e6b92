import Crypto
import LuaHost
import Values

/// The digests that a job can ask for. MD5 and SHA-1 are for old checksums, not for secrets.
enum DigestAlgorithm: String, CaseIterable {
  case md5, sha1, sha256, sha384, sha512

  /// Reads the name of one.
  init(_ name: String, _ arguments: Arguments) throws(Misuse) {
    guard let algorithm = DigestAlgorithm(rawValue: name.lowercased()) else {
      let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw arguments.misuse("\"\(name)\" is not a digest (there are: \(names))")
    }
    self = algorithm
  }

  /// A digest to be fed piece by piece.
  var running: any RunningDigest {
    switch self {
    case .md5: Running<Insecure.MD5>()
    case .sha1: Running<Insecure.SHA1>()
    case .sha256: Running<SHA256>()
    case .sha384: Running<SHA384>()
    case .sha512: Running<SHA512>()
    }
  }

  func digest(of bytes: [UInt8]) -> [UInt8] {
    var running = running
    running.update(bytes, during: .ofRun)
    return running.finish()
  }

  /// The HMAC of `bytes`. Source: RFC 2104.
  func authenticationCode(of bytes: [UInt8], key: [UInt8]) -> [UInt8] {
    func code<Hash: HashFunction>(_: Hash.Type) -> [UInt8] {
      var running = RunningCode<Hash>(HMAC(key: SymmetricKey(data: key)))
      running.update(bytes, during: .ofRun)
      return running.finish()
    }
    return switch self {
    case .md5: code(Insecure.MD5.self)
    case .sha1: code(Insecure.SHA1.self)
    case .sha256: code(SHA256.self)
    case .sha384: code(SHA384.self)
    case .sha512: code(SHA512.self)
    }
  }
}

/// A digest of what has been fed to it so far.
protocol RunningDigest {
  mutating func update(_ bytes: ArraySlice<UInt8>)
  func finish() -> [UInt8]
}

extension RunningDigest {
  /// Feeds bytes piece by piece.
  fileprivate mutating func update(_ bytes: [UInt8], during work: LongWork) {
    var work = work
    for start in stride(from: 0, to: bytes.count, by: pieceSize) {
      if work.mustEnd() { return }
      update(bytes[start..<min(start + pieceSize, bytes.count)])
    }
  }
}

/// How many bytes are fed at once.
private let pieceSize = 4 << 10

private struct RunningCode<Hash: HashFunction>: RunningDigest {
  private var function: HMAC<Hash>

  init(_ function: HMAC<Hash>) { self.function = function }

  mutating func update(_ bytes: ArraySlice<UInt8>) {
    bytes.withUnsafeBytes { function.update(data: $0) }
  }

  func finish() -> [UInt8] { Array(function.finalize()) }
}

private struct Running<Hash: HashFunction>: RunningDigest {
  private var function = Hash()

  mutating func update(_ bytes: ArraySlice<UInt8>) {
    bytes.withUnsafeBytes { function.update(bufferPointer: $0) }
  }

  func finish() -> [UInt8] { Array(function.finalize()) }
}
