import Files
import Glibc
import LuaHost
import Values

/// A child process as a script described it, checked.
struct ProcessPlan: Sendable {
  /// Where the child's input comes from.
  enum Input {
    case nothing
    case bytes([UInt8])
    case file(JobPath)
  }

  /// The program or the shell's command, as messages call it.
  let shown: String
  let arguments: [[UInt8]]
  /// The paths to try as the program.
  let programs: [[UInt8]]
  /// Where a program without a slash in its name was looked for; `nil` where it has one.
  let searched: String?
  let folder: JobPath
  let environment: [[UInt8]]
  let input: Input
  let outputFile: JobPath?
  let errorsFile: JobPath?
  let appends: Bool
  /// Whether stderr goes where stdout goes.
  let mergesErrors: Bool
  /// For each of the two streams, in bytes.
  var maxOutput: Int
  /// In seconds.
  let timeout: Double?
  /// Whether an end other than with exit code 0 is trouble.
  let checks: Bool
  /// Whether what it writes goes to the run's log, line by line.
  var logs: Bool

  static let options = [
    "cwd", "env", "env_clear", "stdin", "stdin_file", "stdout_file", "stderr_file", "append", "merge_stderr",
    "max_output", "timeout", "check", "log",
  ]
  static let defaultMaxOutput = 1 << 20
  /// More than that is for a file.
  private static let mostOutput = 64 << 20

  /// - Parameters:
  ///   - words: The program and its arguments; for a shell's command, the shell and its.
  ///   - shown: What messages call it.
  init(_ words: [[UInt8]], shown: String, _ options: Options, in job: JobContext) throws(Misuse) {
    self.shown = shown
    arguments = words
    folder = try JobPath(
      try options.bytes("cwd") ?? Array(".".utf8), in: job.folder, of: options.function, name: "cwd")
    let variables = try Self.variables(options, job)
    environment = variables.map { Array($0.key.utf8) + [UInt8(ascii: "=")] + $0.value }
    (programs, searched) = try Self.programs(words[0], path: variables["PATH"], options, job)
    input = try Self.input(options, job)
    outputFile = try Self.path(options, "stdout_file", job)
    errorsFile = try Self.path(options, "stderr_file", job)
    appends = try options.flag("append")
    mergesErrors = try options.flag("merge_stderr")
    if mergesErrors, errorsFile != nil {
      throw options.misuse("give one of merge_stderr and stderr_file, not both")
    }
    maxOutput = try options.byteCount("max_output", upTo: Self.mostOutput) ?? Self.defaultMaxOutput
    timeout = try options.seconds("timeout")
    checks = try options.flag("check")
    logs = try options.flag("log")
  }

  /// The plan for a command by `/bin/sh -c`.
  init(shell command: [UInt8], _ options: Options, in job: JobContext) throws(Misuse) {
    guard !command.contains(0) else { throw options.misuse("the command has a zero byte in it") }
    let text = String(decoding: command, as: UTF8.self)
    let line = text.split(separator: "\n").first.map(String.init) ?? ""
    let head = line.count > 60 ? line.prefix(60) + "..." : line + (line.count < text.count ? " ..." : "")
    try self.init(
      [Self.shell, Array("-c".utf8), command], shown: "`\(head)`", options, in: job)
  }

  /// What the job must be allowed to do for it: a shell is `sh`.
  var needs: [Capability] {
    var needs = [Capability(.process, arguments[0] == Self.shell ? "sh" : program)]
    if case .file(let path) = input { needs.append(Capability(.read, path: path.bytes)) }
    for path in [outputFile, errorsFile] {
      if let path { needs.append(Capability(.write, path: path.bytes)) }
    }
    return needs
  }

  private var program: String { String(decoding: arguments[0], as: UTF8.self) }

  private static let shell = Array("/bin/sh".utf8)

  /// What the child is started with, but for its descriptors.
  var launch: Launch {
    Launch(folder: folder.bytes, programs: programs, arguments: arguments, environment: environment)
  }

