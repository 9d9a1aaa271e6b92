import Synchronization
import Values

/// What is known of a job in every call.
public struct JobContext: Sendable {
  public let jobName: String
  /// The folder that relative paths start from, absolute.
  public let folder: String
  /// Where the job writes for people, absolute; it may not exist yet.
  public let outputFolder: String
  public let environment: [String: String]
  /// What the configuration offers to modules: `services["smtp"]`.
  public let services: DataValue
  /// The zone that the schedule names; `nil` where it names none, and before it is read.
  public let timeZone: String?
  /// All that the job may do to the world; `nil` for whatever it likes.
  public let allowed: [Capability]?
}

/// What is known of a run.
public struct RunContext: Sendable {
  public let key: RunKey
  public let slot: Int
  /// What the run was started with.
  public let params: DataValue
  public let testing: Bool
  /// Whether what would change the world is only to be logged.
  public let dry: Bool
  /// What calls return in a dry run, where a test has a say in it.
  public let answers: DryAnswers
  /// When its time is over, in nanoseconds of the monotonic clock; `nil` for no limit.
  public let deadline: Int64?
  /// How long it has to unwind when it is stopped, in nanoseconds.
  public let stopGrace: Int64
}

/// One call of a ``HostFunction``.
public final class HostCall: Sendable {
  public let arguments: [DataValue]
  public let job: JobContext
  /// `nil` at a file's top level and in `initialize`.
  public let run: RunContext?
  /// Whether ``HostReply/waiting`` may be answered.
  ///
  /// It may not where Lua cannot be suspended: at a file's or a module's top level, in a `table.sort`
  /// comparator, a `string.gsub` callback, a `__tostring`. Answered there all the same, the call is
  /// cancelled and raises. A function that would change the world by then, asks first.
  public let canWait: Bool

  let state: LuaState
  let isCancelled = Atomic(false)

  init(_ state: LuaState, arguments: [DataValue], job: JobContext, run: RunContext?, canWait: Bool) {
    self.state = state
    self.arguments = arguments
    self.job = job
    self.run = run
    self.canWait = canWait
  }

  /// Brings the answer, after ``HostReply/waiting`` or just before it.
  ///
  /// From any thread. All but the first call do nothing, and so does one that comes after the run was
  /// stopped.
  public func resume(_ reply: HostReply) { state.resume(self, reply) }

  /// Has `action` called once, if the run is stopped while it waits for this call.
  ///
  /// It is called on the thread that stops the run, and must not wait; at once, if the run was stopped already.
  public func onCancel(_ action: @escaping @Sendable () -> Void) { state.onCancel(self, action) }

  /// Logs a line for the job.
  public func log(_ level: ScriptLogLevel, _ message: String, fields: DataValue = .null) {
    state.write(level, message, fields: fields, of: run?.key)
  }
}
