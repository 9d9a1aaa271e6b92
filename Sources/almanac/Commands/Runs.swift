import ArgumentParser
import RunLifecycle
import RunStore
import Runner
import Scheduling
import Values

/// `almanac runs [JOB]`: the ledger, newest first.
struct Runs: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The latest runs, newest first.",
    discussion: "Every due instant is here: run, skipped or missed, with the reason.")

  @Argument(help: "Only this job's.")
  var job: String?

  @Flag(name: .long, help: "Only those that failed, timed out, were cancelled or interrupted.")
  var failed = false

  @Option(name: .shortAndLong, parsing: .unconditional, help: ArgumentHelp("How many.", valueName: "n"))
  var number = 20

  @OptionGroup var state: StateOptions
  @OptionGroup var output: JSONFlag

  func run() throws {
    guard number > 0 else {
      throw CommandFailure("-n \(number): ask for at least one", status: ExitStatus.usage)
    }
    let directory = try state.directory
    guard let ledger = try LedgerReader(directory) else {
      if output.json { return try Console.printJSON([]) }
      return Console.note("nothing has run yet in \(directory.path)")
    }
    let query = RunQuery(job: try job.map { try ledger.key(of: $0) }, failedOnly: failed, limit: number)
    let views = try ledger.store.runs(query).map { ledger.view($0) }
    if output.json { return try Console.printJSON(views.map(\.row)) }
    guard !views.isEmpty else { return Console.note(failed ? "no run has failed" : "nothing has run yet") }
    RunRows.print(views, in: .system())
    if views.count < number, !failed, try ledger.hasForgotten(before: views.last?.run, of: query.job) {
      Console.note("older rows were removed by retention")
    }
  }
}

/// Ledger rows for people.
enum RunRows {
  static func print(_ views: [RunView], in zone: Zone) {
    var table = Table(["RUN", "JOB", "DUE", "STARTED", "TOOK", "OUTCOME", "WHAT IT SAID"])
    for view in views {
      let run = view.run
      let due = PeopleTime.text(run.dueAt, in: zone)
      table.add([
        Table.Cell(run.id.description, .faint), Table.Cell(view.job),
        Table.Cell(run.dueUntil.map { "\(due) to \(PeopleTime.text($0, in: zone)) (\(run.count))" } ?? due),
        Table.Cell(run.startedAt.map { PeopleTime.text($0, in: zone) }),
        Table.Cell(PeopleTime.took(run)), OutcomeCell.cell(run),
        Table.Cell((RunSentence.said(of: run) ?? view.resultText).map { RunSentence.short($0, to: 200) }),
      ])
    }
    table.print()
  }
}
