/// The ledger's first form.
///
/// Rows are appended: their ids, and the index on due instants, grow in the order in which rows are
/// claimed. A job's rows are a chain from `jobs.head` by `previous`, which costs a tenth of an index by
/// job. Times are microseconds since the Unix epoch, UTC.
enum LedgerMigration1: Migration {
  static let sql = """
    CREATE TABLE jobs (
      key INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      head INTEGER
    );

    CREATE TABLE accounts (
      job INTEGER NOT NULL,
      trigger_key TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      accounted_through_us INTEGER NOT NULL,
      last_due_us INTEGER,
      PRIMARY KEY (job, trigger_key)
    ) WITHOUT ROWID;

    CREATE TABLE runs (
      id INTEGER PRIMARY KEY,
      job INTEGER NOT NULL,
      trigger TEXT NOT NULL,
      cause TEXT NOT NULL,
      due_at_us INTEGER NOT NULL,
      due_until_us INTEGER,
      count INTEGER NOT NULL,
      claim TEXT NOT NULL,
      not_before_us INTEGER NOT NULL,
      started_at_us INTEGER,
      ended_at_us INTEGER,
      attempt INTEGER NOT NULL,
      state TEXT NOT NULL,
      outcome TEXT,
      attempt_outcome TEXT,
      reason TEXT,
      result TEXT,
      error TEXT,
      node TEXT NOT NULL,
      version TEXT NOT NULL,
      params TEXT,
      testing INTEGER NOT NULL,
      previous INTEGER
    );

    CREATE UNIQUE INDEX runs_identity ON runs (due_at_us, job, cause);
    CREATE INDEX runs_open ON runs (id) WHERE state <> 'ended';
    CREATE INDEX runs_failed ON runs (id)
      WHERE outcome IN ('failed', 'timed_out', 'cancelled', 'interrupted');
    """
}
