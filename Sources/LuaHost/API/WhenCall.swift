import Values

/// A question to a job's `schedule.when`: whether a run may start.
public struct WhenCall: Sendable {
  /// Handed through to the answer.
  public var number: UInt64
  /// The due instant, as `run.due_at` has it.
  public var due: String
  /// The run's table, as `main` would be given it.
  public var run: DataValue

  public init(number: UInt64, due: String, run: DataValue) {
    self.number = number
    self.due = due
    self.run = run
  }
}

/// What a `when` said.
public enum WhenVerdict: Sendable, Equatable {
  case yes
  /// With its second value, where it gave one.
  case no(String?)
  case failed(ScriptError)
}
