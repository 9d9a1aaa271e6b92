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

  @OptionGroup var state: StateOptions
  @OptionGroup var output: JSONFlag

  func run() throws {
    let directory = try state.directory
    guard let daemon = try ControlClient(directory) else {
      if output.json { try Console.printJSON([]) }
      throw CommandFailure(
        "no daemon holds the state directory \(directory.path); `almanac serve` starts one, "
          + "`almanac runs` shows what was recorded")
    }
    let status = try daemon.ask(.status)
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
      "\(status["runs"].asInt ?? 0) runs since the start, \(status["failures"].asInt ?? 0) of them failed; "
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
