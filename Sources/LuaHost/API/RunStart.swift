import Values

/// What a state needs to know to call `main`.
public struct RunStart: Sendable {
  public var key: RunKey
  /// Where the host's evidence keeps how far this run has come; handed through to the delegate.
  public var slot: Int
  /// The table that `main` is given.
  public var run: DataValue
  /// Nanoseconds from the moment that `main` is called, waiting included; 0 for no limit.
  public var timeLimit: Int64
  /// Nanoseconds that a stopped run has to unwind its `<close>` variables.
  public var stopGrace: Int64
  /// What `job.env` offers from now on; `nil` leaves what ``LuaHost/initialize(_:limits:)`` was given.
  public var environment: [String: String]?
  /// Whether what would change the world is only to be logged.
  public var dry: Bool
  /// What calls return in a dry run, where a test has a say in it: a table as ``DryAnswers`` takes it.
  public var answers: DataValue

  public init(
    key: RunKey, slot: Int, run: DataValue, timeLimit: Int64, stopGrace: Int64 = 5_000_000_000,
    environment: [String: String]? = nil, dry: Bool = false, answers: DataValue = .null
  ) {
    self.key = key
    self.slot = slot
    self.run = run
    self.timeLimit = timeLimit
    self.stopGrace = stopGrace
    self.environment = environment
    self.dry = dry
    self.answers = answers
  }
}

/// Why a run is stopped from outside.
public enum StopReason: Sendable, Equatable {
  case timeLimit
  case cpuLimit
  case cancelled(String)
}

/// How a run ended.
public enum RunEnd: Sendable, Equatable {
  /// With `main`'s first value, if that was a string, a number, a boolean or a table; else `.null`.
  case succeeded(result: DataValue)
  /// By an error, by `return nil, "why"`, or at its memory limit.
  case failed(ScriptError)
  /// By `job.skip`.
  case skipped(String?)
  /// By `job.retry_after`.
  case retryAfter(seconds: Double, String?)
  /// By `job.fatal`.
  case fatal(String)
  case timedOut
  /// It has taken more processor time than its limit allows.
  case overCPULimit
  case cancelled(String)
}
