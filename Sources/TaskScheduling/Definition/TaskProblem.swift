/// Something in a definition that is wrong, and what would be right.
public struct TaskProblem: Error, Sendable, Hashable {
  /// `tasks.yaml:12`; empty for a definition that stands in no file.
  public var place: String
  /// The task, as its path names it; empty while that is not known.
  public var task: String
  /// The property: `Triggers[2].StartBoundary`; empty for the whole.
  public var key: String
  public var message: String

  public init(place: String = "", task: String = "", key: String = "", message: String) {
    self.place = place
    self.task = task
    self.key = key
    self.message = message
  }
}

extension TaskProblem: CustomStringConvertible {
  /// `tasks.yaml:12: \myApp\nightly: Triggers[2].StartBoundary: ...`
  public var description: String {
    [place, task, key, message].filter { !$0.isEmpty }.joined(separator: ": ")
  }
}

/// All that is wrong with what was asked for; never empty.
public struct TaskError: Error, Sendable, Equatable, CustomStringConvertible {
  public let problems: [TaskProblem]

  public init(_ problems: [TaskProblem]) { self.problems = problems }

  init(_ message: String) { self.init([TaskProblem(message: message)]) }

  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
