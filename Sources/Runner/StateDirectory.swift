import CLinux
import Files
import Glibc

/// The folder in which a runner keeps what must outlive it. One runner at a time holds it.
public struct StateDirectory: Sendable {
  /// Absolute.
  public let path: String

  public init(path: String) { self.path = absolutePath(path) }

  /// The daemon's control socket.
  public var socketPath: String { path + "/control.sock" }
  public var ledgerPath: String { path + "/ledger.sqlite" }
  public var logsPath: String { path + "/logs.sqlite" }
  /// Files of jobs' secrets, each named as the secret is.
  var secretsFolder: String { path + "/secrets" }
  /// What LuaRocks installed for jobs.
  public var rocksFolder: String { path + "/rocks" }
  var lockPath: String { path + "/lock" }
  /// The messages that wait to be sent.
  var notificationsFolder: String { path + "/notifications" }
  var evidenceFolder: String { path + "/hosts" }

  /// Makes the folder, readable by its owner only.
  public func create() throws(RunnerError) {
    try makeFolder(path)
    try makeFolder(evidenceFolder)
    try makeFolder(secretsFolder)
  }

  private func makeFolder(_ folder: String) throws(RunnerError) {
    do throws(SystemFailure) {
      try Folder.make(folder, mode: 0o700)
    } catch {
      throw RunnerError("cannot make the state directory \(folder): \(error); choose another with --state")
    }
    guard access(folder, R_OK | W_OK | X_OK) == 0 else {
      throw RunnerError(
        "cannot write in the state directory \(folder): \(SystemFailure()); choose another with --state")
    }
  }

  /// Takes the directory for this process, or says who has it.
  public func lock() throws(RunnerError) -> StateLock {
    let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw RunnerError("cannot open \(lockPath): \(SystemFailure())") }
    let answer = clinux_lock(descriptor)
    guard answer == 1 else {
      let holder = Self.read(descriptor)
      close(descriptor)
      guard answer == 0 else { throw RunnerError("cannot lock \(lockPath): \(SystemFailure(code: -answer))") }
      throw RunnerError(
        "another almanac (process \(holder ?? "?")) already holds the state directory \(path); "
          + "stop it (`almanac stop`), or choose another directory with --state")
    }
    ftruncate(descriptor, 0)
    let text = Array("\(getpid())\n".utf8)
    pwrite(descriptor, text, text.count, 0)
    return StateLock(descriptor: descriptor)
  }

  /// The process that holds the directory, if one does.
  public func holder() -> Int32? {
    let descriptor = open(lockPath, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // Asked with a lock of our own, which goes with the descriptor.
    guard clinux_lock(descriptor) == 0 else { return nil }
    return Self.read(descriptor).flatMap { Int32($0) }
  }

  /// Why nobody answers at the control socket.
  public func absence(hint: String) -> RunnerError {
    guard let holder = holder() else {
      return RunnerError("no daemon holds the state directory \(path); \(hint)")
    }
    return RunnerError(
      "almanac (process \(holder)) holds the state directory \(path), but does not listen at \(socketPath): "
        + "it is starting or stopping, it is a single `almanac run`, or the socket was removed; "
        + "`kill \(holder)` stops it")
  }

  private static func read(_ descriptor: Int32) -> String? {
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    guard count > 0 else { return nil }
    return String(decoding: bytes[..<count].prefix { $0 != 10 }, as: UTF8.self)
  }
}

/// The lock on a state directory; it goes when this does, or the process.
public final class StateLock: Sendable {
  private let descriptor: Int32

  init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }
}

/// `path` from the root on, seen from the working directory.
public func absolutePath(_ path: String) -> String {
  var parts: [Substring] = []
  var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
  let base = path.hasPrefix("/") ? "" : (getcwd(&buffer, buffer.count).map { String(cString: $0) } ?? "")
  for part in (base + "/" + path).split(separator: "/") where part != "." {
    if part == ".." { _ = parts.popLast() } else { parts.append(part) }
  }
  return "/" + parts.joined(separator: "/")
}
