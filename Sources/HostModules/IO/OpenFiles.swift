import LuaHost
import Synchronization
import Values

/// What one Lua state has open by `io`, and what it has written to `io.stdout` and `io.stderr`.
///
/// Files last as long as the state, as the globals do that hold them; what was written reaches the disk by the
/// end of the run.
final class OpenFiles: StateResource {
  enum File: Sendable {
    case disk(DiskFile)
    case process(ProcessStream)
  }

  private struct Contents {
    var files: [Int64: File] = [:]
    var lastID: Int64 = 0
    var output = LineCutter()
    var errors = LineCutter()
  }

  /// How many a state may have open: its host has room for those of a hundred states.
  private static let limit = 500

  private let contents = Mutex(Contents())

  /// The file behind a number that a script's handle has; `nil` when it is closed.
  subscript(id: Int64) -> File? { contents.withLock { $0.files[id] } }

  /// Whether there is room for another one.
  var hasRoom: Bool { contents.withLock { $0.files.count < Self.limit } }

  func add(_ file: File) -> Int64 {
    contents.withLock { contents in
      contents.lastID += 1
      contents.files[contents.lastID] = file
      return contents.lastID
    }
  }

  func remove(_ id: Int64) -> File? { contents.withLock { $0.files.removeValue(forKey: id) } }

  /// Takes what a script writes to its standard output or error; logs the lines that are complete.
  func log(_ text: [UInt8], isError: Bool, for call: HostCall) {
    contents.withLock { contents in
      if isError {
        contents.errors.append(text) { call.log(.warn, $0) }
      } else {
        contents.output.append(text) { call.log(.info, $0) }
      }
    }
  }

  func settle(_ ending: Ending, done: @escaping @Sendable () -> Void) {
    let (files, output, errors) = contents.withLock {
      (Array($0.files.values), $0.output.takeRest(), $0.errors.takeRest())
    }
    if let output { ending.log(.info, output) }
    if let errors { ending.log(.warn, errors) }
    let unwritten = files.compactMap(\.disk).filter(\.mustFlush)
    guard !unwritten.isEmpty else { return done() }
    BlockingWork.begin {
      for file in unwritten {
        do throws(SystemError) { try file.flush() } catch {
          ending.log(.error, "\(file.path) is not complete: \(error.message)")
        }
      }
      done()
    }
  }

  func released(_ handle: Int64) {
    if let file = remove(handle) { Self.close(file) }
  }

  func close() {
    let files = contents.withLock { contents in
      defer { contents.files = [:] }
      return Array(contents.files.values)
    }
    for file in files { Self.close(file) }
  }

  /// Closes without anybody who waits for it.
  private static func close(_ file: File) {
    switch file {
    case .disk(let file): BlockingWork.begin { try? file.flush() }
    case .process(let stream): stream.abandon()
    }
  }
}

extension OpenFiles.File {
  fileprivate var disk: DiskFile? {
    if case .disk(let file) = self { file } else { nil }
  }
}
