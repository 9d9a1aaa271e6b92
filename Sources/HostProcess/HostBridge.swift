import CLinux
import Glibc
import HostModules
import HostProtocol
import KillPoints
import LuaHost
import Values

/// Turns the daemon's commands into calls of the Lua host, and what that reports into events.
final class HostBridge: Sendable {
  private let lua: LuaHost
  private let reporter: Reporter

  init(evidence: OpaquePointer, outbox: Outbox) {
    reporter = Reporter(evidence: evidence, outbox: outbox)
    lua = LuaHost(modules: StandardModules.all, baseWorkers: 1, delegate: reporter)
  }

  /// Reads commands until the socket closes.
  func serve(socket: Int32) {
    reporter.outbox.send(.hello(build: HostConversation.build))
    var frames = FrameBuffer()
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)
    defer { chunk.deallocate() }
    while true {
      let count = recv(socket, chunk.baseAddress, chunk.count, 0)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      frames.append(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
      do throws(MalformedBytes) {
        try frames.takeFrames { (reader) throws(MalformedBytes) in
          obey(try HostCommand(from: &reader))
        }
      } catch {
        // The two ends are of different builds, or the daemon is broken: nothing can be trusted.
        return
      }
    }
  }

  private func obey(_ command: HostCommand) {
    switch command {
    case .load(let state, let bundle): lua.load(state, ScriptSource(bundle))
    case .initialize(let state, let settings): lua.initialize(state, limits: StateLimits(settings))
    case .start(let state, let attempt): lua.start(state, RunStart(attempt))
    case .askWhen(let state, let number, let due, let run):
      lua.askWhen(state, WhenCall(number: number, due: due, run: run))
    case .answer(let state, let number, let answer): lua.answer(state, number: number, answer)
    case .stop(let run, let reason): lua.stop(run, reason: .cancelled(reason))
    case .close(let state): lua.close(state)
    case .logCredit(let bytes): reporter.outbox.addCredit(bytes)
    case .ping: reporter.outbox.send(.alive)
    }
  }
}

/// What the Lua host reports, as evidence and as events.
private final class Reporter: LuaHostDelegate {
  let outbox: Outbox
  // The memory is shared with another process; all access is atomic, in C.
  nonisolated(unsafe) private let evidence: OpaquePointer

  init(evidence: OpaquePointer, outbox: Outbox) {
    self.evidence = evidence
    self.outbox = outbox
  }

  func loaded(_ id: UInt32, _ result: Result<LoadedScript, ScriptError>) {
    switch result {
    case .success(let script): outbox.send(.loaded(id, .schedule(script.schedule)))
    case .failure(let error): outbox.send(.loaded(id, .failed(ScriptFailure(error))))
    }
  }

  func initialized(_ id: UInt32, _ result: Result<String?, ScriptError>) {
    switch result {
    case .success(let text): outbox.send(.initialized(id, .ready(text)))
    case .failure(let error): outbox.send(.initialized(id, .failed(ScriptFailure(error))))
    }
  }

  func asked(_ id: UInt32, _ run: RunKey?, number: UInt64, _ question: DaemonQuestion) {
    outbox.send(.asked(id, run: run, number: number, question))
  }

  func wrote(_ id: UInt32, _ run: RunKey, _ writes: [KeyValueWrite]) {
    outbox.send(.wrote(id, run: run, writes))
  }

  func whenAnswered(_ id: UInt32, number: UInt64, _ verdict: WhenVerdict, stateLost: Bool) {
    let told: WhenReport.Verdict =
      switch verdict {
      case .yes: .yes
      case .no(let reason): .no(Kept.text(reason))
      case .failed(let error): .failed(ScriptFailure(error))
      }
    outbox.send(.whenAnswered(id, WhenReport(number: number, verdict: told, stateLost: stateLost)))
  }

  func ended(_ id: UInt32, _ run: RunKey, _ end: RunEnd, stateLost: Bool, peakMemory: Int) {
    KillPoint.endUntold.pass()
    let (end, warning) = AttemptReport.End.kept(end)
    if let warning { logged(id, run, level: .warn, message: warning, fields: .null) }
    outbox.send(
      .ended(
        id,
        AttemptReport(
          run: run, end: end, stateLost: stateLost, peakMemoryBytes: Int64(peakMemory),
          endedAt: clinux_wall_us())))
  }

  func stuck(_ run: RunKey) { outbox.send(.stuck(run: run)) }

  func logged(
    _ id: UInt32, _ run: RunKey?, level: ScriptLogLevel, message: String, fields: DataValue
  ) {
    let entry = LogEntry(
      run: run, at: clinux_wall_us(), level: LogLevel(level), message: Kept.text(message),
      fields: fields == .null ? nil : try? fields.json())
    outbox.send(.logged(id, entry))
  }

  func mainCalled(slot: Int) {
    evidence_slot_main_called(evidence, Int32(slot), clinux_wall_us())
    KillPoint.mainUncalled.pass()
  }

  func calledOutside(slot: Int) { evidence_slot_called_outside(evidence, Int32(slot)) }

