/// What would be done to a folder to make its files what they should be.
public struct FolderPlan: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case create, update, delete
  }

  public struct Change: Sendable, Equatable {
    public var kind: Kind
    /// The file's name.
    public var file: String
    /// What it holds, and what it is to hold; nil where there is no such file before, or after.
    public var before: String?
    public var after: String?
  }

  /// A file that is in the way, and that nobody gave up.
  public struct Conflict: Sendable, Equatable {
    public var file: String
    public var reason: String
    /// Whether `force` gets it out of the way.
    public var yieldsToForce: Bool
  }

  /// In the order of their names.
  public var changes: [Change]
  public var conflicts: [Conflict]
}

/// What stands in the way of a change, in a sentence.
public struct FolderSyncError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
