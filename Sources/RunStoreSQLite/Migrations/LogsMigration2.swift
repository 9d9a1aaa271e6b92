/// Lines that were said while jobs were loaded can be found by their age: no row's end takes them along.
enum LogsMigration2: Migration {
  static let sql = "CREATE INDEX lines_of_loads ON lines (at_us) WHERE run IS NULL;"
}
