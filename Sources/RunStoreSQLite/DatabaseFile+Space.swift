import GRDB

/// How large a database is, and how it gets smaller again.
///
/// Pages that were freed are used again, which keeps the file bounded by itself. What is far more than that
/// (somebody has set narrower bounds) goes back to the file system bit by bit: an incremental vacuum, which a
/// database has to be made for (`auto_vacuum`).
extension DatabaseFile {
  /// So many free pages are kept for new rows, and as many as a tenth of the file.
  private static let pagesToSpare = 2048
  /// So many are given back at a time: some have to be moved for that.
  private static let pagesAStep = 256

  static func bytesInUse(_ db: Database) throws -> Int {
    let (pages, free) = try counts(db)
    return try (pages - free) * pragma("page_size", db)
  }

  /// - Returns: true if there is more to give back.
  static func giveBackSpace(_ db: Database) throws -> Bool {
    let (pages, free) = try counts(db)
    let surplus = free - max(pagesToSpare, pages / 10)
    guard surplus > 0, try pragma("auto_vacuum", db) == 2 else { return false }
    try db.execute(sql: "PRAGMA incremental_vacuum(\(min(surplus, pagesAStep)))")
    return surplus > pagesAStep
  }

  private static func counts(_ db: Database) throws -> (pages: Int, free: Int) {
    try (pragma("page_count", db), pragma("freelist_count", db))
  }

  private static func pragma(_ name: String, _ db: Database) throws -> Int {
    try Int.fetchOne(db, sql: "PRAGMA \(name)") ?? 0
  }
}
