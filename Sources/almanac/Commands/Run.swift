import ArgumentParser
import Files
import Glibc
import Logging
import RunLifecycle
import Runner
import Scheduling
import Values

/// `almanac run JOB`: one run now.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a job now: its log on stderr, its result on stdout.",
    discussion: """
      Recorded with the trigger `manual`. Where a daemon holds the state directory it does the run, and this \
      follows it. Exit status: 0 succeeded, tested or skipped; 1 failed; 2 usage; 3 no such job, or it does not \
      load; 4 timed out; 5 cancelled or interrupted.
      """)

  @Argument(help: "The job's name.")
  var job: String

  @Flag(name: .long, help: "Test mode: logged and recorded as `tested`; main is not called.")
  var test = false

  @Option(
    name: .customLong("param"),
    help: ArgumentHelp("A parameter for the job, in run.params; may be repeated.", valueName: "k=v"))
  var params: [String] = []

  @Flag(
    name: .long,
    help: ArgumentHelp(
      """
      Call main for real, and log what would change the world in place of doing it: requests but GET and HEAD, \
      processes, writes to files and to kv, notifications.
      """))
  var dry = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "With --dry: a JSON object that says what calls return, by what they would do.", valueName: "file"))
  var answers: String?

  @OptionGroup var jobs: JobsOption
  @OptionGroup var state: StateOptions

  func run() throws {
    if dry, test {
      throw CommandFailure(
        "--dry calls main and --test does not: choose one of them", status: ExitStatus.usage)
    }
    if answers != nil, !dry {
      throw CommandFailure("--answers belongs to --dry", status: ExitStatus.usage)
    }
    let dryRun = dry ? DryRun(answers: try answers.map(Answers.read) ?? [:]) : nil
    let parameters = try Parameters.parse(params)
    let settings = try state.settings(jobs: jobs.jobs)
    let directory = settings.directory
    if let daemon = try ControlClient(directory) {
      let row = try FollowedRun(daemon: daemon, state: directory, folder: jobs.jobs).run(
        job, parameters: parameters, testing: test, dry: dryRun)
      return try RunConclusion.conclude(row)
    }
    try JobsFolderChoice.require(settings.jobs.value, status: ExitStatus.noJob)
    let setup = try RunnerSetup(
      settings,
      purpose: .runOnce(job: job, params: try Parameters.json(parameters), testing: test, dry: dryRun),
      logger: RunnerSetup.logger(level: "info"))
    do {
      let run = try setup.runOnce()
      try RunConclusion.conclude(RunView(run, job: job).row)
    } catch let error as SingleRunError {
      throw CommandFailure(error.description, status: ExitStatus.noJob)
    }
  }
}

/// `--answers FILE`.
enum Answers {
  static func read(_ path: String) throws -> [String: DataValue] {
    let bytes: [UInt8]
    do throws(SystemFailure) {
      bytes = try FileBytes.all(of: path)
    } catch {
      throw CommandFailure("--answers: cannot read \(path): \(error)", status: ExitStatus.usage)
    }
    do throws(JSONTrouble) {
      let value = try DataValue(json: bytes)
      if let table = value.asTable, table.items.isEmpty, !table.isList { return table.fields }
    } catch {
      throw CommandFailure("--answers: \(path): \(error)", status: ExitStatus.usage)
    }
    throw CommandFailure(
      "--answers: \(path): an object is expected, such as { \"POST https://example.com/*\": { \"status\": 500 } }",
      status: ExitStatus.usage)
  }
}

/// How a run that was waited for ends the command.
enum RunConclusion {
  /// The result goes to stdout; the outcome becomes the exit status.
  static func conclude(_ row: DataValue) throws {
    switch row["result"] {
    case .null: break
    case .string(let text): print(text)
    case let value: print(try value.json())
    }
    switch row["outcome"].asString.flatMap({ Outcome(rawValue: $0) }) {
    case .succeeded, .tested, .skipped: return
    case .timedOut: throw CommandFailure(nil, status: ExitStatus.timedOut)
    case .cancelled, .interrupted: throw CommandFailure(nil, status: ExitStatus.cut)
    case .failed, .missed, nil: throw CommandFailure(nil, status: ExitStatus.failed)
    }
  }
}

/// `--param k=v`.
enum Parameters {
  static func parse(_ texts: [String]) throws -> [String: DataValue] {
    var parameters: [String: DataValue] = [:]
    for text in texts {
      guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
        throw CommandFailure("--param \(text): write it as name=value", status: ExitStatus.usage)
      }
      let name = String(text[..<equals])
      guard parameters.updateValue(.string(String(text[text.index(after: equals)...])), forKey: name) == nil
      else {
        throw CommandFailure("--param \(name): given twice", status: ExitStatus.usage)
      }
    }
    return parameters
  }

  static func json(_ parameters: [String: DataValue]) throws -> String? {
    parameters.isEmpty ? nil : try DataValue.object(parameters).json()
  }
}
