import CLinux
import Dispatch
import Glibc

/// The end of a pipe that comes from a child, read as it fills.
///
/// Belongs to the queue that it is given.
final class PipeReader: @unchecked Sendable {
  private let descriptor: Int32
  private let source: any DispatchSourceRead
  private let onBytes: (UnsafeRawBufferPointer) -> Void
  private var isClosed = false

  /// - Parameter descriptor: Is closed with the reader.
  init(_ descriptor: Int32, on queue: DispatchQueue, onBytes: @escaping (UnsafeRawBufferPointer) -> Void) {
    self.descriptor = descriptor
    self.onBytes = onBytes
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
    source.setCancelHandler { Glibc.close(descriptor) }
    source.setEventHandler { [self] in _ = readOnce() }
    source.activate()
  }

  /// Reads what is there; false when there is nothing, or nothing will come any more.
  private func readOnce() -> Bool {
    guard !isClosed else { return false }
    let size = 64 * 1024
    let count = withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { chunk in
      let count = read(descriptor, chunk.baseAddress, size)
      if count > 0 { onBytes(UnsafeRawBufferPointer(rebasing: chunk[..<count])) }
      return count
    }
    if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { finish() }
    return count > 0
  }

  /// Reads what is there, and closes. Who else has the other end, and goes on writing, is not waited for.
  func close() {
    // A pipe holds a megabyte at most.
    var pieces = 16
    while pieces > 0, readOnce() { pieces -= 1 }
    finish()
  }

  private func finish() {
    guard !isClosed else { return }
    isClosed = true
    source.cancel()
  }
}

/// The end of a pipe that goes to a child, written as it empties.
///
/// Belongs to the queue that it is given.
final class PipeWriter: @unchecked Sendable {
  private let descriptor: Int32
  private let source: any DispatchSourceWrite
  private var rest: ArraySlice<UInt8>
  private var isClosed = false

  /// Writes all bytes, as far as anybody reads them, and closes.
  init(_ descriptor: Int32, _ bytes: [UInt8], on queue: DispatchQueue) {
    self.descriptor = descriptor
    rest = bytes[...]
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    source = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: queue)
    source.setCancelHandler { Glibc.close(descriptor) }
    source.setEventHandler { [self] in writeOnce() }
    source.activate()
  }

  private func writeOnce() {
    guard !isClosed else { return }
    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count > 0 { rest = rest.dropFirst(count) }
    if rest.isEmpty || (count < 0 && errno != EAGAIN && errno != EINTR) { close() }
  }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    source.cancel()
  }
}

/// Both ends of a pipe.
struct Pipe {
  let reading: Int32
  let writing: Int32

  init() throws(Trouble) {
    var ends: [Int32] = [-1, -1]
    let made = clinux_pipe(&ends)
    guard made == 0 else { throw Trouble("cannot make a pipe: \(Trouble.reason(-made))") }
    reading = ends[0]
    writing = ends[1]
  }
}
