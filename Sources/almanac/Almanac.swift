import ArgumentParser

/// The command line. One file a command; this is the list of them.
struct Almanac: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "almanac",
    abstract: "Runs jobs on time, and says why when it did not.",
    discussion: """
      A job is a Lua file in a folder: `almanac new hello` writes one, `almanac run hello` runs it now, \
      `almanac serve` runs all of them by their schedules.
      """,
    version: Version.text,
    groupedSubcommands: [
      CommandGroup(name: "Run", subcommands: [Serve.self, RunCommand.self, New.self]),
      CommandGroup(
        name: "Look",
        subcommands: [
          Status.self, JobsCommand.self, Runs.self, Logs.self, Next.self, Why.self, Simulate.self, Check.self,
          Config.self,
        ]),
      CommandGroup(
        name: "Control",
        subcommands: [Trigger.self, Cancel.self, Pause.self, Resume.self, Reload.self, Stop.self]),
      CommandGroup(name: "Bring along", subcommands: [Import.self, Sync.self, Delete.self]),
      CommandGroup(name: "Internal", subcommands: [Host.self]),
    ])
}

enum Version {
  static let text = "0.1.0"
}
