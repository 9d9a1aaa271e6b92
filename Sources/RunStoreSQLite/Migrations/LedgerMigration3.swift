/// What jobs keep: their key-value stores, with what each counts in all, and the steps of open runs.
enum LedgerMigration3: Migration {
  static let sql = """
    CREATE TABLE key_values (
      job INTEGER NOT NULL,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      bytes INTEGER NOT NULL
    );
    CREATE UNIQUE INDEX key_values_by_key ON key_values (job, key);

    CREATE TABLE key_value_totals (
      job INTEGER PRIMARY KEY,
      bytes INTEGER NOT NULL
    );

    CREATE TABLE steps (
      run INTEGER NOT NULL,
      name TEXT NOT NULL,
      result TEXT NOT NULL
    );
    CREATE UNIQUE INDEX steps_by_name ON steps (run, name);
    """
}
