import ArgumentParser
import Runner
import Values

/// `almanac cancel RUN`: the daemon stops a run.
struct Cancel: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have the daemon stop a run, or no longer retry it.")

  @Argument(help: "The run's number, as `almanac runs` shows it.")
  var number: Int64

  @OptionGroup var state: StateOptions

  func run() throws {
    let row = try state.daemon().ask(.cancel(run: number, by: UserName.current))
    print("run \(number) \(row["outcome"].asString ?? "ended"): \(row["reason"].asString ?? "")")
  }
}
