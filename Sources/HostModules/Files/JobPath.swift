import Glibc
import LuaHost

/// A path as a job wrote it, and where that is.
///
/// Names of files are bytes, in any encoding; a relative path counts from the job's folder, and a
/// leading `~/` is the user's home.
struct JobPath: Sendable, Hashable {
  /// As the script wrote it: what a message calls it. Of a very long one, the middle is left out.
  let given: String
  /// The absolute path, without a closing zero.
  let bytes: [UInt8]

  private static let slash = UInt8(ascii: "/")

  /// - Throws: If the path is empty or has a zero byte in it.
  init(_ given: [UInt8], in folder: String, of function: String, name: String = "path") throws(Misuse) {
    guard !given.isEmpty else { throw Misuse("\(function): \(name) is empty") }
    guard !given.contains(0) else { throw Misuse("\(function): \(name) has a zero byte in it") }
    self.given = Self.shown(String(decoding: given, as: UTF8.self))
    bytes = FilePath.absolute(given, in: folder)
  }

  private init(given: String, bytes: [UInt8]) {
    self.given = Self.shown(given)
    self.bytes = bytes
  }

  /// The entry `name` of this folder.
  func appending(_ name: [UInt8]) -> JobPath {
    let separator: [UInt8] = bytes.last == Self.slash ? [] : [Self.slash]
    let shown = given.hasSuffix("/") ? given : given + "/"
    return JobPath(given: shown + String(decoding: name, as: UTF8.self), bytes: bytes + separator + name)
  }

  /// The same path, called like another one in messages.
  func shown(as other: JobPath) -> JobPath { JobPath(given: other.given, bytes: bytes) }

  /// The folder that holds this entry.
  var parent: JobPath {
    let trimmed = Self.withoutClosingSlashes(bytes)
    guard let cut = trimmed.lastIndex(of: Self.slash) else {
      return JobPath(given: ".", bytes: Array(".".utf8))
    }
    let shown = given.split(separator: "/", omittingEmptySubsequences: true).dropLast().joined(separator: "/")
    return JobPath(
      given: given.hasPrefix("/") ? "/" + shown : (shown.isEmpty ? "." : shown),
      bytes: cut == 0 ? [Self.slash] : Array(trimmed[..<cut]))
  }

  /// What the file system says this path is, with links followed and dots resolved; `nil` where
  /// there is nothing.
  var resolved: JobPath? {
    withCString { path in
      guard let real = realpath(path, nil) else { return nil }
      defer { free(real) }
      return JobPath(given: given, bytes: Self.bytes(of: real))
    }
  }

  /// What writing to the path would write or make: links followed, also to what is not there yet.
  var target: JobPath { JobPath(given: given, bytes: FilePath.resolved(bytes)) }

  /// The entry that the path names, be it a link: the links of its folders followed, and dots and closing slashes
  /// taken out.
  var entry: JobPath {
    let bytes = FilePath.resolved(Self.withoutClosingSlashes(bytes), followsLast: false)
    return JobPath(given: given, bytes: bytes)
  }

  /// How many names stand between the root and this path, which must be resolved: 0 for the root itself.
  var depth: Int { bytes.split(separator: Self.slash).count }

  /// Whether this path is `other` or a folder somewhere above it. Both must be resolved.
  func contains(_ other: JobPath) -> Bool {
    let prefix = Self.withoutClosingSlashes(bytes)
    let path = Self.withoutClosingSlashes(other.bytes)
    return path == prefix || path.starts(with: prefix + [Self.slash]) || prefix.isEmpty
  }

  func withCString<Result, Failure: Error>(
    _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try (bytes + [0]).withUnsafeBufferPointer { (buffer) throws(Failure) in
      try buffer.withMemoryRebound(to: CChar.self) { (characters) throws(Failure) in
        guard let start = characters.baseAddress else {
          preconditionFailure("an array with a zero has a start")
        }
        return try body(start)
      }
    }
  }

  /// The bytes of a C string.
  static func bytes(of text: UnsafePointer<CChar>) -> [UInt8] {
    UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
  }

  /// No log gets as much as somebody could make a path of.
  private static func shown(_ text: String) -> String {
    text.utf8.count <= 1000 ? text : "\(text.prefix(200))...\(text.suffix(200))"
  }

  private static func withoutClosingSlashes(_ bytes: [UInt8]) -> [UInt8] {
    Array(bytes[..<(bytes.lastIndex { $0 != slash }.map { $0 + 1 } ?? 0)])
  }
}
