import CLua
import Synchronization
import Values

/// What the states of a ``LuaHost`` share.
final class HostCore: Sendable {
  /// How long a load or an initialize that is stopped has to unwind.
  static let loadGrace: Int64 = 1_000_000_000

  private struct Tables {
    var states: [StateID: LuaState] = [:]
    var runs: [RunKey: LuaState] = [:]
    var isShuttingDown = false
  }

  let functions: Functions
  let delegate: any LuaHostDelegate
  let clock: Clock
  let pool: WorkerPool
  /// How long a file's top level and `initialize` may take, in nanoseconds.
  let loadLimit: Int64
  private let tables = Mutex(Tables())

  init(
    modules: [HostModule], baseWorkers: Int, maximumWorkers: Int, loadLimit: Int64,
    delegate: any LuaHostDelegate
  ) {
    functions = Functions(modules: modules)
    self.delegate = delegate
    self.loadLimit = loadLimit
    clua_install_signal()
    let clock = Clock()
    let pool = WorkerPool(base: baseWorkers, maximum: maximumWorkers, clock: clock)
    self.clock = clock
    self.pool = pool
    pool.start()
    clock.start { pool.tick() }
  }

  /// Enters a new state under its number; `nil` if the host shuts down or the number is taken.
  func addState(_ id: StateID, _ source: ScriptSource) -> LuaState? {
    tables.withLock { tables in
      guard !tables.isShuttingDown, tables.states[id] == nil else { return nil }
      let state = LuaState(id: id, source: source, host: self)
      tables.states[id] = state
      return state
    }
  }

  func state(_ id: StateID) -> LuaState? { tables.withLock { $0.states[id] } }

  /// Takes the state out: its number may be given to another.
  func forget(_ state: LuaState) {
    tables.withLock { if $0.states[state.id] === state { $0.states[state.id] = nil } }
  }

  func addRun(_ key: RunKey, _ state: LuaState) { tables.withLock { $0.runs[key] = state } }

  func state(of run: RunKey) -> LuaState? { tables.withLock { $0.runs[run] } }

  func ended(_ state: LuaState, _ run: RunKey, _ end: RunEnd, stateLost: Bool, peakMemory: Int) {
    tables.withLock { $0.runs[run] = nil }
    delegate.ended(state.id, run, end, stateLost: stateLost, peakMemory: peakMemory)
  }

  /// From now on no state is added; the states that are there.
  func beginShutDown() -> [LuaState] {
    tables.withLock { tables in
      tables.isShuttingDown = true
      return Array(tables.states.values)
    }
  }
}
