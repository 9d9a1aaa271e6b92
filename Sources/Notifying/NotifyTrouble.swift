/// Why a message did not get through, in a sentence.
public struct NotifyTrouble: Error, Equatable, Sendable, CustomStringConvertible {
  public let description: String
  /// The same message will not get through later either: the server has refused it.
  public let isPermanent: Bool
  /// How long the server asks to be left alone, in seconds.
  public let retryAfter: Double?

  public init(_ description: String, isPermanent: Bool = false, retryAfter: Double? = nil) {
    self.description = description
    self.isPermanent = isPermanent
    self.retryAfter = retryAfter
  }
}

/// What is wrong with a message or a server's description as it was given: an address, a line break in a subject.
public struct NotifyMistake: Error, Equatable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
