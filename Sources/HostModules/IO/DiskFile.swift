import CLinux
import Files
import Glibc
import Synchronization

/// What the system says of a call that failed, as Lua's functions give it: a message and a number.
struct SystemError: Error {
  let code: Int32
  /// The file, where the message begins with it.
  var path: String?

  var message: String {
    let reason = SystemFailure(code: code).description
    return path.map { "\($0): \(reason)" } ?? reason
  }
}

/// A file as `io.open` opens it, with a buffer for what is written.
///
/// All functions may block; the file is closed with the object, so that none is closed while it is read.
final class DiskFile: Sendable {
  /// When what is written goes to the system.
  enum Buffering: String {
    case full, line, no
  }

  private struct Pending {
    var bytes: [UInt8] = []
    var buffering = Buffering.full
  }

  /// How much gathers before it is written, in bytes.
  private static let bufferSize = 64 * 1024

  /// As the script gave it.
  let path: String
  private let descriptor: Int32
  private let isWritable: Bool
  private let pending = Mutex(Pending())

  /// - Parameter mode: One of Lua's, checked by `io.lua`: `r`, `w` or `a`, perhaps with a `+`.
  init(_ path: JobPath, mode: String) throws(SystemError) {
    self.path = path.given
    let isUpdate = mode.contains("+")
    isWritable = isUpdate || !mode.hasPrefix("r")
    let access = isUpdate ? O_RDWR : isWritable ? O_WRONLY : O_RDONLY
    let creation =
      switch mode.first {
      case "w": O_CREAT | O_TRUNC
      case "a": O_CREAT | O_APPEND
      default: Int32(0)
      }
    // Opening a named pipe would wait for its other end, and hold a thread as long.
    descriptor = path.withCString { open($0, access | creation | O_CLOEXEC | O_NONBLOCK, 0o666) }
    guard descriptor >= 0 else { throw SystemError(code: errno, path: path.given) }
    var status = stat()
    // It is closed by `deinit`, which follows on the error.
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFIFO else {
      throw SystemError(code: ENOTSUP, path: path.given)
    }
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
  }

  /// A new file for reading and writing that has no name.
  init(temporaryIn folder: String) throws(SystemError) {
    let name: [UInt8]
    (descriptor, name) = try Self.temporary(in: folder)
    path = folder
    isWritable = true
    unlink(String(decoding: name, as: UTF8.self))
  }

  /// Makes a file with a name that nothing has yet.
  static func temporary(in folder: String) throws(SystemError) -> (descriptor: Int32, name: [UInt8]) {
    var name = Array("\(folder)/lua_XXXXXX".utf8CString)
    let descriptor = clinux_temporary_file(&name)
    guard descriptor >= 0 else { throw SystemError(code: -descriptor, path: folder) }
    return (descriptor, name.dropLast().map(UInt8.init(bitPattern:)))
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// The next bytes, at most `limit`; empty at the end.
  func read(limit: Int) throws(SystemError) -> [UInt8] {
    try flush()
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      let result = retrying { Glibc.read(descriptor, buffer.baseAddress, limit) }
      count = max(0, result)
      if result < 0 { failure = errno }
    }
    guard failure == 0 else { throw SystemError(code: failure) }
    return bytes
  }

  /// Takes the bytes, if that needs no call of the system's; does not block.
  func gather(_ bytes: [UInt8]) -> Bool {
    pending.withLockIfAvailable { pending in
      guard isWritable, pending.buffering == .full, pending.bytes.count + bytes.count <= Self.bufferSize
      else {
        return false
      }
      pending.bytes += bytes
      return true
    } ?? false
  }

  /// Whether anything has gathered, or another call has the file just now.
  var mustFlush: Bool { pending.withLockIfAvailable { !$0.bytes.isEmpty } ?? true }

  /// Writes, from `unread` bytes before where reading has come to.
  func write(_ bytes: [UInt8], unread: Int) throws(SystemError) {
    guard isWritable else { throw SystemError(code: EBADF) }
    if unread > 0 { _ = try seek(-unread, from: SEEK_CUR) }
    try pending.withLock { (pending) throws(SystemError) in
      pending.bytes += bytes
      let isDue =
        switch pending.buffering {
        case .full: pending.bytes.count > Self.bufferSize
        case .line: bytes.contains(UInt8(ascii: "\n"))
        case .no: true
        }
      if isDue { try flush(&pending) }
    }
  }

  func flush() throws(SystemError) {
    try pending.withLock { (pending) throws(SystemError) in try flush(&pending) }
  }

  private func flush(_ pending: inout Pending) throws(SystemError) {
    let bytes = pending.bytes
    // What cannot be written is not kept: the next call would fail for the same reason.
    pending.bytes = []
    do throws(SystemFailure) {
      try FileBytes.write(bytes[...], to: descriptor)
    } catch {
      throw SystemError(code: error.code)
    }
  }

  /// Where the file stands then.
  func seek(_ offset: Int, from whence: Int32) throws(SystemError) -> Int {
    try flush()
    let position = lseek(descriptor, offset, whence)
    guard position >= 0 else { throw SystemError(code: errno) }
    return position
  }

  func buffer(_ buffering: Buffering) throws(SystemError) {
    try flush()
    pending.withLock { $0.buffering = buffering }
  }
}
