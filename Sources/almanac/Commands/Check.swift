import ArgumentParser
import Jobs
import Values

/// `almanac check [JOBS]`: everything that is wrong with the jobs.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Load every job without running any of it, and print all that is wrong.",
    discussion: """
      Prints `file:line: message`, and exits 1 if anything is. Rocks that jobs name in a rocks.txt and that are not there
      yet are installed into the state directory.
      """)

  @Argument(help: "The folder of jobs. Also ALMANAC_JOBS; else ./jobs.")
  var jobs: String?

  @OptionGroup var state: StateOptions
  @OptionGroup var output: JSONFlag

  func run() throws {
    let found = try OfflineJobs(state.settings(jobs: jobs))
    let errors = (found.errors + found.doubts).sorted()
    if output.json {
      try Console.printJSON(errors.map(Self.row))
    } else {
      for error in errors { print(error) }
      let count = found.definitions.count - Set(found.doubts.map(\.job)).count
      Console.note("\(count) job\(count == 1 ? "" : "s") right, \(Set(errors.map(\.job)).count) wrong")
    }
    if !errors.isEmpty { throw CommandFailure(nil) }
  }

  private static func row(_ error: LoadError) -> DataValue {
    [
      "file": .string(error.file), "line": error.line.map { .int(Int64($0)) } ?? .null,
      "job": .string(error.job), "message": .string(error.message),
    ]
  }
}
