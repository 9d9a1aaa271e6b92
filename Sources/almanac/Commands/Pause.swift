import ArgumentParser
import Runner
import Values

/// `almanac pause JOB`: the job starts no more, but by hand.
struct Pause: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have the daemon start a job no more, but by hand, until it is resumed.",
    discussion: """
      What runs goes on to its end. Firings during the pause are one row of the ledger, skipped; they are not made \
      up. The pause lasts over restarts of the daemon.
      """)

  @Argument(help: "The job's name.")
  var job: String

  @OptionGroup var state: StateOptions

  func run() throws {
    let answer = try state.daemon().ask(.pause(job: job, by: UserName.current))
    let since = "since \(answer["since"].asString ?? "now") by \(answer["by"].asString ?? "somebody")"
    print(answer["changed"].asBool == true ? "\(job) is paused" : "\(job) was paused already, \(since)")
  }
}

/// `almanac resume JOB`: the pause is over.
struct Resume: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "End a job's pause.",
    discussion: "What waited when the job was paused goes on; what was due during the pause is not made up.")

  @Argument(help: "The job's name.")
  var job: String

  @OptionGroup var state: StateOptions

  func run() throws {
    let answer = try state.daemon().ask(.resume(job: job, by: UserName.current))
    print(answer["changed"].asBool == true ? "\(job) goes on" : "\(job) was not paused")
  }
}
