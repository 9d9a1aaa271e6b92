import ArgumentParser
import Runner
import Scheduling
import Values

/// `almanac status`: the daemon, and its jobs.
struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "How the daemon and its jobs are.",
    discussion:
      "With --json, the jobs as `almanac jobs --json` lists them. Exit status 1 if no daemon is running.")

  /// How long a daemon that is alive may take, in milliseconds.
  private static let patience: Int32 = 20_000

  @OptionGroup var state: StateOptions
  @OptionGroup var output: JSONFlag

  func run() throws {
    let directory = try state.directory
    guard let daemon = try ControlClient(directory) else {
      if output.json { try Console.printJSON([]) }
      throw directory.absence(hint: "`almanac serve` starts one, `almanac runs` shows what was recorded")
    }
    try daemon.send(.status)
    guard let status = try daemon.poll(milliseconds: Self.patience) else {
      let process = directory.holder().map { " (process \($0))" } ?? ""
      throw CommandFailure(
        "the daemon\(process) does not answer: it is stopped or stuck; `almanac runs` and `almanac why` do without it"
      )
    }
    let rows = status["jobs"].asTable?.items ?? []
    if output.json { return try Console.printJSON(rows) }
    let started = status["started_at"].asString.flatMap { try? Instant(parsing: $0, in: .utc) }
    let since = started.map { PeopleTime.text($0, in: .system()) } ?? "?"
    print(
      "almanac \(status["version"].asString ?? "?"), process \(status["pid"].asInt ?? 0), running since \(since)"
    )
    print(
      "jobs in \(status["jobs_folder"].asString ?? "?"), state in \(status["state_directory"].asString ?? "?")"
    )
    print(
      "\(English.count(status["runs"].asInt.map { Int($0) } ?? 0, "run")) since the start, \(status["failures"].asInt ?? 0) of them failed; "
        + "\(status["running"].asInt ?? 0) running now")
    if status["test_mode"] == true { print("TEST MODE: due runs are only recorded, no main is called") }
    if let loading = status["loading"].asInt, loading > 0 { print("\(loading) jobs are being loaded") }
    if let trouble = status["trouble"].asString {
      print("TROUBLE: \(trouble)")
    }
    if let waiting = status["notifications"]["waiting"].asInt, waiting > 0 {
      let why = status["notifications"]["trouble"].asString.map { ": \($0)" } ?? ""
      print("\(waiting) notifications wait to be sent\(why)")
    }
    print("")
    JobRows.print(rows)
  }
}
