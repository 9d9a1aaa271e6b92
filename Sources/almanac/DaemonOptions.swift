import ArgumentParser
import Settings

/// What the command line can say of how the daemon is set up.
struct DaemonOptions: ParsableArguments {
  @Argument(help: "The folder of jobs. Also ALMANAC_JOBS; else ./jobs.")
  var jobs: String?

  @OptionGroup var state: StateOptions

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
  var hosts: String?

  @Option(
    name: .customLong("idle-states"),
    help: ArgumentHelp("How many idle jobs' Lua states are kept. Else all.", valueName: "n"))
  var idleStates: String?

  @Option(name: .long, help: .hidden)
  var listen: String?

  @Option(name: .long, help: .hidden)
  var store: String?

  /// What is in force.
  func settings() throws -> DaemonSettings {
    try state.config.settings([
      "jobs": jobs, "state": state.state, "grace": grace, "time_zone": timeZone, "hosts": hosts,
      "idle_states": idleStates, "listen": listen, "store": store,
    ])
  }
}
