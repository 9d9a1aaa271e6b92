/// The store's number for a job name. It stays the same over restarts, and follows a job that is renamed.
public struct JobKey: RawRepresentable, Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
  public var rawValue: Int32

  public init(rawValue: Int32) { self.rawValue = rawValue }
  public init(_ rawValue: Int32) { self.rawValue = rawValue }

  public static func < (left: JobKey, right: JobKey) -> Bool { left.rawValue < right.rawValue }
  public var description: String { String(rawValue) }
}

/// The number of a ledger row: short to type, and increasing in the order in which rows were made.
public struct RunID: RawRepresentable, Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
  public var rawValue: Int64

  public init(rawValue: Int64) { self.rawValue = rawValue }
  public init(_ rawValue: Int64) { self.rawValue = rawValue }

  public static func < (left: RunID, right: RunID) -> Bool { left.rawValue < right.rawValue }
  public var description: String { String(rawValue) }
}
