import GRDB
import GRDBSQLite

/// A cached statement whose parameters are bound straight into SQLite.
///
/// GRDB's own binding makes a value of each argument, which costs more than inserting the row.
struct BoundStatement {
  private let statement: Statement
  private let handle: OpaquePointer
  private let connection: OpaquePointer?

  init(_ db: Database, _ sql: String) throws {
    statement = try db.cachedStatement(sql: sql)
    handle = statement.sqliteStatement
    connection = db.sqliteConnection
  }

  func bind(_ index: Int32, _ value: Int64?) {
    if let value { sqlite3_bind_int64(handle, index, value) } else { sqlite3_bind_null(handle, index) }
  }

  func bind(_ index: Int32, _ text: String?) {
    guard var text else {
      sqlite3_bind_null(handle, index)
      return
    }
    // SQLITE_TRANSIENT: SQLite copies the bytes before the call returns.
    let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        // Text of no length has no address, and would be bound as NULL.
        guard let start = characters.baseAddress, !characters.isEmpty else {
          sqlite3_bind_text(handle, index, "", 0, transient)
          return
        }
        sqlite3_bind_text64(handle, index, start, UInt64(characters.count), transient, UInt8(SQLITE_UTF8))
      }
    }
  }

  /// Carries the statement out, which returns no rows.
  func run() throws {
    defer { sqlite3_reset(handle) }
    let code = sqlite3_step(handle)
    guard code == SQLITE_DONE else { throw failure(code) }
  }

  /// Carries the statement out, and returns its first column of its first row.
  func fetchInteger() throws -> Int64? {
    defer { sqlite3_reset(handle) }
    switch sqlite3_step(handle) {
    case SQLITE_ROW:
      return sqlite3_column_type(handle, 0) == SQLITE_NULL ? nil : sqlite3_column_int64(handle, 0)
    case SQLITE_DONE: return nil
    case let code: throw failure(code)
    }
  }

  var changedRows: Int { Int(sqlite3_changes(connection)) }

  private func failure(_ code: Int32) -> DatabaseError {
    DatabaseError(
      resultCode: ResultCode(rawValue: code), message: connection.map { String(cString: sqlite3_errmsg($0)) })
  }
}
