import Values

/// Which files of a folder were made here, and what they held then. It commits a change.
struct Manifest: Equatable {
  /// The change that made it so.
  var transaction: String
  /// Digests by the files' names.
  var files: [String: String]

  static let empty = Manifest(transaction: "", files: [:])

  init(transaction: String, files: [String: String]) {
    self.transaction = transaction
    self.files = files
  }

  init?(_ value: DataValue) {
    guard let fields = value["files"].asTable?.fields, let transaction = value["transaction"].asString else {
      return nil
    }
    self.init(transaction: transaction, files: fields.compactMapValues(\.asString))
  }

  var value: DataValue {
    ["transaction": .string(transaction), "files": .object(files.mapValues { .string($0) })]
  }
}

/// What a change is about to do, written before it begins: enough to undo it.
struct Journal: Equatable {
  var transaction: String
  var created: [String]
  /// Those of which there is a copy: replaced, or deleted.
  var kept: [String]

  init(transaction: String, created: [String], kept: [String]) {
    self.transaction = transaction
    self.created = created
    self.kept = kept
  }

  init?(_ value: DataValue) {
    guard let transaction = value["transaction"].asString,
      let created = value["created"].asTable?.items.compactMap(\.asString),
      let kept = value["kept"].asTable?.items.compactMap(\.asString),
      // Names and no paths: whoever wrote it.
      (created + kept).allSatisfy({ !$0.isEmpty && !$0.contains("/") && $0 != "." && $0 != ".." })
    else { return nil }
    self.init(transaction: transaction, created: created, kept: kept)
  }

  var value: DataValue {
    [
      "transaction": .string(transaction), "created": .list(created.map { .string($0) }),
      "kept": .list(kept.map { .string($0) }),
    ]
  }
}
