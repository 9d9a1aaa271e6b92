import Jobs
import RunLifecycle
import Scheduling
import Values

/// What is to be said of a run: made for whoever reads it at two in the morning.
struct Notification: Equatable {
  var event: NotifySettings.Event
  var run: Run
  var job: String
  /// The job's.
  var zone: Zone
  /// How many messages of this kind were held back since the last one.
  var heldBack = 0

  /// "backup timed out".
  var headline: String {
    switch event {
    case .started: "\(job) has started"
    case .succeeded: "\(job) succeeded"
    case .failed: "\(job) \(run.outcome?.words ?? "failed")"
    case .recovered: "\(job) has recovered"
    case .missed: run.count > 1 ? "\(job) missed \(run.count) due instants" : "\(job) missed its due instant"
    case .longRunning: "\(job) is still running"
    }
  }

  /// What mail programs and telephones list it by.
  var title: String { "almanac: \(headline)" }

  /// The message as plain text.
  func text(now: Instant) -> String {
    var lines = ["\(headline) on \(run.node).", ""]
    for (name, value) in facts(now: now) {
      let label = name + String(repeating: " ", count: max(1, 10 - name.count))
      lines.append(label + value.split(whereSeparator: \.isNewline).joined(separator: "\n          "))
    }
    if heldBack > 0 {
      lines += [
        "", "\(heldBack) more messages like this one were held back since the last, as there were so many.",
      ]
    }
    lines += ["", "To look further:", "  almanac why \(job)"]
    // A row without an attempt has no log.
    if run.attempt > 0 { lines.append("  almanac logs \(run.id)") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func facts(now: Instant) -> [(String, String)] {
    var facts: [(String, String?)] = []
    if let outcome = run.outcome {
      facts.append(("outcome", outcome.rawValue + (run.attempt > 1 ? " in attempt \(run.attempt)" : "")))
    }
    facts += [("reason", run.reason), ("error", run.error.map(Self.head))]
    if event == .succeeded || event == .recovered { facts.append(("result", run.result.map(Self.head))) }
    let until = run.dueUntil.map { " to \($0.description(in: zone))" } ?? ""
    facts += [
      ("due", run.dueAt.description(in: zone) + until), ("zone", zone.name),
      ("started", run.startedAt?.description(in: zone)),
    ]
    let end = run.endedAt ?? (event == .longRunning ? now : nil)
    let took = run.startedAt.flatMap { start in end.map { RunSentence.seconds($0 - start) } }
    if run.endedAt != nil {
      facts.append(
        ("ended", run.endedAt.map { $0.description(in: zone) + (took.map { " after \($0)" } ?? "") }))
    } else {
      facts.append(("for", took))
    }
    facts += [("trigger", run.trigger), ("run", run.attempt > 0 ? run.id.description : nil)]
    return facts.compactMap { name, value in value.map { (name, $0) } }
  }

  /// The message as data, for webhooks. `text` is what chats show (Slack's and Mattermost's hooks read it).
  func data(now: Instant) -> DataValue {
    guard case .table(var table) = RunView(run, job: job).row else { return .null }
    table.fields["event"] = .string(event.rawValue)
    table.fields["title"] = .string(headline)
    table.fields["text"] = .string(text(now: now))
    table.fields["due_at_local"] = .string(run.dueAt.description(in: zone))
    table.fields["held_back"] = .int(Int64(heldBack))
    return .table(table)
  }

  /// What ntfy shows it with.
  var tag: String {
    switch event {
    case .started: "arrow_forward"
    case .succeeded, .recovered: "white_check_mark"
    case .failed: "rotating_light"
    case .missed: "calendar"
    case .longRunning: "hourglass"
    }
  }

  /// Of a text its first lines, and not all of those if they are long.
  static func head(_ text: String) -> String {
    let lines = text.split(whereSeparator: \.isNewline)
    let head = lines.prefix(12).joined(separator: "\n")
    return RunSentence.short(head, to: 2000) + (lines.count > 12 ? "\n..." : "")
  }
}
