import RunLifecycle
import Values

/// What is asked of a run in which nothing in the world changes.
public struct DryRun: Sendable, Equatable {
  /// What calls that are not made return, by what they would do: `{ "POST https://...": { "status": 500 } }`.
  public var answers: [String: DataValue]

  public init(answers: [String: DataValue] = [:]) { self.answers = answers }
}

extension Run {
  /// The row as it is kept: a dry run says so first.
  var marked: Run {
    guard isDry else { return self }
    var run = self
    run.reason = reason.map { "dry run: \($0)" } ?? "dry run"
    return run
  }
}
