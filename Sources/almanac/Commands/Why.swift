import ArgumentParser
import RunLifecycle
import Runner
import Scheduling
import Values

/// `almanac why JOB [INSTANT]`: each gate that was asked, and what it said.
struct Why: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Why a job did, did not, or will next run: each gate, and what it said.",
    discussion: """
      Of the latest run, and of what comes next:
        almanac why backup
      Of an instant, in the job's time zone; HH:MM is the last one that was:
        almanac why backup 02:00
        almanac why backup 2026-11-21T02:00
      Of a run, by its number in `almanac runs`:
        almanac why backup 41
      Reads the ledger and the job's file itself, so that it works without a daemon, and while one is stuck.
      """)

  @Argument(help: "The job's name.")
  var job: String

  @Argument(help: "An instant, a time of day, or the number of a run; else the latest run.")
  var instant: String?

  @OptionGroup var jobs: JobsOption
  @OptionGroup var state: StateOptions
  @OptionGroup var output: JSONFlag

  func run() throws {
    let subject = try WhySubject(job, jobs: jobs, state: state)
    let moment: WhyMoment
    do { moment = try WhyMoment(instant, in: subject.zone, now: subject.now) } catch {
      throw CommandFailure("INSTANT: \(error)", status: ExitStatus.usage)
    }
    let report = WhyReport(subject: subject, moment: moment, answer: try subject.answer(to: moment))
    if output.json { return print(try report.row.json()) }
    report.show()
  }
}

/// The answer with what stands around it, for people and as JSON.
private struct WhyReport {
  let subject: WhySubject
  let moment: WhyMoment
  let answer: WhyAnswer

  private var notes: [String] { answer.notes + subject.circumstances }

  /// The instant that is told about.
  private var instant: Instant? {
    if case .span(let span) = moment { return span.lowerBound }
    return answer.run?.dueAt
  }

  // MARK: JSON

  var row: DataValue {
    [
      "job": .string(subject.name), "instant": text(instant?.description),
      "instant_local": text(instant?.description(in: subject.zone)), "answer": .string(answer.headline),
      "state": .string(subject.state),
      "row": answer.run.map { RunView($0, job: subject.name).row } ?? .null,
      "gates": .list(answer.gates?.answers.map(Self.row) ?? []), "next": next,
      "notes": .list(notes.map { .string($0) }),
    ]
  }

  private static func row(_ answer: GateAnswer) -> DataValue {
    [
      "gate": .string(answer.gate.rawValue), "said": .string(answer.said),
      "open": answer.isOpen.map { .bool($0) } ?? .null,
    ]
  }

  private var next: DataValue {
    guard let next = subject.next, let schedule = subject.schedule else { return .null }
    return [
      "trigger": .string(schedule.triggers[next.trigger].label), "due_at": .string(next.dueAt.description),
      "due_local": .string(next.dueAt.description(in: subject.zone)),
      "note": .string((next.notes + [subject.outlook(next)]).joined(separator: "; ")),
    ]
  }

  private func text(_ text: String?) -> DataValue { text.map { .string($0) } ?? .null }

  // MARK: For people

  func show() {
    print("\(subject.name): \(answer.headline)")
    for (label, text) in facts { print(label.padded(to: 9) + text) }
    if let gates = answer.gates {
      print("")
      var table = Table(["GATE", "", "SAID"])
      for answer in gates.answers { table.add(Self.cells(answer)) }
      table.print()
    }
    guard !notes.isEmpty else { return }
    print("")
    for note in notes { print("- \(note)") }
  }

  private var facts: [(String, String)] {
    var facts: [(String, String)] = []
    if let run = answer.run {
      let until = run.dueUntil.map { " to \(subject.local($0)) (\(run.count))" } ?? ""
      facts.append(
        (
          "run",
          "\(run.id), due \(subject.local(run.dueAt))\(until), by \(run.trigger)"
            + (run.requestedBy.map { " (\($0))" } ?? "")
        ))
      if let started = run.startedAt { facts.append(("started", subject.local(started))) }
    }
    facts.append(("now", subject.stateSentence))
    if let next = subject.next, let trigger = subject.schedule?.triggers[next.trigger] {
      let notes = next.notes.isEmpty ? "" : "; " + next.notes.joined(separator: "; ")
      facts.append(
        ("next", "\(subject.local(next.dueAt)) (\(trigger.label)): \(subject.outlook(next))\(notes)"))
    }
    facts.append(("zone", subject.zone.name))
    return facts
  }

  private static func cells(_ answer: GateAnswer) -> [Table.Cell] {
    let (word, colour): (String, Colour?) =
      switch answer.isOpen {
      case true: ("open", .green)
      case false: ("closed", .red)
      case nil: ("-", .faint)
      }
    return [
      Table.Cell(answer.gate.rawValue), Table.Cell(word, colour),
      Table.Cell(answer.said, answer.isOpen == nil ? .faint : nil),
    ]
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
