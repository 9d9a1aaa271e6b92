import CLinux
import HostProtocol
import Jobs
import Scheduling
import Values

/// Brings a job's source to life in a host: its top level is evaluated, its schedule table decoded,
/// `initialize` called. Only what came through all of it is handed on.
final class JobLoader {
  /// How far to go.
  enum Depth {
    /// Only compile the main file, be it a job's or not; the definition says nothing.
    case text
    /// Only evaluate the file and decode its schedule: what `check` wants.
    case definition
    case initialized
  }

  struct Loaded {
    var definition: JobDefinition
    var host: HostConnection
    var state: StateID
    /// What `initialize` returned.
    var greeting: String?
  }

  private final class Load {
    let source: JobSource
    let number: Int
    var ownHost: Bool
    let depth: Depth
    let done: (Result<Loaded, LoadFailure>) -> Void
    var host: HostConnection?
    var rocks: RockInstaller.Ready?
    /// Why it did not load in a shared host, if it is tried in one of its own.
    var sharedFailure: LoadFailure?
    var definition: JobDefinition?
    /// When the present step was handed to the host, monotonic nanoseconds.
    var since: Int64 = 0
    /// How often it fell with a host through no fault that could be found.
    var falls = 0

    init(
      _ source: JobSource, number: Int, ownHost: Bool, depth: Depth,
      done: @escaping (Result<Loaded, LoadFailure>) -> Void
    ) {
      self.source = source
      self.number = number
      self.ownHost = ownHost
      self.depth = depth
      self.done = done
    }
  }

  /// So many loads are with the hosts at a time; a job that loops in its top level holds up no more.
  private static let width = 64
  /// The host ends a load that is over SPEC's 30 s by itself; one that it cannot end takes the host.
  private static let patience: Int64 = 36_000_000_000

  private let pool: HostPool
  private let loop: EventLoop
  private let rocks: RockInstaller?
  private let zone: () -> Zone
  private let defaults: JobDefaults
  private let outputFolder: (JobSource) -> String
  private let secretsFolder: String
  private let services: (JobDefinition) -> DataValue
  private var waiting: [Load] = []
  private var waitingFrom = 0
  private var active: [StateID: Load] = [:]
  private var nextState: StateID = 1
  private var watching = false

  /// - Parameter rocks: `nil` leaves out what jobs name in `rocks.txt`.
  init(
    pool: HostPool, rocks: RockInstaller?, loop: EventLoop, zone: @escaping () -> Zone, defaults: JobDefaults,
    outputFolder: @escaping (JobSource) -> String, secretsFolder: String,
    services: @escaping (JobDefinition) -> DataValue
  ) {
    self.pool = pool
    self.rocks = rocks
    self.loop = loop
    self.zone = zone
    self.defaults = defaults
    self.outputFolder = outputFolder
    self.secretsFolder = secretsFolder
    self.services = services
  }

  /// Loads the source; `done` is called once, on the loop.
  ///
  /// - Parameter number: picks one of the shared hosts, always the same for a job.
  func load(
    _ source: JobSource, number: Int, ownHost: Bool, depth: Depth,
    done: @escaping (Result<Loaded, LoadFailure>) -> Void
  ) {
    let load = Load(source, number: number, ownHost: ownHost, depth: depth, done: done)
    guard let file = source.rocks, let rocks, depth != .text else { return enqueue(load) }
    rocks.prepare(file, for: source.name) { [weak self] result in
      switch result {
      case .success(let ready):
        load.rocks = ready
        self?.enqueue(load)
      case .failure(let failure): done(.failure(failure))
      }
    }
  }

  private func enqueue(_ load: Load) {
    waiting.append(load)
    pump()
  }

  /// The job that is being loaded into the state.
  func jobName(of state: StateID) -> String? { active[state]?.source.name }

  // MARK: What hosts say

