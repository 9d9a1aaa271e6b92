import CLinux
import Files
import Glibc

/// Both ends of a pipe.
struct Pipe {
  let reading: Int32
  let writing: Int32

  init() throws(Trouble) {
    var ends: [Int32] = [-1, -1]
    let made = clinux_pipe(&ends)
    guard made == 0 else { throw Trouble("cannot make a pipe: \(SystemFailure(code: -made).reason)") }
    reading = ends[0]
    writing = ends[1]
  }
}

/// The end of a pipe that comes from a child, read as it fills.
///
/// Belongs to the loop's thread.
final class PipeReader {
  private let descriptor: Int32
  private var watch: PollLoop.Watch?
  private let onBytes: (UnsafeRawBufferPointer) -> Void
  private let onEnd: () -> Void

  /// - Parameters:
  ///   - descriptor: Is closed with the reader.
  ///   - onEnd: Nothing will come any more.
  init(
    _ descriptor: Int32, on loop: PollLoop, onEnd: @escaping () -> Void = {},
    onBytes: @escaping (UnsafeRawBufferPointer) -> Void
  ) {
    self.descriptor = descriptor
    self.onBytes = onBytes
    self.onEnd = onEnd
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    let watch = loop.watch(descriptor, forWriting: false) { [self] in _ = readOnce() }
    watch.turn(on: true)
    self.watch = watch
  }

  /// Lets the child wait, or go on.
  func pause(_ pauses: Bool) { watch?.turn(on: !pauses) }

  /// Reads what is there; false when there is nothing, or nothing will come any more.
  private func readOnce() -> Bool {
    guard watch != nil else { return false }
    let size = 64 * 1024
    let count = withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { chunk in
      let count = read(descriptor, chunk.baseAddress, size)
      if count > 0 { onBytes(UnsafeRawBufferPointer(rebasing: chunk[..<count])) }
      return count
    }
    if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { close() }
    return count > 0
  }

  /// Reads what is there, and closes. Who else has the other end, and goes on writing, is not waited for.
  func drain() {
    // A pipe holds a megabyte at most.
    var pieces = 16
    while pieces > 0, readOnce() { pieces -= 1 }
    close()
  }

  func close() {
    guard let watch else { return }
    self.watch = nil
    watch.cancel()
    Glibc.close(descriptor)
    onEnd()
  }
}

/// The end of a pipe that goes to a child, written as it empties.
///
/// Belongs to the loop's thread.
final class PipeWriter {
  private let descriptor: Int32
  private var watch: PollLoop.Watch?
  private var rest: ArraySlice<UInt8> = []
  private var isFinished = false
  /// Is called when something has been written, or the pipe is closed.
  var onProgress: (() -> Void)?

  /// - Parameter descriptor: Is closed with the writer.
  init(_ descriptor: Int32, on loop: PollLoop) {
    self.descriptor = descriptor
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    watch = loop.watch(descriptor, forWriting: true) { [self] in writeOnce() }
  }

  /// Whether it was finished, or nobody reads it any more.
  var isClosed: Bool { watch == nil }

  /// How many bytes have not been written yet.
  var backlog: Int { rest.count }

  /// Has the bytes written, unless nobody reads them.
  func append(_ bytes: [UInt8]) {
    guard !isClosed, !isFinished else { return }
    rest += bytes
    watch?.turn(on: !rest.isEmpty)
  }

  /// Closes as soon as all is written.
  func finish() {
    isFinished = true
    if rest.isEmpty { close() }
  }

  func close() {
    guard let watch else { return }
    self.watch = nil
    watch.cancel()
    Glibc.close(descriptor)
    rest = []
    let progress = onProgress
    onProgress = nil
    progress?()
  }

  private func writeOnce() {
    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count < 0 && errno != EAGAIN && errno != EINTR { return close() }
    rest = rest.dropFirst(max(0, count))
    if rest.isEmpty {
      rest = []
      watch?.turn(on: false)
      if isFinished { return close() }
    }
    onProgress?()
  }
}
