import ArgumentParser
import Importers
import JobWriting

/// `almanac import systemd PATH... --into DIR`: a job for each timer, with the service that it starts.
struct ImportSystemd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "systemd",
    abstract: "Make a job of each timer, with the service that it starts.",
    discussion: """
      PATH is a .timer file or a folder of units (/etc/systemd/system, ~/.config/systemd/user). Services and drop-ins \
      are looked for beside the timer.
      """)

  @Argument(help: "Timers, or folders of them.")
  var paths: [String]

  @OptionGroup var options: ImportOptions

  func run() throws {
    let importer = SystemdImporter(machine: .here)
    var all = Imported()
    for path in paths {
      let one = importer.jobs(at: path)
      all.jobs += one.jobs
      all.problems += one.problems
    }
    try options.finish(all)
  }
}
