import GRDB
import Glibc
import KillPoints
import RunStore

/// What a database of ours is, and how it is opened: never one that is not ours.
struct DatabaseFile: Sendable {
  /// `PRAGMA application_id`, which marks the file as this program's.
  let applicationID: Int32
  /// What the file is called in messages.
  let title: String
  /// All steps, in order; `PRAGMA user_version` counts those that were taken.
  let migrations: [any Migration.Type]
  /// Whether a commit waits until it is on the disk.
  let isDurable: Bool

  /// "AlmL": run rows must survive a power cut.
  static let ledger = DatabaseFile(
    applicationID: 0x416c_6d4c, title: "ledger",
    migrations: [LedgerMigration1.self, LedgerMigration2.self, LedgerMigration3.self],
    isDurable: true)
  /// "AlmO": of log lines, the last may be lost in one.
  static let logs = DatabaseFile(
    applicationID: 0x416c_6d4f, title: "logs", migrations: [LogsMigration1.self, LogsMigration2.self],
    isDurable: false)

  /// Opens the database, and makes it or brings it up to date where needed.
  ///
  /// A file of another program, of a newer version, or damaged, is left as it is.
  func open(_ path: String) throws -> DatabasePool {
    try translate(path) {
      var configuration = Self.configuration
      configuration.label = "almanac.\(title)"
      configuration.maximumReaderCount = 4
      // Before anything is written: journal mode and migrations come only to a file that is ours.
      let version = try probe(path)
      if version == 0 {
        // It has to be set before the first page is written.
        configuration.prepareDatabase { db in
          if !db.configuration.readonly { try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
        }
      }
      let pool = try DatabasePool(path: path, configuration: configuration)
      try pool.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA synchronous = \(isDurable ? "FULL" : "NORMAL")")
        // The file is let grow and kept, so that a checkpoint costs no new blocks.
        try db.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
      }
      try migrate(pool, from: version)
      return pool
    }
  }

  /// Opens the database to read from it only.
  func openReadOnly(_ path: String) throws -> DatabaseQueue {
    try translate(path) {
      let queue = try DatabaseQueue(path: path, configuration: Self.readOnly)
      let version = try queue.read { try check($0, path, mayBeNew: false) }
      guard version == migrations.count else {
        throw StoreError(
          .refused, "\(path): the \(title) is of an older version; start `almanac serve` once to update it")
      }
      return queue
    }
  }

  private static var configuration: Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    return configuration
  }

  private static var readOnly: Configuration {
    var configuration = configuration
    configuration.readonly = true
    return configuration
  }

  /// Looks at what is there, and changes nothing: a connection that may write would move the write-ahead log
  /// of a newer version, or of a damaged file, into it when it is closed.
  private func probe(_ path: String) throws -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else { return 0 }
    let probe = try DatabaseQueue(path: path, configuration: Self.readOnly)
    defer { try? probe.close() }
    return try probe.read { db in
      let version = try check(db, path, mayBeNew: true)
      // What is shorter than a page is an empty database to SQLite.
      if status.st_size > 0, try Int.fetchOne(db, sql: "PRAGMA page_count") == 0 {
        throw damaged(path, "it is cut off")
      }
      try checkPages(db, path)
      return version
    }
  }

  /// Larger ones are trusted: the daemon is to start at once.
  private static let largestToCheck = 256 << 20

  private func checkPages(_ db: Database, _ path: String) throws {
    guard try Self.bytesInUse(db) <= Self.largestToCheck else { return }
    let answer = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "ok"
    guard answer == "ok" else { throw damaged(path, answer) }
  }

  private func damaged(_ path: String, _ how: String) -> StoreError {
    StoreError(
      .refused,
      "\(path): the \(title) is damaged, or no database (\(how)); it is left as it is. Move it away to start "
        + "with an empty one, or put a copy in its place")
  }

  /// Returns how many migrations the file has seen; throws if it is not one of ours.
  private func check(_ db: Database, _ path: String, mayBeNew: Bool) throws -> Int {
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
    if mayBeNew, tables == 0, application == 0, version == 0 { return 0 }
    guard application == applicationID else {
      throw StoreError(
        .refused,
        "\(path): this is not Almanac's \(title); it is left alone. Move it away, or choose another --state")
    }
    guard version <= migrations.count else {
      throw StoreError(
        .refused,
        "\(path): the \(title) was written by a newer Almanac (format \(version), this one knows \(migrations.count))"
      )
    }
    return version
  }

  /// Takes the steps that are missing, each in a transaction of its own.
  private func migrate(_ pool: DatabasePool, from version: Int) throws {
    for (index, migration) in migrations.enumerated().dropFirst(version) {
      try pool.write { db in
        try db.execute(sql: migration.sql)
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        try db.execute(sql: "PRAGMA user_version = \(index + 1)")
        KillPoint.inMigration.pass()
      }
      KillPoint.migrated.pass()
    }
  }

  /// Says what SQLite's errors mean for who runs the daemon.
  private func translate<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as DatabaseError {
      switch error.resultCode.primaryResultCode {
      case .SQLITE_NOTADB, .SQLITE_CORRUPT:
        throw damaged(path, error.message ?? "unreadable")
      default: throw StoreError(.fault, "\(path): \(error.message ?? "\(error)")")
      }
    }
  }
}
