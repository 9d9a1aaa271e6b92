import Values

/// Runs the Lua states of jobs.
///
/// Commands return at once; what comes of them is told to the delegate, on a thread of the host's. Commands to one
/// state are done one after the other. Whatever a script does, it hurts neither another state nor the host,
/// within what a process can promise: a script that wedges in a C function of Lua's or crashes it takes the
/// process along.
public final class LuaHost: Sendable {
  /// How long a file's top level and `initialize` may take, in nanoseconds.
  public static let loadLimit: Int64 = 30_000_000_000

  private let core: HostCore

  /// - Parameters:
  ///   - baseWorkers: Threads that run Lua; one a processor is good.
  ///   - maximumWorkers: As many as there may be when scripts hold them up with busy loops.
  public init(
    modules: [HostModule], baseWorkers: Int, maximumWorkers: Int = 256, loadLimit: Int64 = LuaHost.loadLimit,
    delegate: any LuaHostDelegate
  ) {
    core = HostCore(
      modules: modules, baseWorkers: baseWorkers, maximumWorkers: maximumWorkers, loadLimit: loadLimit,
      delegate: delegate)
  }

  /// Makes a state, runs the file's top level in it and reads what it defines.
  ///
  /// Leads to ``LuaHostDelegate/loaded(_:_:)``. Environment variables are not known yet.
  public func load(_ id: StateID, _ source: ScriptSource, limits: StateLimits = StateLimits()) {
    guard let state = core.addState(id, source) else {
      let error = ScriptError(file: source.main.path, text: "a state with this number is there already")
      return core.delegate.loaded(id, .failure(error))
    }
    state.post(.load(limits))
  }

  /// Calls `initialize`, if there is one, under the limits that hold from then on.
  ///
  /// Leads to ``LuaHostDelegate/initialized(_:_:)``.
  public func initialize(_ id: StateID, limits: StateLimits) {
    guard let state = core.state(id) else { return core.delegate.initialized(id, .failure(LuaState.gone)) }
    state.post(.initialize(limits))
  }

  /// Calls `main`. A state has one run at a time: another start meanwhile ends at once, failed.
  ///
  /// Leads to ``LuaHostDelegate/ended(_:_:_:stateLost:peakMemory:)``.
  public func start(_ id: StateID, _ run: RunStart) {
    guard let state = core.state(id) else {
      return core.delegate.ended(id, run.key, .failed(LuaState.gone), stateLost: true, peakMemory: 0)
    }
    core.addRun(run.key, state)
    guard !state.accepts(run) else { return }
    core.ended(
      state, run.key, .failed(ScriptError(text: "the job is running already")), stateLost: false,
      peakMemory: 0)
  }

  /// Calls the schedule's `when`, under the limit of a load. What runs in the state ends first.
  ///
  /// Leads to ``LuaHostDelegate/whenAnswered(_:number:_:stateLost:)``.
  public func askWhen(_ id: StateID, _ call: WhenCall) {
    guard let state = core.state(id) else {
      return core.delegate.whenAnswered(id, number: call.number, .failed(LuaState.gone), stateLost: true)
    }
    state.post(.when(call))
  }

  /// Brings the answer to a question; one that nobody waits for any more is passed over.
  public func answer(_ id: StateID, number: UInt64, _ answer: DaemonAnswer) {
    core.state(id)?.answer(number, answer)
  }

  /// Stops a run. It unwinds its `<close>` variables for as long as its grace allows, and its state is lost.
  /// A run that has ended is none of its business.
  public func stop(_ run: RunKey, reason: StopReason) {
    core.state(of: run)?.stop(run: run, reason)
  }

  /// Closes a state when what runs in it has been stopped. Its number may be given to another at once.
  public func close(_ id: StateID) {
    guard let state = core.state(id) else { return }
    core.forget(state)
    state.close(.cancelled("the job's state was closed"))
  }

  /// Stops all runs without grace, closes all states and ends the threads. Waits for that, but not longer
  /// than five seconds: a script that is stuck in a C function does not come back.
  public func shutDown() {
    let deadline = saturatingSum(monotonicNow(), 5_000_000_000)
    for state in core.beginShutDown() {
      state.close(.cancelled("the host shuts down"))
      state.endGrace(of: nil)
    }
    core.pool.shutDown(until: deadline)
    core.clock.stop()
  }
}
