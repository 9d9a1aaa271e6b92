import ArgumentParser
import Runner
import Values

/// `almanac trigger JOB`: the daemon runs a job now.
struct Trigger: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have the daemon run a job now; prints the run's number.",
    discussion: "With --wait, follows the run and exits as `almanac run` does.")

  @Argument(help: "The job's name.")
  var job: String

  @Option(
    name: .customLong("param"),
    help: ArgumentHelp("A parameter for the job, in run.params; may be repeated.", valueName: "k=v"))
  var params: [String] = []

  @Flag(name: .long, help: "Wait for the run's end.")
  var wait = false

  @OptionGroup var state: StateOptions

  func run() throws {
    let parameters = try Parameters.parse(params)
    let daemon = try state.daemon()
    if wait {
      let row = try FollowedRun(daemon: daemon, state: state.directory).run(
        job, parameters: parameters, testing: false)
      return try RunConclusion.conclude(row)
    }
    do throws(RunnerError) {
      let answer = try daemon.ask(
        .trigger(job: job, params: parameters, testing: false, wait: false, folder: nil, by: UserName.current)
      )
      guard let id = answer["id"].asInt else { throw RunnerError("the daemon gave the run no number") }
      print(id)
      if let outcome = answer["outcome"].asString {
        Console.note("run \(id) \(outcome): \(answer["reason"].asString ?? "no reason given")")
      }
    } catch {
      throw CommandFailure(error.description, status: ExitStatus.noJob)
    }
  }
}
