import FoundationEssentials
import LuaHost
import Synchronization
import Values

/// A Lua host for tests, which loads sources, runs them and keeps what they log.
final class Harness: Sendable {
  struct Line: Equatable, Sendable {
    let level: ScriptLogLevel
    let message: String
    var fields: DataValue = .null
  }

  struct End: Sendable {
    let end: RunEnd
    let stateLost: Bool
    let peakMemory: Int
    let duration: Duration
    /// What the run had logged when it ended.
    let log: [Line]
  }

  /// How much longer than on a quiet machine what is to end soon may take. On a quiet machine, run the tests with
  /// `ALMANAC_TEST_SLACK=0`: then the bounds are those that are promised.
  static let slack = Duration.seconds(
    ProcessInfo.processInfo.environment["ALMANAC_TEST_SLACK"].flatMap(Double.init) ?? 30)

  let recorder = Recorder()
  let host: LuaHost
  private let numbers = Atomic<UInt32>(0)

  init(
    modules: [HostModule] = [], baseWorkers: Int = 2, maximumWorkers: Int = 256,
    loadLimit: Int64 = LuaHost.loadLimit
  ) {
    host = LuaHost(
      modules: modules, baseWorkers: baseWorkers, maximumWorkers: maximumWorkers, loadLimit: loadLimit,
      delegate: recorder)
  }

  deinit { host.shutDown() }

  func nextNumber() -> UInt32 { numbers.wrappingAdd(1, ordering: .relaxed).newValue }

  static func source(
    _ text: String, name: String = "test", path: String = "jobs/test.lua", modules: [String: String] = [:],
    outputFolder: String = "/nonexistent"
  ) -> ScriptSource {
    ScriptSource(
      jobName: name, folder: "/jobs", outputFolder: outputFolder,
      main: .init(path: path, bytes: Array(text.utf8)),
      modules: Dictionary(
        uniqueKeysWithValues: modules.map {
          ($0.key, .init(path: "jobs/test/\($0.key).lua", bytes: Array($0.value.utf8)))
        }))
  }

  /// Loads and initializes a source.
  func load(
    _ text: String, modules: [String: String] = [:], limits: StateLimits = StateLimits(),
    outputFolder: String = "/nonexistent"
  ) async throws -> StateID {
    let id = nextNumber()
    _ = try await evaluate(
      id, Self.source(text, modules: modules, outputFolder: outputFolder), memoryLimit: limits.memoryLimit)
    _ = try await initialize(id, limits)
    return id
  }

  func evaluate(_ id: StateID, _ source: ScriptSource, memoryLimit: Int = 64 << 20) async throws
    -> LoadedScript
  {
    host.load(id, source, limits: StateLimits(memoryLimit: memoryLimit))
    return try await recorder.loaded.value(for: id).get()
  }

  func initialize(_ id: StateID, _ limits: StateLimits = StateLimits()) async throws -> String? {
    host.initialize(id, limits: limits)
    return try await recorder.initialized.value(for: id).get()
  }

  /// Starts a run and waits for its end.
  func run(
    _ id: StateID, _ run: DataValue = .object([:]), timeLimit: Duration? = .seconds(120),
    grace: Duration = .milliseconds(300), slot: Int = 0
  ) async -> End {
    await end(of: start(id, run, timeLimit: timeLimit, grace: grace, slot: slot))
  }

  func start(
    _ id: StateID, _ run: DataValue = .object([:]), timeLimit: Duration? = .seconds(120),
    grace: Duration = .milliseconds(300), slot: Int = 0
  ) -> RunKey {
    let key = RunKey(nextNumber())
    recorder.started.withLock { $0[key] = .now }
    host.start(
      id,
      RunStart(
        key: key, slot: slot, run: run, timeLimit: timeLimit?.nanoseconds ?? 0, stopGrace: grace.nanoseconds))
    return key
  }

  func end(of key: RunKey) async -> End { await recorder.ended.value(for: key) }

  /// Loads a job with this `main` (or file, if it defines one) and runs it once.
  func run(
    body: String, modules: [String: String] = [:], run: DataValue = .object([:]),
    timeLimit: Duration? = .seconds(120),
    grace: Duration = .milliseconds(300), limits: StateLimits = StateLimits()
  ) async throws -> End {
    let text = body.contains("function main") ? body : "function main(run)\n\(body)\nend"
    let id = try await load(text, modules: modules, limits: limits)
    let end = await self.run(id, run, timeLimit: timeLimit, grace: grace)
    host.close(id)
    return end
  }
}

