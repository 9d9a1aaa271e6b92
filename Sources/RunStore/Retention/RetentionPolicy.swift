import Scheduling

/// How much history is kept: what is over any of the bounds goes, the oldest first.
///
/// Open rows, and the newest row of each job that has ended, are kept whatever the bounds say.
public struct RetentionPolicy: Sendable, Equatable {
  /// Since a row ended, or a line was said; `nil`: no bound.
  public var age: Interval?
  /// The number of rows; `nil`: no bound.
  public var runs: Int?
  /// What is in the ledger and in the logs together; `nil`: no bound.
  public var bytes: Int?

  public init(age: Interval?, runs: Int?, bytes: Int?) {
    self.age = age
    self.runs = runs
    self.bytes = bytes
  }

  /// Ninety days, a million rows, a gigabyte.
  public static let standard = RetentionPolicy(age: .days(90), runs: 1_000_000, bytes: 1 << 30)
}
