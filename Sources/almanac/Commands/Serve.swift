import ArgumentParser
import Runner

/// `almanac serve`: the daemon, in the foreground.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the jobs of a folder by their schedules, in the foreground.",
    discussion: """
      Logs to stderr. SIGTERM, SIGINT or `almanac stop` let running jobs end (--grace), then it exits; a
      second signal does not wait. Changes in the folder go live as they are saved.
      """)

  @Argument(help: "The folder of jobs. Also ALMANAC_JOBS; else ./jobs.")
  var jobs: String?

  @OptionGroup var state: StateOptions

  @Flag(
    name: .long, help: "Test mode: due runs are logged and recorded as `tested`; no job's main is called.")
  var test = false

  @Option(
    name: .long, help: ArgumentHelp("How long running jobs have to end when it stops.", valueName: "duration")
  )
  var grace: String?

  @Option(
    name: .customLong("time-zone"),
    help: ArgumentHelp("The zone of jobs that name none. Else the system's.", valueName: "zone"))
  var timeZone: String?

  @Option(
    name: .long,
    help: ArgumentHelp("How many host processes run the jobs' Lua. Else one a processor.", valueName: "n"))
  var hosts: Int?

  @Option(
    name: .customLong("log-level"), help: ArgumentHelp("debug, info, warn or error.", valueName: "level"))
  var logLevel: String = "info"

  @Option(name: .long, help: .hidden)
  var listen: String?

  @Option(name: .long, help: .hidden)
  var store: String?

  func run() throws {
    if listen != nil {
      throw CommandFailure("--listen (the HTTP API) is not supported yet", status: ExitStatus.usage)
    }
    if store != nil {
      throw CommandFailure(
        "--store (another store than the built-in one) is not supported yet", status: ExitStatus.usage)
    }
    let folder = JobsFolderChoice.folder(jobs)
    try JobsFolderChoice.require(folder)
    let logger = try RunnerSetup.logger(level: logLevel)
    let setup = try RunnerSetup(
      state: state.directory, jobs: folder, purpose: .serve, testMode: test, grace: grace, timeZone: timeZone,
      hosts: hosts, logger: logger)
    try setup.runUntilStopped()
  }
}
