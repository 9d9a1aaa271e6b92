import Foundation
import Testing
import Values

/// The real binary over real folders: what a user has.
///
/// Everything is under one temporary folder, and everything that was started is ended with the object.
final class Almanac {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  struct Output {
    let status: Int32
    let out: String
    let err: String
  }

  let root: String
  private var daemons: [Process] = []
  private let errors: FileHandle
  private let errorsPath: String

  init() throws {
    root = NSTemporaryDirectory() + "almanac-test-" + UUID().uuidString
    for folder in ["/jobs", "/tmp"] {
      try FileManager.default.createDirectory(atPath: root + folder, withIntermediateDirectories: true)
    }
    errorsPath = root + "/stderr"
    _ = FileManager.default.createFile(atPath: errorsPath, contents: nil)
    guard let handle = FileHandle(forWritingAtPath: errorsPath) else {
      throw Failure(description: "no stderr file")
    }
    errors = handle
  }

  deinit {
    for daemon in daemons where daemon.isRunning {
      kill(daemon.processIdentifier, SIGKILL)
      daemon.waitUntilExit()
    }
    try? FileManager.default.removeItem(atPath: root)
  }

  var jobs: String { root + "/jobs" }
  var state: String { root + "/state" }
  /// The daemon's log so far.
  var log: String { (try? String(contentsOfFile: errorsPath, encoding: .utf8)) ?? "" }

  /// The binary that this test run was built with, or another one that `ALMANAC_BINARY` names.
  static let binary: String = {
    if let other = ProcessInfo.processInfo.environment["ALMANAC_BINARY"] { return other }
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    // The test runner stands in the build folder, or some way below it.
    var folder = bundle
    for _ in 0..<6 {
      let candidate = folder.appendingPathComponent("almanac").path
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
      folder.deleteLastPathComponent()
    }
    return ".build/debug/almanac"
  }()

  /// What the processes inherit: nothing that would point them to a user's own things.
  private static let environment = ProcessInfo.processInfo.environment.filter { name, _ in
    let settings = ["SPOTIFY_", "PLAYLIST_", "SPEED_TEST_", "WATCH_", "BACKUP", "DISKS", "MIN_FREE_"]
    return !(settings + ["ALMANAC_"]).contains { name.hasPrefix($0) }
  }

  // MARK: Jobs

  /// Saves a job file (or any other under the jobs folder) as most editors do: written whole, renamed over.
  func save(_ path: String, _ text: String) throws {
    let full = jobs + "/" + path
    try FileManager.default.createDirectory(
      atPath: (full as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: full, atomically: true, encoding: .utf8)
  }

  func read(_ path: String) -> String? { try? String(contentsOfFile: root + "/" + path, encoding: .utf8) }

  // MARK: Processes

  /// Starts `almanac serve` and returns when it is ready.
  @discardableResult
  func serve(_ arguments: [String] = [], environment: [String: String] = [:]) async throws -> Process {
    let before = log.count
    let process = try start(
      ["serve", jobs, "--state", state] + arguments, environment: environment, err: errors)
    daemons.append(process)
    try await eventually("the daemon is ready") {
      self.log.dropFirst(before).contains(" is ready: ") || !process.isRunning
    }
    guard process.isRunning else { throw Failure(description: "serve ended: \(log.dropFirst(before))") }
    return process
  }

  /// Starts a command whose stderr goes where the daemon's does; it is ended with the object.
  func launch(_ arguments: [String], environment: [String: String] = [:]) throws -> Process {
    let process = try start(arguments, environment: environment, err: errors)
    daemons.append(process)
    return process
  }

  /// Runs a command to its end.
  func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Output {
    let (out, err) = (Pipe(), root + "/err-" + UUID().uuidString)
    _ = FileManager.default.createFile(atPath: err, contents: nil)
    let process = try start(
      arguments, environment: environment, err: FileHandle(forWritingAtPath: err) ?? .nullDevice, out: out)
    let data = out.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Output(
      status: process.terminationStatus, out: String(decoding: data, as: UTF8.self),
      err: (try? String(contentsOfFile: err, encoding: .utf8)) ?? "")
  }

  /// A command of this installation: with its jobs and state folders where they are taken.
  @discardableResult
  func command(_ arguments: String...) throws -> Output { try command(arguments) }

  func command(_ arguments: [String]) throws -> Output {
    let takesJobs = ["run", "next", "jobs", "new", "why"].contains(arguments[0])
    let takesState = !["check", "new"].contains(arguments[0])
    return try run(arguments + (takesJobs ? ["--jobs", jobs] : []) + (takesState ? ["--state", state] : []))
  }

  private func start(
    _ arguments: [String], environment: [String: String], err: FileHandle, out: Pipe? = nil
  ) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.binary)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: root)
    // What jobs leave in the temporary folder goes with the rest.
    process.environment = Self.environment.merging(["TMPDIR": root + "/tmp"]) { $1 }
      .merging(environment) { $1 }
    process.standardError = err
    process.standardOutput = out ?? FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return process
  }

  // MARK: Looking

  /// The rows of a listing.
  func rows(_ arguments: String...) throws -> [DataValue] {
    let output = try run(
      arguments + ["--json", "--state", state] + (arguments[0] == "jobs" ? ["--jobs", jobs] : []))
    guard let items = try DataValue(json: Array(output.out.utf8)).asTable?.items else {
      throw Failure(description: "not a list: \(output.out) \(output.err)")
    }
    return items
  }

  /// The rows of a job's runs, newest first.
  func runs(of job: String, latest count: Int = 10_000) throws -> [DataValue] {
    // A job that has left no trace yet is no error here.
    let output = try run(["runs", job, "-n", "\(count)", "--json", "--state", state])
    guard output.status == 0 else { return [] }
    return try DataValue(json: Array(output.out.utf8)).asTable?.items ?? []
  }

  /// Waits for a run of the job that has ended, and returns the newest.
  func endedRun(of job: String, count: Int = 1, seconds: Double = 90) async throws -> DataValue {
    var found: DataValue?
    try await eventually("\(count) runs of \(job) have ended", seconds: seconds) {
      let ended = (try? self.runs(of: job).filter { $0["state"] == "ended" }) ?? []
      found = ended.first
      return ended.count >= count
    }
    guard let found else { throw Failure(description: "no run of \(job)") }
    return found
  }

  /// Polls until `condition` holds. The time is for a machine that is busy with everything else.
  func eventually(
    _ what: String, seconds: Double = 90, _ condition: () throws -> Bool
  ) async throws {
    let deadline = Date().addingTimeInterval(seconds)
    var pause = 10.0
    while true {
      if try condition() { return }
      // Looked at once more after the time is over: it may have been spent waiting for a processor.
      if Date() > deadline { break }
      // What has not come soon may take its time: others need the processor to get there.
      try await Task.sleep(for: .milliseconds(pause))
      pause = min(pause * 1.5, 150)
    }
    throw Failure(description: "waited \(seconds) s in vain: \(what)\n\(log.suffix(4000))")
  }
}
