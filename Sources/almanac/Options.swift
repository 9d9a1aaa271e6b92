import ArgumentParser
import FoundationEssentials
import Glibc
import Runner
import Scheduling
import Settings

/// Where the configuration is: every command that needs one of its settings takes it.
struct ConfigOption: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "The configuration. Also ALMANAC_CONFIG; else almanac.yaml beside the folder of jobs, else in /etc.",
      valueName: "file"))
  var config: String?

  /// What is in force where the command line says this.
  ///
  /// - Parameter flags: by the keys of the file; `nil` for what was not given.
  func settings(_ flags: [String: String?] = [:]) throws -> DaemonSettings {
    let named =
      config.map { ($0, "--config") } ?? Variables.nonEmpty("ALMANAC_CONFIG").map { ($0, "ALMANAC_CONFIG") }
    let flags = flags.compactMapValues { $0 }
    let jobs = flags["jobs"] ?? Variables.nonEmpty("ALMANAC_JOBS") ?? "jobs"
    do throws(SettingsError) {
      return try DaemonSettings(
        flags: flags, environment: ProcessInfo.processInfo.environment,
        file: ConfigurationFile.find(
          named: named.map { (absolutePath($0.0), $0.1) }, besideJobs: absolutePath(jobs + "/..")))
    } catch {
      throw CommandFailure(error.problems.joined(separator: "\nalmanac: "), status: ExitStatus.usage)
    }
  }
}

/// Where the state directory is: every command that looks at runs or talks to the daemon takes it.
struct StateOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "The state directory: the ledger, the logs, the daemon's socket. Also ALMANAC_STATE; else ./.almanac.",
      valueName: "dir"))
  var state: String?

  @OptionGroup var config: ConfigOption

  /// What is in force; a command with a folder of jobs names it, for the configuration stands beside that.
  func settings(jobs: String? = nil) throws -> DaemonSettings {
    try config.settings(["state": state, "jobs": jobs])
  }

  /// The state directory. One that is named needs no configuration, so that a daemon can be looked at and
  /// stopped whatever has become of the file.
  var directory: StateDirectory {
    get throws {
      if config.config == nil, let named = state ?? Variables.nonEmpty("ALMANAC_STATE") {
        return StateDirectory(path: named)
      }
      return try settings().directory
    }
  }

  /// The daemon that holds the directory, or why there is nobody to talk to.
  func daemon() throws -> ControlClient {
    let directory = try directory
    if let client = try ControlClient(directory) { return client }
    throw directory.absence(hint: "start one with `almanac serve`, or name its directory with --state")
  }
}

/// Where the jobs are.
struct JobsOption: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("The folder of jobs. Also ALMANAC_JOBS; else ./jobs.", valueName: "dir"))
  var jobs: String?
}

extension DaemonSettings {
  var directory: StateDirectory { StateDirectory(path: state.value) }

  /// The zone of jobs that name none: what the settings say, else the machine's. One that is not known is an
  /// error, never silently UTC.
  func zone() throws -> Zone {
    if let zone = timeZone.value { return zone }
    do { return try Zone.ofMachine() } catch { throw CommandFailure("\(error)", status: ExitStatus.usage) }
  }

  /// Has host processes, which inherit this process' variables, take the zone that is set for local time: both
  /// `almanac.time` in jobs that name none, and what knows only of `TZ`, `os.date` and the programs that jobs run.
  func giveZoneToHosts() {
    guard let zone = timeZone.value else { return }
    for name in ["ALMANAC_TIME_ZONE", "TZ"] { setenv(name, zone.name, 1) }
  }
}

/// The folder of jobs.
enum JobsFolderChoice {
  /// Refuses a folder that is not there.
  static func require(_ folder: String, status exitStatus: Int32 = ExitStatus.usage) throws {
    var status = stat()
    guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw CommandFailure(
        "there is no folder of jobs at \(absolutePath(folder)); make one with `almanac new hello`, or name yours",
        status: exitStatus)
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
