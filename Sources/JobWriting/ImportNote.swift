/// Something that stands in what is imported and has no place, or another meaning, in the job that comes of it.
public struct ImportNote: Sendable, Hashable {
  /// Where it stands: `tasks.yaml:12`.
  public var place: String
  /// What it is called there: `Settings.WakeToRun`.
  public var subject: String
  /// What becomes of it, and why.
  public var reason: String

  public init(place: String, subject: String, reason: String) {
    self.place = place
    self.subject = subject
    self.reason = reason
  }
}

extension ImportNote: CustomStringConvertible {
  /// As the terminal shows it, in one line.
  public var description: String {
    LuaText.oneLine([place, subject, reason].filter { !$0.isEmpty }.joined(separator: ": "))
  }
}
