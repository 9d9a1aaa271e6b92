import CLinux
import Dispatch
import FoundationEssentials
import Glibc
import Logging
import RunLifecycle
import RunStoreSQLite
import Runner
import Scheduling

/// Puts a runner together: the lock on its state directory, the stores in it, the clock's zone.
struct RunnerSetup {
  let runner: Runner
  private let lock: StateLock

  init(
    state: StateDirectory, jobs: String, purpose: RunnerConfiguration.Purpose, testMode: Bool = false,
    grace: String? = nil, timeZone: String? = nil, hosts: Int? = nil, logger: Logger
  ) throws {
    for folder in [jobs, "\(jobs)/..", "/etc"] where access("\(folder)/almanac.yaml", F_OK) == 0 {
      throw CommandFailure(
        "\(folder)/almanac.yaml: a configuration file is not supported yet; use flags and ALMANAC_... variables",
        status: ExitStatus.usage)
    }
    var graceLength = Interval.seconds(30)
    if let text = grace ?? Variables.nonEmpty("ALMANAC_GRACE") {
      do { graceLength = try Interval(parsing: text) } catch {
        throw CommandFailure("--grace: \(error)", status: ExitStatus.usage)
      }
    }
    let zone = try daemonZone(timeZone)
    // Host processes inherit it: the zone of `almanac.time` in jobs that name none.
    if let timeZone { setenv("ALMANAC_TIME_ZONE", timeZone, 1) }
    let count = hosts ?? ProcessInfo.processInfo.activeProcessorCount
    guard (1...256).contains(count) else {
      throw CommandFailure("--hosts: \(count) is not a number from 1 to 256", status: ExitStatus.usage)
    }
    try state.create()
    lock = try Self.lock(state, for: purpose)
    // The databases are their owner's only, in a directory that others may read too.
    let mask = umask(0o077)
    defer { umask(mask) }
    let store = try SQLiteRunStore(at: state.ledgerPath)
    let logs = try SQLiteLogStore(at: state.logsPath)
    runner = try Runner(
      RunnerConfiguration(
        purpose: purpose, jobs: jobs, state: state, testMode: testMode, grace: graceLength, zone: zone,
        hosts: count, maxIdleStates: Variables.nonEmpty("ALMANAC_IDLE_STATES").flatMap { Int($0) },
        node: Self.nodeName(), version: Version.text),
      store: store, logs: logs, logger: logger)
  }

  /// A daemon takes the directory or is refused; a single run waits for another one to end.
  private static func lock(
    _ state: StateDirectory, for purpose: RunnerConfiguration.Purpose
  ) throws -> StateLock {
    guard case .runOnce = purpose else { return try state.lock() }
    var saidSo = false
    while let holder = state.holder() {
      // It has just become a daemon's: that could do the run.
      if try ControlClient(state) != nil { return try state.lock() }
      if !saidSo { Console.note("waiting for another `almanac run` (process \(holder)) to end") }
      saidSo = true
      usleep(50_000)
    }
    return try state.lock()
  }

  /// Runs until it is told to stop, by a signal or over its socket.
  func runUntilStopped() throws {
    let signals = trapSignals()
    defer { for signal in signals { signal.cancel() } }
    try runner.run()
  }

  func runOnce() throws -> Run {
    let signals = trapSignals()
    defer { for signal in signals { signal.cancel() } }
    return try runner.runOnce()
  }

  private func trapSignals() -> [any DispatchSourceSignal] {
    let runner = runner
    return [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { runner.stop() }
      source.resume()
      return source
    }
  }

  static func logger(level: String) throws -> Logger {
    let levels: [String: Logger.Level] = ["debug": .debug, "info": .info, "warn": .warning, "error": .error]
    guard let chosen = levels[level] else {
      throw CommandFailure(
        "--log-level: \(level) is not debug, info, warn or error", status: ExitStatus.usage)
    }
    let colours = Console.hasColour(2)
    return Logger(label: "almanac") { _ in
      ConsoleLogHandler(logLevel: chosen, colours: colours, now: { Instant(microseconds: clinux_wall_us()) })
    }
  }

  private static func nodeName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
