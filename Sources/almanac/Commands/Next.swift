import ArgumentParser
import CLinux
import Jobs
import RunLifecycle
import Runner
import Scheduling
import Values

/// `almanac next`: the coming due instants.
struct Next: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The coming due instants, and what the clock change, the window or jitter do to each.",
    discussion: """
      Of a job, of all jobs, or of a schedule without a job:
        almanac next backup -n 5
        almanac next --cron "30 2 * * *" --time-zone Europe/Vienna --from 2027-03-27
        almanac next --schedule '{ every = "10m", window = { from = "02:00", to = "04:00" } }'
      """)

  @Argument(help: "Only this job's.")
  var job: String?

  @Option(name: .shortAndLong, parsing: .unconditional, help: ArgumentHelp("How many.", valueName: "n"))
  var number = 10

  @Option(name: .long, help: ArgumentHelp("From this instant on, else from now.", valueName: "instant"))
  var from: String?

  @Option(name: .long, help: ArgumentHelp("Until before this instant.", valueName: "instant"))
  var until: String?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("A cron expression instead of a job.", valueName: "expr"))
  var cron: String?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("A schedule table, as in a job file, instead of a job.", valueName: "table"))
  var schedule: String?

  @Option(
    name: .customLong("time-zone"),
    help: ArgumentHelp(
      "The zone of --cron and --schedule, else ALMANAC_TIME_ZONE's, else the system's.", valueName: "zone"))
  var timeZone: String?

  @OptionGroup var jobs: JobsOption
  @OptionGroup var state: StateOptions
  @OptionGroup var output: JSONFlag

  func run() throws {
    guard (1...100_000).contains(number) else {
      throw CommandFailure("-n \(number): ask for 1 to 100000", status: ExitStatus.usage)
    }
    guard [job, cron, schedule].compactMap({ $0 }).count <= 1 else {
      throw CommandFailure("name a job, or --cron, or --schedule: one of them", status: ExitStatus.usage)
    }
    guard timeZone == nil || cron != nil || schedule != nil else {
      throw CommandFailure(
        "--time-zone goes with --cron or --schedule; a job has its own", status: ExitStatus.usage)
    }
    let subjects = try subjects()
    var lines: [Line] = []
    for subject in subjects { lines += try self.lines(of: subject) }
    lines.sort { ($0.firing.dueAt, $0.job ?? "") < ($1.firing.dueAt, $1.job ?? "") }
    lines = Array(lines.prefix(number))
    if output.json { return try Console.printJSON(lines.map(\.row)) }
    show(lines, of: subjects)
  }

  /// A schedule, and how far its triggers are accounted for.
  private struct Subject {
    var job: String?
    var schedule: Schedule
    var accounts: [TriggerAccount?]
  }

  private struct Line {
    var job: String?
    var trigger: String
    var firing: ExplainedFiring
    var zone: Zone

    var row: DataValue {
      [
        "job": job.map { .string($0) } ?? .null, "trigger": .string(trigger),
        "due_at": .string(firing.dueAt.description), "due_local": .string(firing.dueAt.description(in: zone)),
        "note": firing.notes.isEmpty ? .null : .string(firing.notes.joined(separator: "; ")),
      ]
    }
  }

  private func subjects() throws -> [Subject] {
    if cron != nil || schedule != nil { return [try loose()] }
    let settings = try state.settings(jobs: jobs.jobs)
    let found = try OfflineJobs(settings, only: job.map { [$0] })
    for error in found.errors { Console.note("\(error)") }
    if job != nil && found.definitions.isEmpty { throw CommandFailure(nil, status: ExitStatus.noJob) }
    let ledger = try LedgerReader(settings.directory)
    let stored = try ledger?.store.accounts(of: []) ?? [:]
    return found.definitions.compactMap { definition in
      guard let schedule = definition.schedule, definition.policy.enabled else {
        if job != nil {
          Console.note(
            definition.schedule == nil
              ? "\(definition.source.name) has no schedule: it runs on demand only"
              : "\(definition.source.name) is not enabled: it has no due instants")
        }
        return nil
      }
      let accounts = ledger?.keys[definition.source.name].flatMap { stored[$0] } ?? []
      return Subject(
        job: definition.source.name, schedule: schedule,
        accounts: schedule.triggers.map { trigger in
          accounts.first { $0.triggerKey == trigger.accountKey }?.account
        })
    }
  }

  /// The schedule of --cron or --schedule.
  private func loose() throws -> Subject {
    let zone = try state.config.settings(["jobs": jobs.jobs, "time_zone": timeZone]).zone()
    let loose =
      if let cron {
        try LooseSchedule.cron(cron, zone: zone)
      } else {
        try LooseSchedule.table(schedule ?? "", zone: zone)
      }
    return Subject(job: nil, schedule: loose, accounts: loose.triggers.map { _ in nil })
  }

  private func lines(of subject: Subject) throws -> [Line] {
    let zone = subject.schedule.zone
    let start = try instant(from, "--from", zone) ?? Instant(microseconds: clinux_wall_us())
    let end = try instant(until, "--until", zone)
    if let end, end < start {
      throw CommandFailure(
        "--until \(until ?? "") is before \(from.map { "--from \($0)" } ?? "now"): nothing lies between",
        status: ExitStatus.usage)
    }
    return subject.schedule.explained(from: start, until: end, limit: number, accounts: subject.accounts).map
    {
      Line(job: subject.job, trigger: subject.schedule.triggers[$0.trigger].label, firing: $0, zone: zone)
    }
  }

  private func instant(_ text: String?, _ flag: String, _ zone: Zone) throws -> Instant? {
    guard let text else { return nil }
    do { return try Instant(parsing: text, in: zone) } catch {
      throw CommandFailure("\(flag): \(error)", status: ExitStatus.usage)
    }
  }

  private func show(_ lines: [Line], of subjects: [Subject]) {
    if subjects.count == 1, let subject = subjects.first {
      let schedule = subject.schedule
      for trigger in schedule.triggers {
        let name = trigger.name.map { "\($0): " } ?? ""
        print("\(name)\(trigger.written): \(trigger.inWords(in: schedule.zone))")
      }
      if schedule.triggers.isEmpty { print("no trigger: it runs on demand only") }
      print("time zone \(schedule.zone.name)")
      print("")
    }
    guard !lines.isEmpty else { return print("nothing is due") }
    let showsJob = subjects.count > 1
    let showsTrigger = subjects.contains { $0.schedule.triggers.count > 1 }
    var table = Table(["DUE"] + (showsJob ? ["JOB"] : []) + (showsTrigger ? ["TRIGGER"] : []) + ["NOTE"])
    for line in lines {
      let due = Table.Cell(local(line))
      let note = Table.Cell(line.firing.notes.joined(separator: "; "), line.firing.skipped ? .faint : nil)
      let job = showsJob ? [Table.Cell(line.job)] : []
      let trigger = showsTrigger ? [Table.Cell(line.trigger)] : []
      table.add([due] + job + trigger + [note])
    }
    table.print()
  }

  /// "2027-03-28 03:00:00 +02:00".
  private func local(_ line: Line) -> String {
    let text = line.firing.dueAt.description(in: line.zone)
    guard let dot = text.firstIndex(of: "."), let offset = text.lastIndex(where: { "+-Z".contains($0) })
    else {
      return text
    }
    let fraction = text[dot..<offset]
    let shown = fraction.allSatisfy { $0 == "." || $0 == "0" } ? "" : String(fraction)
    return text[..<dot].replacing("T", with: " ") + shown + " " + text[offset...]
  }
}
