/// Why a text about time was refused: quotes it, points at the place, and says what would be right.
public struct ScheduleError: Error, Equatable, Sendable, CustomStringConvertible {
  public let message: String

  public init(_ message: String) { self.message = message }

  public var description: String { message }
}

/// The text in double quotes, cut where it is too long to read in one line.
func quoted(_ text: String) -> String {
  text.prefix(121).count > 120 ? "\"\(text.prefix(117))...\"" : "\"\(text)\""
}
