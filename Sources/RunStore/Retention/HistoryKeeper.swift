import RunLifecycle
import Scheduling

/// Keeps the ledger and the logs within their bounds, in steps so small that nobody who writes has to wait.
///
/// A row's lines go before it does, so that a daemon that is killed in between leaves nothing that no later
/// sweep would find. Accounts are never touched.
public struct HistoryKeeper: Sendable {
  /// What a sweep has taken out so far.
  public struct Report: Sendable, Equatable {
    public var runs = 0
    public var lines = 0

    public init(runs: Int = 0, lines: Int = 0) {
      self.runs = runs
      self.lines = lines
    }
  }

  private enum Phase {
    case rows
    case linesOfLoads
    case space
    case done
  }

  /// How many rows, and how many lines, a step looks at or takes out at the most.
  private static let rowsAStep = 500
  private static let linesAStep = 2000

  private let policy: RetentionPolicy
  private let store: any RunStore
  private let logs: any LogStore
  private let now: Instant
  private var sweep: RetentionSweep
  private var phase = Phase.rows
  /// Rows that go as soon as their lines have gone.
  private var expired: [ExpiredRow] = []
  public private(set) var report = Report()

  /// Begins a sweep.
  public init(_ policy: RetentionPolicy, store: any RunStore, logs: any LogStore, now: Instant) throws {
    self.policy = policy
    self.store = store
    self.logs = logs
    self.now = now
    let newest = RunID(try store.nextRunID().rawValue - 1)
    sweep = RetentionSweep(policy, now: now, newest: newest)
  }

  /// True while more bytes are in use than the policy allows.
  public static func isOverSize(
    _ policy: RetentionPolicy, _ store: any RunStore, _ logs: any LogStore
  ) throws -> Bool {
    guard let bound = policy.bytes else { return false }
    return try store.bytesInUse() + logs.bytesInUse() > bound
  }

  /// Goes on a little; false when the sweep is through.
  ///
  /// - Complexity: one transaction in one of the databases, of some milliseconds.
  public mutating func step() throws -> Bool {
    if !expired.isEmpty {
      try removeSome()
      return true
    }
    switch phase {
    case .rows:
      let rows = try store.history(after: sweep.position, limit: Self.rowsAStep)
      expired = sweep.take(rows, isOverSize: try Self.isOverSize(policy, store, logs))
      if sweep.isDone { phase = .linesOfLoads }
    case .linesOfLoads:
      // What is still too much is no row's.
      let horizon = try Self.isOverSize(policy, store, logs) ? now : sweep.horizon
      let count = try logs.removeLinesOfLoads(before: horizon, limit: Self.linesAStep)
      report.lines += count
      if count < Self.linesAStep { phase = .space }
    case .space:
      let more = (try store.giveBackSpace(), try logs.giveBackSpace())
      if !more.0 && !more.1 { phase = .done }
    case .done: return false
    }
    return true
  }

  private mutating func removeSome() throws {
    let count = try logs.removeLines(of: expired.map(\.id), limit: Self.linesAStep)
    report.lines += count
    guard count < Self.linesAStep else { return }
    try store.remove(expired)
    report.runs += expired.count
    expired = []
  }
}
