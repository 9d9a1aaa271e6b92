import ArgumentParser
import FolderSync
import JobWriting
import TaskScheduling

/// `almanac sync DEFINITIONS --folder F`: a folder of jobs as a list of tasks has it.
struct Sync: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make one folder of jobs match a list of task definitions.",
    discussion: """
      DEFINITIONS is a YAML or JSON file of tasks as Task Scheduler's object model has them (docs/task-scheduler.md). \
      Jobs that are missing are created (+), those that differ updated (~), those that are not listed deleted (-); the \
      plan is printed first. All of it is done or nothing, also for a running daemon, which has it live when this \
      returns. A file that was not made by a sync, or has been edited since, is never touched without --force.
      """)

  @Argument(help: "A YAML or JSON file of tasks.")
  var definitions: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The folder in the folder of jobs that is to match: `myApp`, or its path.", valueName: "folder"))
  var folder: String

  @Flag(name: .customLong("dry-run"), help: "Print the plan, and change nothing.")
  var dryRun = false

  @Flag(name: .customLong("allow-empty"), help: "An empty list deletes every task of the folder.")
  var allowEmpty = false

  @Flag(name: .long, help: "Also replace or delete files that were edited, or made by somebody else.")
  var force = false

  @OptionGroup var jobs: JobsOption
  @OptionGroup var state: StateOptions

  func run() throws {
    let settings = try state.settings(jobs: jobs.jobs)
    let folder = try TaskFolderChoice.namespace(folder, jobs: settings.jobs.value)
    try TaskCommand.run(settings, dryRun: dryRun) { scheduler, approve in
      let tasks = try TaskCommand.build(TaskDefinitions.read(definitions), scheduler)
      return try scheduler.sync(tasks, folder: folder, allowEmpty: allowEmpty, force: force, approve: approve)
    }
  }
}
