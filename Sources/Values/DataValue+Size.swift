extension DataValue {
  /// About what one takes in Lua beside its text, in bytes.
  public static let weight = 16

  /// About how many bytes it takes as text.
  ///
  /// - Complexity: O(values), without looking into strings.
  public var roughSize: Int {
    switch self {
    case .null: 0
    case .bool, .int, .double: 8
    case .string(let text): text.utf8.count
    case .bytes(let bytes): bytes.count
    case .opaque(let name): name.utf8.count
    case .table(let table):
      table.items.reduce(2) { $0 + 1 + $1.roughSize }
        + table.fields.reduce(0) { $0 + 2 + $1.key.utf8.count + $1.value.roughSize }
    }
  }
}

extension DataTable {
  /// About what an empty one takes in Lua beside its ``DataValue/weight``, in bytes.
  public static let weight = 56
}
