import CLinux
import Dispatch
import FoundationEssentials
import Glibc
import Logging
import RunLifecycle
import RunStoreSQLite
import Runner
import Scheduling
import Settings

/// Puts a runner together: the lock on its state directory, the stores in it, the clock's zone.
struct RunnerSetup {
  let runner: Runner
  private let lock: StateLock
  private let store: SQLiteRunStore
  private let logs: SQLiteLogStore

  init(
    _ settings: DaemonSettings, purpose: RunnerConfiguration.Purpose, testMode: Bool = false, logger: Logger
  ) throws {
    let zone = try settings.zone()
    settings.giveZoneToHosts()
    let state = settings.directory
    try state.create()
    lock = try Self.lock(state, for: purpose)
    // The databases are their owner's only, in a directory that others may read too.
    let mask = umask(0o077)
    defer { umask(mask) }
    store = try SQLiteRunStore(at: state.ledgerPath)
    logs = try SQLiteLogStore(at: state.logsPath)
    var configuration = RunnerConfiguration(
      purpose: purpose, jobs: settings.jobs.value, state: state, testMode: testMode,
      grace: settings.grace.value, zone: zone,
      hosts: settings.hosts.value ?? ProcessInfo.processInfo.activeProcessorCount,
      maxIdleStates: settings.idleStates.value, retention: settings.retention,
      pools: settings.pools.mapValues(\.value), defaults: settings.defaults, node: Self.nodeName(),
      version: Version.text, notify: settings.notify)
    configuration.zoneIsMachines = settings.timeZone.value == nil
    runner = try Runner(configuration, store: store, logs: logs, logger: logger)
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
    defer { close() }
    try runner.run()
  }

  func runOnce() throws -> Run {
    let signals = trapSignals()
    defer { for signal in signals { signal.cancel() } }
    defer { close() }
    return try runner.runOnce()
  }

  /// Leaves each database in one file: its write-ahead log is taken into it. What cannot be closed is read as it
  /// is by the next start.
  private func close() {
    try? store.close()
    try? logs.close()
  }

  private func trapSignals() -> [any DispatchSourceSignal] {
    // Whoever read the log has gone; a file has reached its limit: an error is enough.
    for ignored in [SIGPIPE, SIGXFSZ] { signal(ignored, SIG_IGN) }
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