/// What comes of commands, for whoever waits for it.
final class Recorder: LuaHostDelegate {
  let loaded = Results<StateID, Result<LoadedScript, ScriptError>>()
  let initialized = Results<StateID, Result<String?, ScriptError>>()
  let ended = Results<RunKey, Harness.End>()
  let verdicts = Results<UInt64, (WhenVerdict, stateLost: Bool)>()
  let stuckRuns = Results<RunKey, Void>()
  private let lines = Mutex<[StateID: [Harness.Line]]>([:])
  let started = Mutex<[RunKey: ContinuousClock.Instant]>([:])
  let events = Mutex<[String]>([])
  /// What answers the jobs' questions.
  let daemon = Mutex<(@Sendable (StateID, RunKey?, UInt64, DaemonQuestion) -> Void)?>(nil)
  /// What runs have written into their key-value stores.
  let written = Mutex<[RunKey: [KeyValueWrite]]>([:])

  func loaded(_ id: StateID, _ result: Result<LoadedScript, ScriptError>) { loaded.put(result, for: id) }

  func initialized(_ id: StateID, _ result: Result<String?, ScriptError>) { initialized.put(result, for: id) }

  func ended(_ id: StateID, _ run: RunKey, _ end: RunEnd, stateLost: Bool, peakMemory: Int) {
    let log = lines.withLock { $0.removeValue(forKey: id) ?? [] }
    let start = started.withLock { $0.removeValue(forKey: run) }
    ended.put(
      Harness.End(
        end: end, stateLost: stateLost, peakMemory: peakMemory,
        duration: start.map { .now - $0 } ?? .zero, log: log), for: run)
  }

  func logged(_ id: StateID, _ run: RunKey?, level: ScriptLogLevel, message: String, fields: DataValue) {
    lines.withLock { $0[id, default: []].append(.init(level: level, message: message, fields: fields)) }
  }

  func asked(_ id: StateID, _ run: RunKey?, number: UInt64, _ question: DaemonQuestion) {
    daemon.withLock { $0 }?(id, run, number, question)
  }

  func wrote(_ id: StateID, _ run: RunKey, _ writes: [KeyValueWrite]) {
    written.withLock { $0[run] = writes }
  }

  func whenAnswered(_ id: StateID, number: UInt64, _ verdict: WhenVerdict, stateLost: Bool) {
    verdicts.put((verdict, stateLost), for: number)
  }
  func stuck(_ run: RunKey) { stuckRuns.put((), for: run) }

  func mainCalled(slot: Int) { note("main \(slot)") }
  func calledOutside(slot: Int) { note("outside \(slot)") }

  func workerEntered(worker: Int, state: StateID, slot: Int?) {}
  func workerLeft(worker: Int) {}

  private func note(_ text: String) {
    guard !text.hasSuffix(" 0") else { return }
    events.withLock { $0.append(text) }
  }
}

/// Values by key, each taken once, be it before or after it was put.
final class Results<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private enum Entry {
    case there(Value)
    case awaited(CheckedContinuation<Value, Never>)
  }

  private let entries = Mutex<[Key: Entry]>([:])

  func put(_ value: Value, for key: Key) {
    let waiter = entries.withLock { entries -> CheckedContinuation<Value, Never>? in
      guard case .awaited(let waiter) = entries[key] else {
        entries[key] = .there(value)
        return nil
      }
      entries[key] = nil
      return waiter
    }
    waiter?.resume(returning: value)
  }

  func value(for key: Key) async -> Value {
    await withCheckedContinuation { continuation in
      let value = entries.withLock { entries -> Value? in
        guard case .there(let value) = entries[key] else {
          entries[key] = .awaited(continuation)
          return nil
        }
        entries[key] = nil
        return value
      }
      if let value { continuation.resume(returning: value) }
    }
  }
}

extension Duration {
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}

extension RunEnd {
  /// The message of a failure.
  var failure: String? {
    if case .failed(let error) = self { error.message } else { nil }
  }

  var result: DataValue? {
    if case .succeeded(let result) = self { result } else { nil }
  }
}
