import Values

/// How much a line of a job's log matters.
public enum ScriptLogLevel: String, Sendable, CaseIterable {
  case debug, info, warn, error
}

/// What evaluating a job's file gave.
public struct LoadedScript: Sendable, Equatable {
  /// The global `schedule`; `.null` where there is none.
  public var schedule: DataValue
  public var hasInitialize: Bool

  public init(schedule: DataValue, hasInitialize: Bool) {
    self.schedule = schedule
    self.hasInitialize = hasInitialize
  }
}

/// Told by a ``LuaHost`` what comes of its commands.
///
/// The calls come from the host's worker threads, for one state one after the other. None of them may
/// wait; ``mainCalled(slot:)`` to ``workerLeft(worker:)`` stand in the path of every run and must be cheap.
public protocol LuaHostDelegate: AnyObject, Sendable {
  /// The file was evaluated. After a failure the state is gone.
  func loaded(_ id: StateID, _ result: Result<LoadedScript, ScriptError>)
  /// `initialize` was called, if there is one. After a failure the state is gone.
  func initialized(_ id: StateID, _ result: Result<String?, ScriptError>)
  /// The job asks something, and waits until ``LuaHost/answer(_:number:_:)`` brings the answer.
  ///
  /// - Parameter run: `nil` in `initialize`.
  func asked(_ id: StateID, _ run: RunKey?, number: UInt64, _ question: DaemonQuestion)
  /// What the run has written into its job's key-value store; its end follows, which is a success or a skip.
  func wrote(_ id: StateID, _ run: RunKey, _ writes: [KeyValueWrite])
  /// The schedule's `when` was called.
  ///
  /// - Parameter stateLost: It had to be stopped, and its state is gone.
  func whenAnswered(_ id: StateID, number: UInt64, _ verdict: WhenVerdict, stateLost: Bool)
  /// A run has ended; all of its log lines were delivered before.
  ///
  /// - Parameters:
  ///   - stateLost: The state had to be closed and is gone; the job must be loaded again.
  ///   - peakMemory: The most bytes that the state took during the run.
  func ended(_ id: StateID, _ run: RunKey, _ end: RunEnd, stateLost: Bool, peakMemory: Int)
  /// A run was stopped for good, and goes on all the same: it is in a C function that does not come back, and only
  /// the end of the process ends it.
  func stuck(_ run: RunKey)
  /// The job logs a line. A lock is held: the host must not be called from here.
  ///
  /// - Parameters:
  ///   - run: `nil` at the file's top level and in `initialize`.
  ///   - fields: A table of what JSON can say, or `.null`.
  func logged(_ id: StateID, _ run: RunKey?, level: ScriptLogLevel, message: String, fields: DataValue)

  /// `main` is about to be called.
  func mainCalled(slot: Int)
  /// The run is about to call something for the first time that may change the world.
  func calledOutside(slot: Int)
  /// The calling thread, worker number `worker`, is about to run Lua for this state.
  ///
  /// - Parameter slot: The run's; `nil` while it loads or initializes.
  func workerEntered(worker: Int, state: StateID, slot: Int?)
  func workerLeft(worker: Int)
}
