/// One step in the life of a database's form. A step that has been released is never edited.
protocol Migration: SendableMetatype {
  static var sql: String { get }
}
