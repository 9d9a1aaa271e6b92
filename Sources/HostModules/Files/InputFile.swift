import Files
import Glibc

/// Bytes that come piece by piece.
protocol ByteSource: AnyObject {
  /// The next bytes, at most ``InputFile/pieceSize``; `nil` at the end.
  func next() throws(Trouble) -> ArraySlice<UInt8>?
}

/// A file that is read from its beginning to its end. Use it from one thread at a time.
final class InputFile: ByteSource {
  static let pieceSize = 256 * 1024

  let path: JobPath
  let status: stat
  private let descriptor: Int32
  private let action: String
  private var piece = [UInt8](repeating: 0, count: pieceSize)

  /// - Parameter action: What messages call it: "cannot `copy` a.txt: ...".
  /// - Throws: Also where the path is no file.
  init(_ path: JobPath, for action: String, hint: String = "") throws(Trouble) {
    self.path = path
    self.action = action
    // Without O_NONBLOCK, opening a named pipe would wait for somebody to write to it.
    descriptor = retrying { path.withCString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) } }
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
      let code = errno
      if descriptor >= 0 { close(descriptor) }
      throw .system(action, path, code: code)
    }
    self.status = status
    // From here on all is in place, so that deinit closes the descriptor.
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Trouble(
        "cannot \(action) \(path.given): it is \(FileSystem.isFolder(status) ? "a folder\(hint)" : "not a file")"
      )
    }
  }

  deinit { close(descriptor) }

  func next() throws(Trouble) -> ArraySlice<UInt8>? {
    let count = retrying { read(descriptor, &piece, piece.count) }
    guard count >= 0 else { throw .system(action, path) }
    return count == 0 ? nil : piece[..<count]
  }
}
