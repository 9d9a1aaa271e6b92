import Glibc

/// Paths as jobs write them, and where they lead. Names of files are bytes, in any encoding.
public enum FilePath {
  /// The home of the user that the host runs as; `nil` where the environment names none.
  public static let home = getenv("HOME").map { home in
    (0..<strlen(home)).map { UInt8(bitPattern: home[$0]) }
  }

  /// The path from the root on: a relative one counts from `folder`, and a leading `~/` is the user's home.
  public static func absolute(_ path: [UInt8], in folder: String) -> [UInt8] {
    if path.first == slash { return path }
    if let home, path == [tilde] || path.starts(with: [tilde, slash]) { return home + path.dropFirst() }
    return Array(folder.utf8) + [slash] + path
  }

  /// What opening the path would open or make: links followed and dots taken out, as far as it is there.
  ///
  /// - Parameters:
  ///   - path: Absolute.
  ///   - followsLast: `false` if it is the link itself that is meant where the path's last name is one's.
  public static func resolved(_ path: [UInt8], followsLast: Bool = true) -> [UInt8] {
    // A longer one leads nowhere: the kernel refuses it.
    guard path.count < PATH_MAX else { return path }
    return follow(path, followsLast: followsLast || path.last == slash, links: linkLimit)
  }

  /// As many links as the kernel follows.
  private static let linkLimit = 40
  private static let slash = UInt8(ascii: "/")
  private static let tilde = UInt8(ascii: "~")

  private static func follow(_ path: [UInt8], followsLast: Bool = true, links: Int) -> [UInt8] {
    if followsLast, let real = real(path) { return real }
    var parts = path.split(separator: slash)
    guard let last = parts.popLast(), links > 0 else { return [slash] }
    // The folder's name may be a link's, and so may that of a file to be made: a link that leads nowhere yet.
    let folder = follow(joined(parts), links: links)
    switch String(decoding: last, as: UTF8.self) {
    case ".": return folder
    case "..": return joined(folder.split(separator: slash).dropLast())
    default:
      let inner = joined(folder.split(separator: slash) + [last])
      guard followsLast, let target = target(ofLink: inner) else { return inner }
      return follow(target.first == slash ? target : folder + [slash] + target, links: links - 1)
    }
  }

  private static func joined(_ parts: some Sequence<ArraySlice<UInt8>>) -> [UInt8] {
    let path = parts.reduce(into: []) { $0 += [slash] + $1 }
    return path.isEmpty ? [slash] : path
  }

  private static func real(_ path: [UInt8]) -> [UInt8]? {
    guard let real = withCString(path, { realpath($0, nil) }) else { return nil }
    defer { free(real) }
    return (0..<strlen(real)).map { UInt8(bitPattern: real[$0]) }
  }

  private static func target(ofLink path: [UInt8]) -> [UInt8]? {
    var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let length = target.withUnsafeMutableBytes { buffer in
      buffer.bindMemory(to: CChar.self).baseAddress.map { start in
        withCString(path) { readlink($0, start, buffer.count) }
      } ?? -1
    }
    return length > 0 ? Array(target[..<length]) : nil
  }

  private static func withCString<Result>(
    _ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Result
  ) -> Result {
    (path.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { preconditionFailure("an array with a zero has a start") }
      return body(start)
    }
  }
}
