import ArgumentParser
import Importers
import JobWriting

/// `almanac import crontab PATH... --into DIR`: a job for each entry of crontabs.
struct ImportCrontab: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crontab",
    abstract: "Make a job of each entry of a crontab.",
    discussion: """
      PATH is a crontab, a folder of them (/etc/cron.d), or - for standard input: \
      `crontab -l | almanac import crontab - --into jobs`. Whether entries name a user, as in /etc/crontab, is seen \
      from path and content; --system and --user say it.
      """)

  enum Format: String, EnumerableFlag {
    case system, user

    static func help(for value: Format) -> ArgumentHelp? {
      value == .system
        ? "Entries name a user, as in /etc/crontab." : "Entries name no user, as in `crontab -l`."
    }
  }

  @Argument(help: "Crontabs, folders of them, or - for standard input.")
  var paths: [String]

  @Flag var format: Format?

  @OptionGroup var options: ImportOptions

  func run() throws {
    let importer = CrontabImporter(users: .ofMachine, hasUsers: format.map { $0 == .system })
    var all = Imported()
    for path in paths {
      let one = importer.jobs(at: path)
      all.jobs += one.jobs
      all.problems += one.problems
    }
    try options.finish(all)
  }
}
