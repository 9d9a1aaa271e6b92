import LuaHost
import Synchronization
import Values

@testable import HostModules

/// Runs Lua text as a job: loaded, initialized, and `main` called once, in a real Lua host.
final class ScriptHost: LuaHostDelegate {
  /// What became of a run.
  struct Outcome: Sendable {
    var end: RunEnd
    var log: [String]
    var calledOutside: Bool

    /// `main`'s result; an error's sentence where there is none.
    var result: DataValue {
      switch end {
      case .succeeded(let result): result
      case .failed(let error): .string("failed: \(error.message)")
      default: .string("\(end)")
      }
    }
  }

  static let shared = ScriptHost()

  /// - Parameters:
  ///   - text: A whole job file.
  ///   - environment: Put over what `env` in the file's schedule says.
  ///   - services: What the configuration offers to modules.
  ///   - folder: The job's folder; its `output` folder is `output` in it.
  static func run(
    _ text: String, in folder: TemporaryFolder, environment: [String: String] = [:],
    modules: [String: String] = [:], allowed: [String]? = nil,
    services: DataValue = .null, timeLimit: Duration = .seconds(120),
    stopGrace: Duration = .milliseconds(500)
  ) async -> Outcome {
    let files = modules.mapValues { ScriptSource.File(path: "jobs/module.lua", bytes: Array($0.utf8)) }
    let source = ScriptSource(
      jobName: "test", folder: folder.path, outputFolder: folder.at("output"),
      main: .init(path: "jobs/test.lua", bytes: Array(text.utf8)), modules: files)
    return await shared.run(
      source,
      Pending(
        environment: environment, allowed: allowed?.compactMap { try? Capability(parsing: $0) },
        services: services, timeLimit: timeLimit, stopGrace: stopGrace))
  }

  /// Runs the body of a `main`, with `http`, `fs`, `json` and `job` at hand.
  static func main(
    _ body: String, in folder: TemporaryFolder, environment: [String: String] = [:],
    allowed: [String]? = nil, services: DataValue = .null, timeLimit: Duration = .seconds(120),
    stopGrace: Duration = .milliseconds(500)
  ) async -> Outcome {
    let head = ["http", "fs", "json", "job"].map { "local \($0) = require \"almanac.\($0)\"" }.joined(
      separator: "; ")
    return await run(
      "\(head); function main()\n\(body)\nend", in: folder, environment: environment, allowed: allowed,
      services: services, timeLimit: timeLimit, stopGrace: stopGrace)
  }

  private struct Pending {
    var environment: [String: String]
    var allowed: [Capability]?
    var services: DataValue
    var timeLimit: Duration
    var stopGrace: Duration
    var log: [String] = []
    var calledOutside = false
    var continuation: CheckedContinuation<Outcome, Never>?
  }

  private let pending = Mutex<(next: StateID, runs: [StateID: Pending])>((1, [:]))
  private let host = Mutex<LuaHost?>(nil)

  private init() {
    host.withLock { $0 = LuaHost(modules: StandardModules.all, baseWorkers: 2, delegate: self) }
  }

  private var lua: LuaHost {
    host.withLock { host in
      guard let host else { preconditionFailure("the host is made by init") }
      return host
    }
  }

  private func run(_ source: ScriptSource, _ run: Pending) async -> Outcome {
    await withCheckedContinuation { continuation in
      let id = pending.withLock { pending in
        defer { pending.next += 1 }
        pending.runs[pending.next] = run
        pending.runs[pending.next]?.continuation = continuation
        return pending.next
      }
      lua.load(id, source)
    }
  }

  private func change(_ id: StateID, _ body: (inout Pending) -> Void) {
    pending.withLock { pending in
      guard var run = pending.runs[id] else { return }
      body(&run)
      pending.runs[id] = run
    }
  }

  private func finish(_ id: StateID, _ end: RunEnd, stateLost: Bool) {
    let run = pending.withLock { $0.runs.removeValue(forKey: id) }
    if !stateLost { lua.close(id) }
    run?.continuation?.resume(
      returning: Outcome(end: end, log: run?.log ?? [], calledOutside: run?.calledOutside ?? false))
  }

  func loaded(_ id: StateID, _ result: Result<LoadedScript, ScriptError>) {
    let run = pending.withLock { $0.runs[id] }
    switch result {
    case .success(let script):
      var all = (script.schedule["env"].asTable?.fields ?? [:]).compactMapValues(\.asString)
      all.merge(run?.environment ?? [:]) { $1 }
      lua.initialize(
        id, limits: StateLimits(environment: all, allowed: run?.allowed, services: run?.services ?? .null))
    case .failure(let error): finish(id, .failed(error), stateLost: true)
    }
  }

  func initialized(_ id: StateID, _ result: Result<String?, ScriptError>) {
    if case .failure(let error) = result { return finish(id, .failed(error), stateLost: true) }
    let (limit, grace) = pending.withLock {
      ($0.runs[id]?.timeLimit ?? .zero, $0.runs[id]?.stopGrace ?? .zero)
    }
    let run = DataValue.object(["id": .int(Int64(id)), "job": "test", "attempt": 1, "params": .object([:])])
    lua.start(
      id,
      RunStart(
        key: RunKey(id), slot: Int(id), run: run, timeLimit: Int64(limit / .nanoseconds(1)),
        stopGrace: Int64(grace / .nanoseconds(1))))
  }

  func ended(_ id: StateID, _ run: RunKey, _ end: RunEnd, stateLost: Bool, peakMemory: Int) {
    finish(id, end, stateLost: stateLost)
  }

  func logged(_ id: StateID, _ run: RunKey?, level: ScriptLogLevel, message: String, fields: DataValue) {
    change(id) { $0.log.append("\(level) \(message)") }
  }

  // There is no daemon here: a job's store is empty, nothing of its steps was done before, and nothing is kept.
  func asked(_ id: StateID, _ run: RunKey?, number: UInt64, _ question: DaemonQuestion) {
    let answer: DaemonAnswer =
      switch question {
      case .entry: .entry(value: nil, size: 0, used: 0)
      case .keys: .keys([])
      case .step: .step(nil)
      case .keepStep: .kept
      }
    lua.answer(id, number: number, answer)
  }

  func wrote(_ id: StateID, _ run: RunKey, _ writes: [KeyValueWrite]) {}

  func whenAnswered(_ id: StateID, number: UInt64, _ verdict: WhenVerdict, stateLost: Bool) {}

  func calledOutside(slot: Int) { change(StateID(slot)) { $0.calledOutside = true } }
  func stuck(_ run: RunKey) {}
  func mainCalled(slot: Int) {}
  func workerEntered(worker: Int, state: StateID, slot: Int?) {}
  func workerLeft(worker: Int) {}
}