  func workerEntered(worker: Int, state: UInt32, slot: Int?) {
    evidence_worker_thread_started()
    // A run is known by its slot, counted from 1; a state that loads stands above 32 bits.
    let owner = slot.map { UInt64($0) + 1 } ?? 1 << 32 | UInt64(state)
    evidence_worker_enter(evidence, Int32(worker), owner)
  }

  func workerLeft(worker: Int) { evidence_worker_leave(evidence, Int32(worker)) }
}

// MARK: From the daemon's words to the host's

extension ScriptSource {
  fileprivate init(_ bundle: ScriptBundle) {
    self.init(
      jobName: bundle.job, folder: bundle.folder, outputFolder: bundle.outputFolder,
      main: File(path: bundle.main.path, bytes: bundle.main.bytes),
      modules: Dictionary(
        bundle.modules.map { ($0.name, File(path: $0.path, bytes: $0.bytes)) }, uniquingKeysWith: { $1 }),
      rocks: bundle.rocks.map { RockModules(tree: $0, allowsNative: bundle.allowsNative) },
      isToRun: bundle.isToRun)
  }
}

extension StateLimits {
  fileprivate init(_ settings: StateSettings) {
    self.init(
      memoryLimit: Int(settings.memoryLimitBytes), logLimit: Int(settings.logLimitBytes),
      cpuLimit: settings.cpuLimitNanoseconds, environment: settings.environment, secrets: settings.secrets,
      secretsFolder: settings.secretsFolder, allowed: settings.allowed, services: settings.services)
  }
}

extension RunStart {
  fileprivate init(_ attempt: AttemptStart) {
    self.init(
      key: attempt.run, slot: Int(attempt.slot), run: attempt.argument,
      timeLimit: attempt.timeLimitNanoseconds,
      stopGrace: attempt.stopGraceNanoseconds, dry: attempt.dryAnswers != .null, answers: attempt.dryAnswers)
  }
}

// MARK: From the host's words to the daemon's

extension ScriptFailure {
  fileprivate init(_ error: ScriptError) {
    self.init(
      file: error.file, line: error.line.map { Int32(clamping: $0) }, message: Kept.text(error.text),
      traceback: error.traceback)
  }
}

extension LogLevel {
  fileprivate init(_ level: ScriptLogLevel) {
    self =
      switch level {
      case .debug: .debug
      case .info: .info
      case .warn: .warn
      case .error: .error
      }
  }
}

/// What of a job's words goes into the ledger and the log.
private enum Kept {
  /// The longest error or reason, and the longest result, in bytes.
  static let longestText = 16 << 10
  static let longestResult = 1 << 20

  static func tooLarge(about size: Int) -> String { tooLarge("has about \(size) bytes") }

  static func tooLarge(_ what: String) -> String {
    "the result was not kept: it \(what), and at most \(longestResult) bytes are kept; "
      + "write it to job.output(...)"
  }

  /// A text that every store and terminal takes: without the character zero, and not endless.
  static func text(_ text: String) -> String {
    guard text.utf8.count > longestText else { return clean(text) }
    let head = String(decoding: text.utf8.prefix(longestText), as: UTF8.self)
    return clean(head) + "... (\(text.utf8.count) bytes in all)"
  }

  private static func clean(_ text: String) -> String {
    text.utf8.contains(0) ? text.replacing("\0", with: "\u{2400}") : text
  }

  static func text(_ text: String?) -> String? { text.map { Self.text($0) } }
}

extension AttemptReport.End {
  /// The end, and what is to be said if its result cannot be kept: the run has succeeded all the same.
  fileprivate static func kept(_ end: RunEnd) -> (AttemptReport.End, warning: String?) {
    switch end {
    case .succeeded(.null): return (.succeeded(nil), nil)
    case .succeeded(.opaque(let type)): return (.succeeded(nil), Kept.tooLarge("is a \(type)"))
    case .succeeded(let result):
      // Looked at first: writing out what is far too large takes its time, and no limit ends that.
      guard result.roughSize <= 8 * Kept.longestResult else {
        return (.succeeded(nil), Kept.tooLarge(about: result.roughSize))
      }
      do throws(JSONTrouble) {
        let json = try result.json()
        guard json.utf8.count > Kept.longestResult else { return (.succeeded(json), nil) }
        return (.succeeded(nil), Kept.tooLarge(about: json.utf8.count))
      } catch {
        return (.succeeded(nil), "the result was not kept: \(error)")
      }
    case .failed(let error): return (.failed(ScriptFailure(error)), nil)
    case .skipped(let reason): return (.skipped(Kept.text(reason)), nil)
    case .retryAfter(let seconds, let reason):
      let wait = Int64((min(max(0, seconds), 1e9) * 1_000_000).rounded())
      return (.retryAfter(wait, Kept.text(reason)), nil)
    case .fatal(let message): return (.fatal(Kept.text(message)), nil)
    case .timedOut: return (.timedOut, nil)
    case .overCPULimit: return (.overCPULimit, nil)
    case .cancelled(let reason): return (.stopped(reason), nil)
    }
  }
}
