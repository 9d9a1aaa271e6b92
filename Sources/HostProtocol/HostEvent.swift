import Values

/// What a host process tells the daemon.
public enum HostEvent: Sendable, Equatable {
  /// Opens the conversation: which build this is.
  case hello(build: String)
  /// Answers a ping.
  case alive
  case loaded(StateID, LoadResult)
  case initialized(StateID, InitializeResult)
  /// A line of a job's log. It comes before the end of its run.
  case logged(StateID, LogEntry)
  /// A job asks something, and waits for the answer: the run, or, where there is none, `initialize` or `when`.
  case asked(StateID, run: UInt64?, number: UInt64, DaemonQuestion)
  /// What an attempt has written into its job's key-value store. It comes before the attempt's end, which is
  /// a success or `job.skip`; of other attempts nothing is written.
  case wrote(StateID, run: UInt64, [KeyValueWrite])
  /// What the schedule's `when` said.
  case whenAnswered(StateID, WhenReport)
  /// A run cannot be stopped: the host asks to be ended.
  case stuck(run: UInt64)
  /// An attempt has ended.
  case ended(StateID, AttemptReport)
}

public enum LoadResult: Sendable, Equatable {
  /// The file was evaluated; the global `schedule` as it stood then (`null` where there is none).
  case schedule(DataValue)
  case failed(ScriptFailure)
}

public enum InitializeResult: Sendable, Equatable {
  /// What `initialize` returned, if it is there and returned a string.
  case ready(String?)
  case failed(ScriptFailure)
}

public struct WhenReport: Sendable, Equatable {
  public enum Verdict: Sendable, Equatable {
    case yes
    case no(String?)
    case failed(ScriptFailure)
  }

  public var number: UInt64
  public var verdict: Verdict
  /// The state was closed with it.
  public var stateLost: Bool

  public init(number: UInt64, verdict: Verdict, stateLost: Bool) {
    self.number = number
    self.verdict = verdict
    self.stateLost = stateLost
  }
}

/// An error in a script, with the place that Lua gave it.
public struct ScriptFailure: Sendable, Equatable {
  public var file: String?
  public var line: Int32?
  /// Without the place.
  public var message: String
  public var traceback: String?

  public init(file: String?, line: Int32?, message: String, traceback: String?) {
    self.file = file
    self.line = line
    self.message = message
    self.traceback = traceback
  }

  /// `file:line: message`, as Lua writes it.
  public var description: String {
    switch (file, line) {
    case (let file?, let line?): "\(file):\(line): \(message)"
    case (let file?, nil): "\(file): \(message)"
    default: message
    }
  }
}

public struct LogEntry: Sendable, Equatable {
  /// The run that said it; `nil` while the file was loaded.
  public var run: UInt64?
  /// Microseconds since the epoch.
  public var at: Int64
  public var level: LogLevel
  public var message: String
  /// The fields as a JSON object, if any were given.
  public var fields: String?

  public init(run: UInt64?, at: Int64, level: LogLevel, message: String, fields: String?) {
    self.run = run
    self.at = at
    self.level = level
    self.message = message
    self.fields = fields
  }

  /// What the entry costs against the log credit, on both sides.
  public var cost: Int { 32 + message.utf8.count + (fields?.utf8.count ?? 0) }
}

public enum LogLevel: UInt8, Sendable, CaseIterable, Comparable {
  case debug, info, warn, error

  public var name: String {
    switch self {
    case .debug: "debug"
    case .info: "info"
    case .warn: "warn"
    case .error: "error"
    }
  }

  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

public struct AttemptReport: Sendable, Equatable {
  public enum End: Sendable, Equatable {
    /// With the result as JSON, if there was one.
    case succeeded(String?)
    case failed(ScriptFailure)
    case skipped(String?)
    /// Microseconds to wait.
    case retryAfter(Int64, String?)
    case fatal(String)
    case timedOut
    case overCPULimit
    case stopped(String)
  }

  public var run: UInt64
  public var end: End
  /// The state was closed with it; the job must be loaded again before it can run.
  public var stateLost: Bool
  public var peakMemoryBytes: Int64
  /// Microseconds since the epoch.
  public var endedAt: Int64

  public init(run: UInt64, end: End, stateLost: Bool, peakMemoryBytes: Int64, endedAt: Int64) {
    self.run = run
    self.end = end
    self.stateLost = stateLost
    self.peakMemoryBytes = peakMemoryBytes
    self.endedAt = endedAt
  }
}

/// What both ends of the conversation must agree upon.
public enum HostConversation {
  /// Changes with every change of the messages.
  public static let build = "almanac-host-4"
  /// How many bytes of log lines a host may send before it is credited more.
  public static let initialLogCredit = 1 << 20
  /// The descriptors that a host finds open.
  public static let socketDescriptor: Int32 = 3
  public static let evidenceDescriptor: Int32 = 4
}
