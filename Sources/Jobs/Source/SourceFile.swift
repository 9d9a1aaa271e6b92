import CLinux
import Files
import Glibc

/// Why a file or folder cannot be read.
package struct FileTrouble: Error, Equatable {
  /// An `errno`.
  struct Code: Error, Equatable {
    let number: Int32
    init(_ number: Int32) { self.number = number }
  }

  /// There is nothing of that name (any more).
  package var isGone = false
  /// Somebody is writing it.
  var isBusy = false
  package let message: String

  init(_ message: String, isGone: Bool = false) {
    self.message = message
    self.isGone = isGone
  }

  /// What the operating system said.
  init(code: Int32, doing what: String) {
    let reason =
      switch code {
      case EACCES, EPERM: "permission denied; the daemon's user needs to read it"
      case ELOOP: "its symbolic links lead round in a circle"
      case ENAMETOOLONG: "its path is too long"
      default: "\(SystemFailure(code: code))"
      }
    message = "cannot be \(what): \(reason)"
    isGone = code == ENOENT || code == ENOTDIR
  }
}

/// Reading a job file without trusting it to be one.
///
/// A job's file is code that runs with the daemon's rights, so one that everyone may write to is refused, as cron and
/// ssh refuse theirs; but not on file systems that keep no permissions, where every file looks so.
package enum SourceFile {
  /// No script that a person wrote is larger, and what a host is sent has its limits.
  static let maximumBytes = 4 << 20

  enum Presence {
    case there, absent
    /// A folder on the way cannot be looked into.
    case unknown
  }

  /// Whether something of that name is there that is not a folder. Links are followed; one that
  /// leads nowhere is there, so that reading it can say so.
  static func presence(_ path: String) -> Presence {
    var status = stat()
    if stat(path, &status) == 0 { return status.st_mode & S_IFMT == S_IFDIR ? .absent : .there }
    if lstat(path, &status) == 0 { return .there }
    return errno == EACCES ? .unknown : .absent
  }

  /// How a file is read.
  struct Care: OptionSet {
    let rawValue: Int
    /// Refuse one that everyone may write to: what is in it will be run.
    static let ofCode = Care(rawValue: 1)
    /// Refuse one that somebody is writing, as far as the kernel tells.
    static let ofWriters = Care(rawValue: 2)
  }

  /// The file's bytes. It never waits: a FIFO or a device is refused before it is opened.
  package static func read(_ path: String) throws(FileTrouble) -> [UInt8] { try read(path, care: []) }

  static func read(_ path: String, care: Care) throws(FileTrouble) -> [UInt8] {
    var status = stat()
    guard stat(path, &status) == 0 else { throw explain(errno, path) }
    try check(status)
    // Non-blocking for what may have taken the file's place since.
    let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
    guard file >= 0 else { throw explain(errno, path) }
    defer { close(file) }
    guard fstat(file, &status) == 0 else { throw FileTrouble(code: errno, doing: "read") }
    try check(status)
    if care.contains(.ofCode), status.st_mode & S_IWOTH != 0, FileSystem(of: file).keepsPermissions {
      throw writableByAll
    }
    guard care.contains(.ofWriters) else { return try readAll(file) }
    let wasRecent = isRecent(status)
    if wasRecent, isBeingWritten(file) { throw busy }
    let bytes = try readAll(file)
    var after = stat()
    guard fstat(file, &after) == 0 else { throw FileTrouble(code: errno, doing: "read") }
    // Written and closed while it was read, or about to be.
    let hasChanged = after.st_size != status.st_size || after.modifiedAt != status.modifiedAt
    if hasChanged || wasRecent && isBeingWritten(file) { throw busy }
    return bytes
  }

  /// How long ago a file has to have been changed last, in seconds, for nobody to be at it: whoever keeps a file open
  /// for longer without writing is not saving it.
  static let writerPatience = 2

  private static func isRecent(_ status: stat) -> Bool {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return (now.tv_sec - writerPatience...now.tv_sec + writerPatience).contains(status.st_mtim.tv_sec)
  }

  private static func isBeingWritten(_ file: Int32) -> Bool {
    FileSystem(of: file).tellsOfWriters && clinux_open_for_writing(file) == 1
  }

  private static let busy = {
    var trouble = FileTrouble("is being written")
    trouble.isBusy = true
    return trouble
  }()

  private static let writableByAll = FileTrouble(
    "may be written by everyone on this machine, and would be run as the daemon's user; take that back: chmod o-w"
  )

  private static func check(_ status: stat) throws(FileTrouble) {
    let kind: String
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      guard status.st_size <= maximumBytes else { throw tooLarge }
      return
    case S_IFDIR: kind = "a folder"
    case S_IFIFO: kind = "a FIFO"
    case S_IFSOCK: kind = "a socket"
    default: kind = "a device"
    }
    throw FileTrouble("is \(kind), not a file")
  }

  private static let tooLarge = FileTrouble("is larger than \(maximumBytes >> 20) MB; no job file may be")

  private static func explain(_ code: Int32, _ path: String) -> FileTrouble {
    var status = stat()
    guard code == ENOENT, lstat(path, &status) == 0 else { return FileTrouble(code: code, doing: "read") }
    return FileTrouble("is a symbolic link to \(linkTarget(path) ?? "a file"), which is not there")
  }

  /// What the link at `path` says, quoted.
  private static func linkTarget(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let length = buffer.withUnsafeMutableBytes { buffer in
      buffer.bindMemory(to: CChar.self).baseAddress.map { readlink(path, $0, buffer.count) } ?? -1
    }
    guard length > 0 else { return nil }
    return "\"" + NameRules.displayed(Array(buffer[..<length])) + "\""
  }

  private static func readAll(_ file: Int32) throws(FileTrouble) -> [UInt8] {
    let bytes: [UInt8]
    do throws(SystemFailure) {
      bytes = try FileBytes.rest(of: file, limit: maximumBytes + 1)
    } catch {
      throw FileTrouble(code: error.code, doing: "read")
    }
    guard bytes.count <= maximumBytes else { throw tooLarge }
    return bytes
  }
}

extension stat {
  /// When the content was changed last, nanoseconds since the epoch.
  fileprivate var modifiedAt: Int { st_mtim.tv_sec &* 1_000_000_000 &+ st_mtim.tv_nsec }
}
