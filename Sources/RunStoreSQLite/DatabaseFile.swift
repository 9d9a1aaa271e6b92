import GRDB
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
    applicationID: 0x416c_6d4c, title: "ledger", migrations: [LedgerMigration1.self, LedgerMigration2.self],
    isDurable: true)
  /// "AlmO": of log lines, the last may be lost in one.
  static let logs = DatabaseFile(
    applicationID: 0x416c_6d4f, title: "logs", migrations: [LogsMigration1.self], isDurable: false)

  /// Opens the database, and makes it or brings it up to date where needed.
  ///
  /// A file of another program, of a newer version, or damaged, is left as it is.
  func open(_ path: String) throws -> DatabasePool {
    try translate(path) {
      var configuration = Configuration()
      configuration.busyMode = .timeout(10)
      configuration.label = "almanac.\(title)"
      configuration.maximumReaderCount = 4
      // Before anything is written: journal mode and migrations come only to a file that is ours.
      let probe = try DatabaseQueue(path: path, configuration: configuration)
      let version = try probe.read { try check($0, path, mayBeNew: true) }
      try probe.close()
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
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(10)
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      let version = try queue.read { try check($0, path, mayBeNew: false) }
      guard version == migrations.count else {
        throw StoreError(
          .refused, "\(path): the \(title) is of an older version; start `almanac serve` once to update it")
      }
      return queue
    }
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
      }
    }
  }

  /// Says what SQLite's errors mean for who runs the daemon.
  private func translate<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as DatabaseError {
      switch error.resultCode.primaryResultCode {
      case .SQLITE_NOTADB, .SQLITE_CORRUPT:
        throw StoreError(
          .refused,
          "\(path): the \(title) is damaged, or no database (\(error.message ?? "unreadable")); it is left as it is"
        )
      default: throw StoreError(.fault, "\(path): \(error.message ?? "\(error)")")
      }
    }
  }
}
