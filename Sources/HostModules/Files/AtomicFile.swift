import Files
import Glibc
import Synchronization

/// A file that takes its name whole or not at all.
///
/// It is written beside its destination under a hidden name, and renamed over it at the end, after
/// its bytes have reached the disk. A destination that exists keeps its mode and, where that is
/// allowed, its owner; one that is a symbolic link stays one,
/// also where that leads to nothing yet. Use it from one thread at a time.
final class AtomicFile: Sendable {
  private let destination: JobPath
  private let temporary: JobPath
  private let cancellation: Cancellation
  let descriptor: Int32
  private let isOpen = Mutex(true)

  /// - Parameter cancellation: Of the run that writes it: a file that is not complete by then does not take its name.
  init(replacing path: JobPath, _ cancellation: Cancellation = Cancellation()) throws(Trouble) {
    self.cancellation = cancellation
    destination = path.target
    var old = stat()
    let exists = path.withCString { stat($0, &old) } == 0
    if !exists, errno == ELOOP { throw .system("write", path) }
    if exists, old.st_mode & S_IFMT == S_IFDIR { throw .system("write", path, code: EISDIR) }
    guard !exists || old.st_mode & S_IFMT == S_IFREG else {
      throw Trouble("cannot write \(path.given): it is not a file")
    }
    if exists, destination.withCString({ access($0, W_OK) }) != 0 { throw .system("write", path) }
    let suffix = String(UInt64.random(in: .min ... .max), radix: 16)
    let temporary = destination.parent.appending(Array(".almanac-\(suffix).tmp".utf8))
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
    descriptor = retrying { temporary.withCString { open($0, flags, 0o666) } }
    self.temporary = temporary
    guard descriptor >= 0 else {
      let code = errno
      isOpen.withLock { $0 = false }
      throw .creation(path, code: code)
    }
    if exists {
      _ = fchown(descriptor, old.st_uid, old.st_gid)
      _ = fchmod(descriptor, old.st_mode & 0o7777)
    }
  }

  deinit { abandon() }

  /// What the file is while it is being made.
  var status: stat? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? status : nil
  }

  /// Appends these bytes.
  func write(_ bytes: [UInt8]) throws(Trouble) { try write(bytes[...]) }

  func write(_ bytes: ArraySlice<UInt8>) throws(Trouble) {
    do throws(SystemFailure) {
      try FileBytes.write(bytes, to: descriptor)
    } catch {
      throw .system("write", destination, code: error.code)
    }
  }

  /// Puts the file under its name. What was there before is gone only now.
  ///
  /// - Parameters:
  ///   - mode: The permissions to give it instead of those it has.
  ///   - modified: The time to give it instead of now.
  func commit(mode: mode_t? = nil, modified: timespec? = nil) throws(Trouble) {
    if let mode { _ = fchmod(descriptor, mode) }
    if let modified { _ = futimens(descriptor, [modified, modified]) }
    guard retrying({ fsync(descriptor) }) == 0 else { throw .system("write", destination) }
    // The disk may have taken its time.
    try cancellation.check()
    let renamed = temporary.withCString { from in destination.withCString { rename(from, $0) } }
    guard renamed == 0 else { throw .system("write", destination) }
    close()
    destination.parent.withCString { Folder.settle($0) }
  }

  /// Removes what was written so far; after ``commit()`` it does nothing.
  func abandon() {
    guard close() else { return }
    _ = temporary.withCString { unlink($0) }
  }

  @discardableResult private func close() -> Bool {
    isOpen.withLock { isOpen in
      guard isOpen else { return false }
      isOpen = false
      _ = Glibc.close(descriptor)
      return true
    }
  }
}
