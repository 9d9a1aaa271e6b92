import Files
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
    try text(of: 0, named: "standard input")
  }

  /// The text of a file: UTF-8, with or without a byte order mark; else each byte as a letter of ISO 8859-1.
  static func text(at path: String) throws(Failure) -> String {
    switch kind(of: path) {
    case .file: break
    case .folder: throw Failure(description: "\(path): this is a folder, not a file")
    case .other: throw Failure(description: "\(path): this is no regular file")
    case nil: throw Failure(description: "\(path): \(SystemFailure().reason)")
    }
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw Failure(description: "\(path): \(SystemFailure().reason)") }
    defer { close(file) }
    return try text(of: file, named: path)
  }

  private static func text(of file: Int32, named name: String) throws(Failure) -> String {
    let bytes: [UInt8]
    do throws(SystemFailure) {
      bytes = try FileBytes.rest(of: file, limit: largest + 1)
    } catch {
      throw Failure(description: "\(name): \(error.reason)")
    }
    guard bytes.count <= largest else {
      throw Failure(description: "\(name): is larger than \(largest >> 20) MB")
    }
    return text(of: bytes)
  }

  static func text(of bytes: [UInt8]) -> String {
    let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }

  /// The names in a folder, sorted, but for hidden ones.
  static func names(in folder: String) throws(Failure) -> [String] {
    do throws(SystemFailure) {
      return try Folder.names(in: folder).filter { !$0.hasPrefix(".") }
    } catch {
      throw Failure(description: "\(folder): the folder cannot be read: \(error.reason)")
    }
  }
}
