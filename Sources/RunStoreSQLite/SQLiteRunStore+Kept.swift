import GRDB
import RunLifecycle
import RunStore

/// What jobs keep.
extension SQLiteRunStore {
  public func entry(_ key: String, of job: JobKey) throws -> KeyValueEntry {
    try read { db in
      let value = try String.fetchOne(
        db.cachedStatement(sql: "SELECT value FROM key_values WHERE job = ? AND key = ?"),
        arguments: [job.rawValue, key])
      let used = try Int.fetchOne(
        db.cachedStatement(sql: "SELECT bytes FROM key_value_totals WHERE job = ?"),
        arguments: [job.rawValue])
      return KeyValueEntry(value: value, used: used ?? 0)
    }
  }

  public func keys(from prefix: String, of job: JobKey) throws -> [String] {
    try read { db in
      // Keys are compared by their bytes, so those with the prefix stand together.
      let rows = try String.fetchCursor(
        db.cachedStatement(sql: "SELECT key FROM key_values WHERE job = ? AND key >= ? ORDER BY key"),
        arguments: [job.rawValue, prefix])
      var keys: [String] = []
      while let key = try rows.next(), key.utf8.starts(with: prefix.utf8) { keys.append(key) }
      return keys
    }
  }

  public func step(_ name: String, of run: RunID) throws -> String? {
    try read { db in
      try String.fetchOne(
        db.cachedStatement(sql: "SELECT result FROM steps WHERE run = ? AND name = ?"),
        arguments: [run.rawValue, name])
    }
  }
}