  func loaded(_ state: StateID, _ result: LoadResult) {
    guard let load = active[state], let host = load.host else { return }
    switch result {
    case .failed(let failure):
      let failure = LoadFailure([loadError(failure, of: load.source)])
      if host.owner == nil, load.rocks?.tree.hasNativeModules == true {
        // It may have required a native rock, and its table, which may ask for a host of its own, is not read.
        load.sharedFailure = failure
        moveToOwnHost(state)
      } else {
        end(state, .failure(failure))
      }
    case .schedule where load.depth == .text:
      host.send(.close(state))
      let nothing = JobDefinition(source: load.source)
      end(state, .success(Loaded(definition: nothing, host: host, state: state)))
    case .schedule(let table):
      let decoded = ScheduleDecoder.decode(table, of: load.source, daemonZone: zone(), defaults: defaults)
      switch decoded {
      case .failure(let failure):
        host.send(.close(state))
        end(state, .failure(failure))
      case .success(let definition):
        if let failure = load.sharedFailure, !definition.ownHost { return end(state, .failure(failure)) }
        if load.depth == .definition {
          host.send(.close(state))
          return end(state, .success(Loaded(definition: definition, host: host, state: state)))
        }
        if definition.ownHost && host.owner == nil {
          // The table asks for a host of its own, which could not be known before it was read.
          host.send(.close(state))
          return moveToOwnHost(state)
        }
        load.definition = definition
        load.since = clinux_monotonic_ns()
        host.send(
          .initialize(
            state,
            StateSettings(
              memoryLimitBytes: Int64(definition.memoryLimit), logLimitBytes: Int64(definition.logLimit),
              cpuLimitNanoseconds: definition.cpuLimit?.nanoseconds ?? 0, environment: definition.env,
              secrets: definition.secrets, secretsFolder: secretsFolder, allowed: definition.allow,
              services: services(definition))))
      }
    }
  }

  func initialized(_ state: StateID, _ result: InitializeResult) {
    guard let load = active[state], let host = load.host, let definition = load.definition else { return }
    switch result {
    case .ready(let text):
      end(state, .success(Loaded(definition: definition, host: host, state: state, greeting: text)))
    case .failed(let failure):
      host.send(.close(state))
      end(state, .failure(LoadFailure([loadError(failure, of: load.source)])))
    }
  }

  /// The loads that were in this host are tried again, but for the one that brought it down.
  func fell(with host: HostConnection, _ death: HostConnection.Death) {
    for (state, load) in active.filter({ $0.value.host === host }).sorted(by: { $0.key < $1.key }) {
      active[state] = nil
      load.host = nil
      load.definition = nil
      load.falls += 1
      if death.culprit == .state(state) || load.falls >= 3 {
        let what =
          load.falls >= 3 && death.culprit != .state(state)
          ? "its host process ended three times while the file was loaded: the last one \(death.how)"
          : "the host process \(death.how) while the file was loaded"
        load.done(
          .failure(
            LoadFailure([
              LoadError(job: load.source.name, file: load.source.mainPath, line: nil, message: what)
            ])))
      } else {
        waiting.append(load)
      }
    }
    pump()
  }

  // MARK: Steps

  private func pump() {
    while active.count < Self.width, waitingFrom < waiting.count {
      let load = waiting[waitingFrom]
      guard let host = pool.host(job: load.source.name, number: load.number, ownHost: load.ownHost) else {
        // No host can be started at the moment; the pool says why.
        loop.after(milliseconds: 250) { [weak self] in self?.pump() }
        return
      }
      waitingFrom += 1
      let state = nextState
      nextState &+= 1
      load.host = host
      load.since = clinux_monotonic_ns()
      active[state] = load
      host.send(.load(state, bundle(load, for: host)))
    }
    if waitingFrom == waiting.count {
      waiting.removeAll()
      waitingFrom = 0
    }
    watch()
  }

  private func moveToOwnHost(_ state: StateID) {
    guard let load = active.removeValue(forKey: state) else { return }
    load.host = nil
    load.ownHost = true
    enqueue(load)
  }

  private func end(_ state: StateID, _ result: Result<Loaded, LoadFailure>) {
    guard let load = active.removeValue(forKey: state) else { return }
    // The host was for trying only.
    if case .failure = result, load.sharedFailure != nil { pool.release(owner: load.source.name) }
    pump()
    load.done(result)
  }

  /// Ends the hosts that do not come back from a load.
  private func watch() {
    guard !watching, !active.isEmpty else { return }
    watching = true
    loop.after(milliseconds: 500) { [weak self] in
      guard let self else { return }
      watching = false
      let now = clinux_monotonic_ns()
      for (state, load) in active where now - load.since > Self.patience {
        guard let host = load.host, host.evidence.owners().contains(.state(state)) else { continue }
        host.kill(blaming: .state(state))
        break
      }
      watch()
    }
  }

  private func bundle(_ load: Load, for host: HostConnection) -> ScriptBundle {
    let source = load.source
    return ScriptBundle(
      job: source.name, folder: source.folder, outputFolder: outputFolder(source),
      main: ScriptBundle.Module(name: "main", path: source.mainPath, bytes: source.main),
      modules: source.modules.map { ScriptBundle.Module(name: $0.name, path: $0.path, bytes: $0.bytes) },
      rocks: load.rocks?.tree.tree, allowsNative: host.owner != nil, isToRun: load.depth != .text)
  }

  private func loadError(_ failure: ScriptFailure, of source: JobSource) -> LoadError {
    LoadError(
      job: source.name, file: failure.file ?? source.mainPath, line: failure.line.map { Int($0) },
      message: failure.message)
  }
}