  private static func path(_ options: Options, _ name: String, _ job: JobContext) throws(Misuse) -> JobPath? {
    guard let bytes = try options.bytes(name) else { return nil }
    return try JobPath(bytes, in: job.folder, of: options.function, name: name)
  }

  private static func input(_ options: Options, _ job: JobContext) throws(Misuse) -> Input {
    let file = try path(options, "stdin_file", job)
    let bytes = try options.bytes("stdin")
    if let file {
      if bytes != nil { throw options.misuse("give one of stdin and stdin_file, not both") }
      return .file(file)
    }
    return bytes.map { $0.isEmpty ? .nothing : .bytes($0) } ?? .nothing
  }

  /// The daemon's environment, under what `job.env` offers, under the call's own.
  private static func variables(_ options: Options, _ job: JobContext) throws(Misuse) -> [String: [UInt8]] {
    var variables: [String: [UInt8]] = [:]
    if try !options.flag("env_clear") {
      variables = HostEnvironment.variables
      for (name, value) in job.environment { variables[name] = Array(value.utf8) }
    }
    for (name, value) in try options.table("env")?.fields ?? [:] {
      guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "=")), !name.utf8.contains(0) else {
        throw options.misuse("env: \(describe(.string(name))) is not a variable's name")
      }
      // `NAME = false` takes a variable away.
      if value == .bool(false) {
        variables[name] = nil
        continue
      }
      guard let bytes = LuaText.bytes(value) else {
        throw options.misuse("env.\(name) must be a string, or false to leave it out, not \(describe(value))")
      }
      guard !bytes.contains(0) else { throw options.misuse("env.\(name) has a zero byte in it") }
      variables[name] = bytes
    }
    return variables
  }

  private static func programs(
    _ name: [UInt8], path: [UInt8]?, _ options: Options, _ job: JobContext
  ) throws(Misuse) -> ([[UInt8]], searched: String?) {
    let slash = UInt8(ascii: "/")
    if name.contains(slash) {
      return ([try JobPath(name, in: job.folder, of: options.function, name: "the program").bytes], nil)
    }
    guard !name.isEmpty else { throw options.misuse("the program's name is empty") }
    let path = path ?? Array("/usr/local/bin:/usr/bin:/bin".utf8)
    let folders = path.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: true)
    return (folders.map { $0 + [slash] + name }, String(decoding: path, as: UTF8.self))
  }

  /// What a child that could not be started is trouble of.
  func trouble(_ refusal: ChildProcess.LaunchRefusal) -> Trouble {
    switch refusal {
    case .folder(let code): .system("start \(shown) in", folder, code: code)
    case .program(ENOENT):
      if let searched {
        Trouble("no such program: \(shown) (looked in PATH, which is \(searched))")
      } else {
        Trouble("no such program: \(shown) (or what its first line, #!, names is not there)")
      }
    case .program(EACCES): Trouble("cannot start \(shown): it may not be executed (chmod +x lets it)")
    case .program(ENOEXEC):
      Trouble("cannot start \(shown): it is no program (a script begins with a line like #!/bin/sh)")
    case .program(E2BIG): Trouble("cannot start \(shown): the arguments and the environment are too long")
    case .program(let code): Trouble("cannot start \(shown): \(SystemFailure(code: code).reason)")
    case .lost: Trouble("\(shown) was lost: the process that looks after children was killed")
    }
  }
}

/// The environment that children inherit: the daemon's, without what is the host's own.
enum HostEnvironment {
  static let variables: [String: [UInt8]] = {
    var variables: [String: [UInt8]] = [:]
    var next = environ
    while let text = next.pointee {
      let bytes = JobPath.bytes(of: text)
      if let equals = bytes.firstIndex(of: UInt8(ascii: "=")) {
        variables[String(decoding: bytes[..<equals], as: UTF8.self)] = Array(bytes[(equals + 1)...])
      }
      next += 1
    }
    // Set by the daemon for its hosts.
    variables["SWIFT_BACKTRACE"] = nil
    return variables
  }()
}
