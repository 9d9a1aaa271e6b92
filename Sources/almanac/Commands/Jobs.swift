import ArgumentParser
import Runner
import Scheduling
import Values

/// `almanac jobs`: every job, what it is up to, and when it is due next.
struct JobsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs", abstract: "Every job: its state, when it is due next, how it ended last.",
    discussion: "Asks the daemon; without one, looks at the folder itself.")

  @OptionGroup var jobs: JobsOption
  @OptionGroup var state: StateOptions
  @OptionGroup var output: JSONFlag

  func run() throws {
    let rows = try Self.rows(state: state, jobs: jobs)
    if output.json { return try Console.printJSON(rows) }
    JobRows.print(rows)
  }

  private static func rows(state: StateOptions, jobs: JobsOption) throws -> [DataValue] {
    let settings = try state.settings(jobs: jobs.jobs)
    let directory = settings.directory
    if let daemon = try ControlClient(directory) {
      try daemon.send(.jobs)
      var rows: [DataValue] = []
      while let row = try daemon.next() { rows.append(row) }
      return rows
    }
    Console.note("no daemon is running; this is what one would make of \(settings.jobs.value)")
    let ledger = try LedgerReader(directory)
    return try OfflineJobs(settings).views(ledger: ledger).map(\.row)
  }
}

/// Job rows for people.
enum JobRows {
  static func print(_ rows: [DataValue]) {
    guard !rows.isEmpty else { return Console.note("there are no jobs; `almanac new hello` writes one") }
    var table = Table(["JOB", "STATE", "NEXT DUE", "LAST", "WHEN"])
    let zone = Zone.system()
    for row in rows {
      let state = row["state"].asString ?? "?"
      let testing = row["testing"] == true ? " (testing)" : ""
      let words = row["triggers"].asTable?.items.compactMap { $0["in_words"].asString }.joined(
        separator: "; ")
      table.add([
        Table.Cell(row["job"].asString), Table.Cell(state + testing, state == "refused" ? .red : nil),
        Table.Cell(instant(row["next_due_at"], zone)),
        Table.Cell(last(row, zone), OutcomeCell.colour(named: row["last_outcome"].asString)),
        Table.Cell(words.map { $0.isEmpty ? "on demand" : $0 }),
      ])
    }
    table.print()
    for row in rows {
      guard let error = row["error"].asString else { continue }
      let hasLive = row["state"].asString != "refused"
      Swift.print("\n" + error + (hasLive ? "\n(the version before goes on)" : ""))
    }
  }

  private static func instant(_ value: DataValue, _ zone: Zone) -> String? {
    guard let text = value.asString, let instant = try? Instant(parsing: text, in: .utc) else { return nil }
    return PeopleTime.text(instant, in: zone)
  }

  private static func last(_ row: DataValue, _ zone: Zone) -> String? {
    guard let outcome = row["last_outcome"].asString else { return nil }
    return outcome.replacing("_", with: " ") + (instant(row["last_ended_at"], zone).map { " \($0)" } ?? "")
  }
}
