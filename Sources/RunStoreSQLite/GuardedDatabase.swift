import Files
import GRDB
import Glibc
import KillPoints
import RunStore
import Synchronization

/// A database that is open for writing, and whose file has to stay where it is.
///
/// SQLite goes on writing to a file that was removed or replaced, and all of it would be lost with the process.
/// So every write looks first, and ``verify()`` writes a file that was removed again from what is still open.
final class GuardedDatabase: Sendable {
  private struct Identity: Equatable {
    var device: dev_t
    var inode: ino_t

    /// `nil` where there is no such file.
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = status.st_dev
      inode = status.st_ino
    }
  }

  private struct Open: Sendable {
    var pool: DatabasePool
    var identity: Identity?
  }

  private let file: DatabaseFile
  private let path: String
  private let open: Mutex<Open>

  init(_ file: DatabaseFile, at path: String) throws {
    self.file = file
    self.path = path
    let pool = try file.open(path)
    open = Mutex(Open(pool: pool, identity: Identity(path)))
  }

  var pool: DatabasePool { open.withLock { $0.pool } }

  func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
    let (pool, identity) = open.withLock { ($0.pool, $0.identity) }
    guard Identity(path) == identity else { throw moved() }
    return try pool.write(body)
  }

  /// Throws what keeps the file from being found by the next start. One that was removed is there again afterwards.
  func verify() throws {
    let (pool, identity) = open.withLock { ($0.pool, $0.identity) }
    let found = Identity(path)
    guard found != identity else { return }
    guard found == nil else { throw moved() }
    do {
      try restore(from: pool)
    } catch {
      throw StoreError(.fault, "\(path) was removed while in use, and cannot be written again: \(error)")
    }
    throw StoreError(
      .fault, "\(path) was removed while in use; it was written again from what was still open")
  }

  /// Takes the write-ahead log into the file, and closes it.
  func close() throws {
    let pool = pool
    // Asked for: the pool's writer is closed before its readers, so that none of them is the last that could.
    try pool.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
    KillPoint.checkpointed.pass()
    try pool.close()
  }

  private func moved() -> StoreError {
    let what = Identity(path) == nil ? "removed" : "replaced by another file"
    let remedy =
      what == "removed" ? "it is written again" : "put back the one that was there, or restart almanac"
    return StoreError(.fault, "\(path) was \(what) while in use; \(remedy)")
  }

  private func restore(from old: DatabasePool) throws {
    let copy = path + ".restored"
    unlink(copy)
    // As every file of ours it is its owner's only; an empty one is taken as it is.
    let made = Glibc.open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard made >= 0 else { throw failure(copy) }
    Glibc.close(made)
    try old.writeWithoutTransaction { db in try db.execute(sql: "VACUUM INTO ?", arguments: [copy]) }
    try sync(copy)
    // They belong to what was removed; beside the copy they would be taken for its own.
    unlink(path + "-wal")
    unlink(path + "-shm")
    // Unlike a rename it never takes the place of a file that has come meanwhile.
    guard link(copy, path) == 0 else { throw failure(path) }
    KillPoint.ledgerLinked.pass()
    unlink(copy)
    try sync(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
    let pool = try file.open(path)
    open.withLock { $0 = Open(pool: pool, identity: Identity(path)) }
  }

  private func sync(_ path: String) throws {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path) }
    defer { Glibc.close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(path) }
  }

  private func failure(_ path: String) -> StoreError {
    StoreError(.fault, "\(path): \(SystemFailure())")
  }
}
