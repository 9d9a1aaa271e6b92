/// Something that `almanac check` has to say of a job.
public struct CheckFinding: Sendable, Hashable {
  public enum Severity: String, Sendable {
    /// The job does not load, or does not do what is written: it fails where it comes to this, or never runs.
    case error
    /// It may be meant so.
    case warning
  }

  public let severity: Severity
  /// What it is, and where.
  public let problem: LoadError

  public init(_ severity: Severity, _ problem: LoadError) {
    self.severity = severity
    self.problem = problem
  }
}

extension CheckFinding: CustomStringConvertible {
  /// `file:line: message`; a warning says that it is one.
  public var description: String {
    guard severity == .warning else { return problem.description }
    return LoadError(
      job: problem.job, file: problem.file, line: problem.line, message: "warning: " + problem.message
    ).description
  }
}

extension CheckFinding: Comparable {
  /// The order of a listing: by file and line; errors before warnings.
  public static func < (left: CheckFinding, right: CheckFinding) -> Bool {
    left.problem != right.problem
      ? left.problem < right.problem : left.severity == .error && right.severity != .error
  }
}
