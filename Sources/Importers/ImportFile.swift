import FoundationEssentials
import Glibc

/// What is read from disk to be imported.
enum ImportFile {
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  enum Kind {
    case file, folder, other
  }

  /// More than that is no configuration.
  private static let largest = 16 << 20

  /// What is at a path, links followed; nil where nothing is.
  static func kind(of path: String) -> Kind? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    default: return .other
    }
  }

  /// What standard input gives, up to its end.
  static func standardInput() throws(Failure) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(0, &buffer, buffer.count)
      if count == 0 { return text(of: bytes) }
      guard count > 0 || errno == EINTR else {
        throw Failure(description: "standard input: \(reason(errno))")
      }
      bytes += buffer.prefix(max(0, count))
      guard bytes.count <= largest else { throw tooLarge("standard input") }
    }
  }

  private static func tooLarge(_ name: String) -> Failure {
    Failure(description: "\(name): is larger than \(largest >> 20) MB")
  }

  /// The text of a file: UTF-8, with or without a byte order mark; else each byte as a letter of ISO 8859-1.
  static func text(at path: String) throws(Failure) -> String {
    switch kind(of: path) {
    case .file: break
    case .folder: throw Failure(description: "\(path): this is a folder, not a file")
    case .other: throw Failure(description: "\(path): this is no regular file")
    case nil: throw Failure(description: "\(path): \(reason(errno))")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(description: "\(path): \(reason(errno))")
    }
    guard data.count <= largest else { throw tooLarge(path) }
    return text(of: Array(data))
  }

  static func text(of bytes: [UInt8]) -> String {
    let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }

  /// The names in a folder, sorted, but for hidden ones.
  static func names(in folder: String) throws(Failure) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }
        .sorted()
    } catch {
      throw Failure(description: "\(folder): the folder cannot be read")
    }
  }

  private static func reason(_ code: Int32) -> String {
    String(cString: strerror(code)).lowercased()
  }
}
