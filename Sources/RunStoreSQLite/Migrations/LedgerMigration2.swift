/// What a run took and which gate it met; what triggers remember; pauses.
enum LedgerMigration2: Migration {
  static let sql = """
    ALTER TABLE runs ADD COLUMN gate TEXT;
    ALTER TABLE runs ADD COLUMN peak_memory INTEGER;
    ALTER TABLE accounts ADD COLUMN memo TEXT;
    ALTER TABLE jobs ADD COLUMN paused_at_us INTEGER;
    ALTER TABLE jobs ADD COLUMN paused_by TEXT;
    """
}
