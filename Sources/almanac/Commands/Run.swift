import ArgumentParser
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
      Recorded with the trigger `manual`. Where a daemon holds the state directory it does the run, and
      this follows it. Exit status: 0 succeeded, tested or skipped; 1 failed; 2 usage; 3 no such job, or
      it does not load; 4 timed out; 5 cancelled or interrupted.
      """)

  @Argument(help: "The job's name.")
  var job: String

  @Flag(name: .long, help: "Test mode: logged and recorded as `tested`; main is not called.")
  var test = false

  @Option(
    name: .customLong("param"),
    help: ArgumentHelp("A parameter for the job, in run.params; may be repeated.", valueName: "k=v"))
  var params: [String] = []

  @OptionGroup var jobs: JobsOption
  @OptionGroup var state: StateOptions

  @Flag(name: .long, help: .hidden)
  var dry = false

  func run() throws {
    if dry { throw CommandFailure("--dry is not supported yet", status: ExitStatus.usage) }
    let parameters = try Parameters.parse(params)
    let settings = try state.settings(jobs: jobs.jobs)
    let directory = settings.directory
    if let daemon = try ControlClient(directory) {
      let row = try FollowedRun(daemon: daemon, state: directory, folder: jobs.jobs).run(
        job, parameters: parameters, testing: test)
      return try RunConclusion.conclude(row)
    }
    let setup = try RunnerSetup(
      settings, purpose: .runOnce(job: job, params: try Parameters.json(parameters), testing: test),
      logger: RunnerSetup.logger(level: "info"))
    do {
      let run = try setup.runOnce()
      try RunConclusion.conclude(RunView(run, job: job).row)
    } catch let error as SingleRunError {
      throw CommandFailure(error.description, status: ExitStatus.noJob)
    }
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
