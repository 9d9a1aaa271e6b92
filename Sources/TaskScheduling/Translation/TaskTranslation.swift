import JobWriting
import Scheduling

/// A task as a job, as a person would have written it.
///
/// What each property becomes, and why some have no meaning here, is in docs/task-scheduler.md.
struct TaskTranslation {
  let task: ScheduledTask
  /// The job's name, for the comments that say how to call it.
  let jobName: String
  var notes: TaskNotes

  /// - Parameter findings: What was wrong with the definition and is to be told in the job.
  static func job(_ task: ScheduledTask, named name: String, findings: [TaskProblem] = []) -> ImportedJob {
    var translation = TaskTranslation(task: task, jobName: name, notes: TaskNotes(task))
    return translation.translate(findings)
  }

  private mutating func translate(_ findings: [TaskProblem]) -> ImportedJob {
    var schedule = schedule()
    let code = actions()
    if !code.isRunnable { schedule["enabled"] = false }
    noteTheRest()
    let notes = notes(of: findings) + notes.all
    let text = JobText(
      title: title, notes: notes, modules: code.modules, schedule: schedule, code: code.blocks)
    return ImportedJob(name: jobName, text: text.text, notes: notes)
  }

  /// What was wrong with the definition, and what it says there; also that what it stands in was left out for it, where
  /// that is so, and, once, all that this says.
  private func notes(of findings: [TaskProblem]) -> [ImportNote] {
    let kept = Set(task.triggers.map(\.key) + task.actions.map(\.key))
    var told: Set<String> = []
    return findings.map { finding in
      var reason = finding.message
      if let given = task.given[finding.key], given.place == finding.place, !reason.contains(given.summary) {
        reason += notes.said(by: finding.key)
      }
      let part = String(finding.key.prefix { $0 != "." })
      if part.hasSuffix("]"), !kept.contains(part) {
        reason += "; \(part) was left out"
        if told.insert(part).inserted { reason += notes.said(by: part) }
      }
      return ImportNote(place: finding.place, subject: finding.key, reason: reason)
    }
  }

  /// The triggers, and the settings.
  mutating func schedule() -> LuaTable {
    var schedule = triggers()
    schedule.fields += settings().fields
    for objection in JobText.objections(to: schedule) {
      notes.add("Settings", "the job does not load as long as this is so: \(objection)")
    }
    return schedule
  }

  // MARK: - Comments

  private var title: [String] {
    let info = task.registrationInfo
    var lines: [String] = []
    if let description = info.description?.trimmed, !description.isEmpty { lines += [description, ""] }
    lines.append("The task \(task.path) of Task Scheduler.")
    let facts = [
      ("Author", info.author), ("Date", info.date), ("Version", info.version), ("Source", info.source),
      ("Documentation", info.documentation), ("URI", info.uri == task.path.description ? nil : info.uri),
    ]
    for case (let name, let value?) in facts where !value.trimmed.isEmpty {
      lines.append("\(name): \(value.trimmed)")
    }
    return lines
  }

  /// What becomes of no key of the schedule and of no action.
  private mutating func noteTheRest() {
    if task.registrationInfo.securityDescriptor != nil {
      notes.drop(
        "RegistrationInfo.SecurityDescriptor", "who may see and run a job is a matter of users and files here"
      )
    }
    if task.data != nil { notes.drop("Data", "nothing here reads it") }
    if task.given.keys.contains(where: { $0.hasPrefix("Principal.") }) {
      notes.drop("Principal", "the job runs as the user of the daemon")
    }
  }
}
