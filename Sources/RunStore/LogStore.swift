import RunLifecycle
import Scheduling

/// Where what jobs say is kept. Lines may be lost in a power cut; their loss harms no promise.
public protocol LogStore: Sendable {
  /// Appends lines, giving each the next number.
  func append(_ lines: [LogLine]) throws

  /// Lines in the order in which they were appended.
  func lines(_ query: LogQuery) throws -> [LogLine]

  /// As ``RunStore/verify(byWriting:)``, without writing.
  func verify() throws

  // MARK: Retention

  /// Takes out lines of these runs, at most so many, and returns how many they were: fewer than `limit` when
  /// none is left.
  func removeLines(of runs: [RunID], limit: Int) throws -> Int

  /// Takes out the oldest lines that were said before this instant while jobs were loaded, at most so many, and
  /// returns how many they were.
  func removeLinesOfLoads(before: Instant, limit: Int) throws -> Int

  /// As ``RunStore/bytesInUse()``.
  func bytesInUse() throws -> Int

  /// As ``RunStore/giveBackSpace()``.
  func giveBackSpace() throws -> Bool
}

/// One line of a job's log.
public struct LogLine: Sendable, Equatable {
  /// Increasing in the order of appending; given by the store.
  public var seq: Int64
  /// `nil` for what a job said while it was loaded.
  public var run: RunID?
  public var job: JobKey
  public var at: Instant
  public var level: String
  public var message: String
  /// A JSON object.
  public var fields: String?

  public init(
    seq: Int64 = 0, run: RunID?, job: JobKey, at: Instant, level: String, message: String,
    fields: String? = nil
  ) {
    self.seq = seq
    self.run = run
    self.job = job
    self.at = at
    self.level = level
    self.message = message
    self.fields = fields
  }
}

/// Which lines are wanted.
public struct LogQuery: Sendable, Equatable {
  public var run: RunID?
  public var job: JobKey?
  /// Only lines with a greater number: to follow a log.
  public var after: Int64
  /// At most so many: the last ones, or with ``after``, the first ones.
  public var limit: Int

  public init(run: RunID? = nil, job: JobKey? = nil, after: Int64 = 0, limit: Int = 10_000) {
    self.run = run
    self.job = job
    self.after = after
    self.limit = limit
  }
}
