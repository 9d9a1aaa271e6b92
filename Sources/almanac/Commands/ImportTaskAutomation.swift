import ArgumentParser
import Importers

/// `almanac import taskautomation PATH --into DIR`: a job for each task of a folder.
struct ImportTaskAutomation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "taskautomation",
    abstract: "Make a job of each task in a Tasks folder of TaskAutomation.",
    discussion: """
      The tasks stay where they are: a job runs main.py by python3, with what requirements.txt asks for in a virtual \
      environment that it makes once.
      """)

  @Argument(help: "The folder with a folder for each task: config.ini, main.py, requirements.txt.")
  var path: String

  @OptionGroup var options: ImportOptions

  func run() throws { try options.finish(TaskAutomationImporter().jobs(at: path)) }
}
