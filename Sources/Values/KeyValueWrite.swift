/// One change of a job's key-value store.
public struct KeyValueWrite: Sendable, Equatable {
  public var key: String
  /// The new value as JSON; `nil` removes the key.
  public var value: String?

  public init(key: String, value: String?) {
    self.key = key
    self.value = value
  }

  /// What a key with its value counts, in bytes.
  public static func size(key: String, value: String) -> Int { key.utf8.count + value.utf8.count }

  /// What the key counts once this is written.
  public var size: Int { value.map { Self.size(key: key, value: $0) } ?? 0 }
}
