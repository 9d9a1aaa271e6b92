import ArgumentParser
import FoundationEssentials
import Glibc
import Runner

/// Where the state directory is: every command that looks at runs or talks to the daemon takes it.
struct StateOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "The state directory: the ledger, the logs, the daemon's socket. Also ALMANAC_STATE; else ./.almanac.",
      valueName: "dir"))
  var state: String?

  var directory: StateDirectory {
    StateDirectory(path: state ?? Variables.nonEmpty("ALMANAC_STATE") ?? ".almanac")
  }

  /// The daemon that holds the directory, or why there is nobody to talk to.
  func daemon() throws -> ControlClient {
    if let client = try ControlClient(directory) { return client }
    throw CommandFailure(
      "no daemon holds the state directory \(directory.path); start one with `almanac serve`, "
        + "or name its directory with --state")
  }
}

/// Where the jobs are.
struct JobsOption: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("The folder of jobs. Also ALMANAC_JOBS; else ./jobs.", valueName: "dir"))
  var jobs: String?

  var folder: String { JobsFolderChoice.folder(jobs) }
}

enum JobsFolderChoice {
  /// The folder that was named, or the default one.
  static func folder(_ named: String?) -> String { named ?? Variables.nonEmpty("ALMANAC_JOBS") ?? "jobs" }

  /// Refuses a folder that is not there.
  static func require(_ folder: String) throws {
    var status = stat()
    guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw CommandFailure(
        "there is no folder of jobs at \(absolutePath(folder)); make one with `almanac new hello`, or name yours",
        status: ExitStatus.usage)
    }
  }
}

/// Environment variables.
enum Variables {
  static func nonEmpty(_ name: String) -> String? {
    let value = ProcessInfo.processInfo.environment[name]
    return value?.isEmpty == false ? value : nil
  }
}

/// Every listing can be had as JSON.
struct JSONFlag: ParsableArguments {
  @Flag(name: .long, help: "Print JSON.")
  var json = false
}
