/// A mistake in the calling script: it raises at the line that made it.
public struct Misuse: Error, Equatable {
  public let text: String

  public init(_ text: String) { self.text = text }
}
