import ArgumentParser
import Jobs
import Values

/// `almanac check [JOBS]`: everything that is wrong with the jobs.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Load every job without running any of it, and print all that is wrong.",
    discussion: """
      Prints `file:line: message`, and exits 1 if anything is wrong: what does not load, and what loads and cannot be \
      meant, such as a global that nothing sets, a module that is not there, a window that no trigger ever meets. What \
      may be meant is a warning, which fails only with --strict. Rocks that jobs name in a rocks.txt and that are not \
      there yet are installed into the state directory.
      """)

  @Argument(help: "The folder of jobs. Also ALMANAC_JOBS; else ./jobs.")
  var jobs: String?

  @Flag(name: .long, help: "Exit 1 for warnings, too.")
  var strict = false

  @OptionGroup var state: StateOptions
  @OptionGroup var output: JSONFlag

  func run() throws {
    let checked = try CheckedJobs(state.settings(jobs: jobs))
    let findings = checked.findings
    if output.json {
      try Console.printJSON(findings.map(Self.row))
    } else {
      for finding in findings { print(finding) }
      Console.note(checked.summary)
    }
    let fails = findings.contains { strict || $0.severity == .error }
    if fails { throw CommandFailure(nil) }
  }

  private static func row(_ finding: CheckFinding) -> DataValue {
    let problem = finding.told
    return [
      "file": .string(problem.file), "line": problem.line.map { .int(Int64($0)) } ?? .null,
      "job": .string(problem.job), "message": .string(problem.message),
    ]
  }
}
