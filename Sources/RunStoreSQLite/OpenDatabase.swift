import GRDB

/// A database as its owner has it, or as somebody beside it.
enum OpenDatabase: Sendable {
  case writing(GuardedDatabase)
  case reading(DatabaseQueue)

  var reader: any DatabaseReader {
    switch self {
    case .writing(let database): database.pool
    case .reading(let queue): queue
    }
  }

  func close() throws {
    switch self {
    case .writing(let database): try database.close()
    case .reading(let queue): try queue.close()
    }
  }

  var writer: GuardedDatabase? {
    if case .writing(let database) = self { database } else { nil }
  }
}
