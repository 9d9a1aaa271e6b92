import Foundation
import Glibc

/// The real binary over folders of its own: what the campaign breaks, again and again.
///
/// Everything is under ``root``, which stays until ``remove()``; what was started ends with the object.
final class Installation {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// How a daemon has ended.
  enum End: Equatable {
    case exited(Int32)
    case killed(Int32)
  }

  let binary: String
  let root: String
  private let log: FileHandle
  /// What daemons are told beside the rest.
  private let environment: [String: String]
  private var daemon: Process?
  /// Where the present daemon's part of the log begins.
  private var logStart: UInt64 = 0

  /// - Parameter root: a folder, made if it is not there.
  init(binary: String, root: String, environment: [String: String] = [:]) throws {
    self.binary = binary
    self.environment = environment
    self.root = root
    for folder in ["jobs", "calls", "inbox"] {
      try FileManager.default.createDirectory(atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
    }
    let path = root + "/stderr"
    if !FileManager.default.fileExists(atPath: path) {
      _ = FileManager.default.createFile(atPath: path, contents: nil)
    }
    guard let log = FileHandle(forWritingAtPath: path) else {
      throw Failure(description: "cannot write \(path)")
    }
    try log.seekToEnd()
    self.log = log
  }

  deinit { killDaemon() }

  var state: String { root + "/state" }

  func remove() {
    killDaemon()
    try? FileManager.default.removeItem(atPath: root)
  }

  // MARK: Files

  /// Saves a file as most editors do: written whole, renamed over.
  func save(_ path: String, _ text: String) throws {
    try text.write(toFile: "\(root)/\(path)", atomically: true, encoding: .utf8)
  }

  /// The state directory, there before the first start.
  func makeState() throws -> String {
    try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
    return state
  }

  func has(_ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(root)/\(path)") }

  func delete(_ path: String) { unlink("\(root)/\(path)") }

  func read(_ path: String) -> String {
    (try? String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)) ?? ""
  }

  // MARK: The daemon

  var isRunning: Bool { daemon?.isRunning ?? false }

  var pid: pid_t? { isRunning ? daemon?.processIdentifier : nil }

  /// Starts `almanac serve`, and returns at once.
  func start(environment more: [String: String] = [:]) throws {
    logStart = try log.seekToEnd()
    daemon = try launch(
      ["serve", root + "/jobs", "--state", state, "--hosts", "2", "--grace", "10s"],
      environment.merging(more) { $1 }, err: log)
  }

  /// What the present daemon has said.
  var said: String {
    guard let file = FileHandle(forReadingAtPath: root + "/stderr") else { return "" }
    defer { try? file.close() }
    try? file.seek(toOffset: logStart)
    return String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
  }

  /// Waits until every job is live.
  ///
  /// - Returns: false if the daemon has ended before that.
  func becomesReady(within seconds: Double = 120) throws -> Bool {
    try wait(for: "the daemon to be ready", within: seconds) { said.contains(" is ready: ") || !isRunning }
    return isRunning
  }

  /// Kills the daemon, and nothing else, and buries it.
  func killDaemon() {
    guard let daemon, daemon.isRunning else { return }
    kill(daemon.processIdentifier, SIGKILL)
    daemon.waitUntilExit()
  }

  /// Tells the daemon to stop.
  func terminate() { if let pid { kill(pid, SIGTERM) } }

  /// Waits for the daemon's end.
  func end(within seconds: Double = 120) throws -> End {
    guard let daemon else { throw Failure(description: "no daemon was started") }
    try wait(for: "the daemon to end", within: seconds) { !daemon.isRunning }
    daemon.waitUntilExit()
    return daemon.terminationReason == .exit
      ? .exited(daemon.terminationStatus) : .killed(daemon.terminationStatus)
  }

  /// The host processes of the daemon that runs.
  func hosts() -> [pid_t] {
    guard let pid, let threads = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
    else {
      return []
    }
    let children = threads.flatMap { thread in
      (try? String(contentsOfFile: "/proc/\(pid)/task/\(thread)/children", encoding: .utf8))?
        .split(separator: " ").compactMap { pid_t($0) } ?? []
    }
    return children.filter { child in
      let line = try? String(contentsOfFile: "/proc/\(child)/cmdline", encoding: .utf8)
      return line?.split(separator: "\0").dropFirst().first == "host"
    }
  }

  // MARK: Commands

  /// A command that was started: what it says is there when it has ended.
  struct Command {
    fileprivate let process: Process
    fileprivate let out: Pipe

    /// Waits for it. `nil` where it has failed, as it does when the daemon goes away under it.
    func answer() -> String? {
      let data = out.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
    }
  }

  /// Starts a command of the program on this state directory.
  func command(_ arguments: String...) throws -> Command {
    let out = Pipe()
    return Command(
      process: try launch(arguments + ["--state", state], [:], err: .nullDevice, out: out), out: out)
  }

  private func launch(
    _ arguments: [String], _ environment: [String: String], err: FileHandle, out: Pipe? = nil
  ) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: binary)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: root)
    let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("ALMANAC_") }
    process.environment = inherited.merging(environment) { $1 }
    process.standardError = err
    process.standardOutput = out ?? FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return process
  }

  // MARK: Waiting

  /// Polls until `condition` holds.
  func wait(for what: String, within seconds: Double, _ condition: () throws -> Bool) throws {
    let deadline = Date().addingTimeInterval(seconds)
    while try !condition() {
      guard Date() < deadline else {
        throw Failure(
          description: "waited \(seconds) s in vain for \(what); the daemon's log: \(root)/stderr")
      }
      usleep(10_000)
    }
  }
}
