/// What is wrong with a store, in words for who runs the daemon.
public struct StoreError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// The database belongs to another program, to a newer version, or is damaged: it is left alone.
    case refused
    /// A full disk, a lock, a broken device: may go away by itself.
    case fault
    /// A change that does not fit what is there: a broken invariant of the caller.
    case conflict
  }

  public let kind: Kind
  public let description: String

  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
