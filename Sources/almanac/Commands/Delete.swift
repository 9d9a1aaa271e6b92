import ArgumentParser
import TaskScheduling

/// `almanac delete PATH`: a task that a sync has made goes.
struct Delete: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Delete a job that came from a task definition, by the path of the task.",
    discussion: """
      Its history stays in the ledger. A file that was not made by `almanac sync`, or has been edited since, is left \
      alone without --force.
      """)

  @Argument(help: "The path of the task, \\myApp\\nightly, or the name of its job, myApp/nightly.")
  var path: String

  @Flag(name: .customLong("dry-run"), help: "Print what would be done, and change nothing.")
  var dryRun = false

  @Flag(name: .long, help: "Also a file that was edited, or made by somebody else.")
  var force = false

  @OptionGroup var jobs: JobsOption
  @OptionGroup var state: StateOptions

  func run() throws {
    let settings = try state.settings(jobs: jobs.jobs)
    try TaskCommand.run(settings, dryRun: dryRun) { scheduler, approve in
      try scheduler.deleteTask(path, force: force, approve: approve)
    }
  }
}
