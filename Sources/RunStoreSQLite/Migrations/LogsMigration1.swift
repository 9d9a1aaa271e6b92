/// The logs' first form: appended lines, found by run or by job.
enum LogsMigration1: Migration {
  static let sql = """
    CREATE TABLE lines (
      seq INTEGER PRIMARY KEY,
      run INTEGER,
      job INTEGER NOT NULL,
      at_us INTEGER NOT NULL,
      level TEXT NOT NULL,
      message TEXT NOT NULL,
      fields TEXT
    );

    CREATE INDEX lines_by_run ON lines (run, seq) WHERE run IS NOT NULL;
    CREATE INDEX lines_by_job ON lines (job, seq);
    """
}
