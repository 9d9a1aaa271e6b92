import ArgumentParser
import TaskScheduling

/// `almanac import taskscheduler PATH --into DIR`.
struct ImportTaskScheduler: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "taskscheduler",
    abstract: "Import tasks of Windows Task Scheduler.",
    discussion: """
      PATH is an exported task (XML, in whatever encoding), a file of several (`schtasks /query /xml`), a list of \
      definitions in YAML or JSON, or a folder of such files. What becomes of each property is in \
      docs/task-scheduler.md.
      """)

  @Argument(help: "A file, or a folder of files.")
  var path: String

  @OptionGroup var options: ImportOptions

  func run() throws { try options.finish(TaskImporter.read(path)) }
}
