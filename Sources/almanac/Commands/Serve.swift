import ArgumentParser
import FolderSyncing
import Runner

/// `almanac serve`: the daemon, in the foreground.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the jobs of a folder by their schedules, in the foreground.",
    discussion: """
      Logs to stderr. SIGTERM, SIGINT or `almanac stop` let running jobs end (--grace), then it exits; a \
      second signal does not wait. Changes in the folder go live as they are saved.
      """)

  @OptionGroup var daemon: DaemonOptions

  @Flag(
    name: .long, help: "Test mode: due runs are logged and recorded as `tested`; no job's main is called.")
  var test = false

  @Option(
    name: .customLong("log-level"), help: ArgumentHelp("debug, info, warn or error.", valueName: "level"))
  var logLevel: String = "info"

  func run() throws {
    let settings = try daemon.settings()
    try JobsFolderChoice.require(settings.jobs.value)
    let logger = try RunnerSetup.logger(level: logLevel)
    if let file = settings.file { logger.info("configuration: \(file.path)") }
    let syncs = FolderSync.recover(below: settings.jobs.value)
    for folder in syncs.recovered { logger.notice("\(folder): undid a sync that was cut off") }
    for trouble in syncs.troubles { logger.error("\(trouble)") }
    try RunnerSetup(settings, purpose: .serve, testMode: test, logger: logger).runUntilStopped()
  }
}
