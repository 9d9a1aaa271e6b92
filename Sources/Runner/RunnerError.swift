/// What keeps the runner from doing its work, said for the person who started it.
public struct RunnerError: Error, Equatable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
