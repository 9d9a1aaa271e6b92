import ArgumentParser
import Glibc
import RunLifecycle
import RunStore
import Runner
import Values

/// `almanac logs RUN-OR-JOB`: what a run, or a job, has said.
struct Logs: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What a run or a job has said.",
    discussion: "Of a job, the last lines of all its runs and of its loading; -f goes on as more is said.")

  @Argument(help: ArgumentHelp("A run's number, or a job's name.", valueName: "run-or-job"))
  var subject: String

  @Flag(name: .shortAndLong, help: "Go on until the run ends (of a job: until interrupted).")
  var follow = false

  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: ArgumentHelp("At most so many lines, the last ones.", valueName: "n"))
  var number = 1000

  @OptionGroup var state: StateOptions
  @OptionGroup var output: JSONFlag

  func run() throws {
    guard number > 0 else {
      throw CommandFailure("-n \(number): ask for at least one", status: ExitStatus.usage)
    }
    let directory = try state.directory
    guard let ledger = try LedgerReader(directory) else {
      throw CommandFailure("nothing has run yet in \(directory.path)", status: ExitStatus.noJob)
    }
    let query = try query(ledger)
    if output.json && !follow { return try Console.printJSON(try ledger.logs.lines(query).map(\.row)) }
    let (json, colours) = (output.json, Console.hasColour(1))
    let printer = LogPrinter(logs: ledger.logs, query: query) { line in
      if json {
        print((try? line.row.json()) ?? "")
      } else {
        print(LogPrinter.text(line, colours: colours), terminator: "")
      }
    }
    guard follow else {
      if try printer.printNew() == 0, !json { Console.note("nothing has been said yet") }
      return
    }
    while true {
      let ended =
        try query.run.map { try ledger.store.runs(RunQuery(id: $0)).first?.state == .ended } ?? false
      try printer.printNew()
      fflush(nil)
      if ended { return }
      usleep(100_000)
    }
  }

  private func query(_ ledger: LedgerReader) throws -> LogQuery {
    if let key = ledger.keys[subject] { return LogQuery(job: key, limit: number) }
    if let id = Int64(subject) {
      guard try ledger.store.runs(RunQuery(id: RunID(id), limit: 1)).first != nil else {
        let why =
          try ledger.hasForgotten(RunID(id))
          ? "run \(id) is no longer there: older rows were removed by retention"
          : "there is no run \(id)"
        throw CommandFailure("\(why); `almanac runs` lists the latest", status: ExitStatus.noJob)
      }
      return LogQuery(run: RunID(id), limit: number)
    }
    return LogQuery(job: try ledger.key(of: subject), limit: number)
  }
}
