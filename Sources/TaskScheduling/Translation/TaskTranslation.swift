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
    let notes = findings.map(note) + notes.all
    let text = JobText(
      title: title, notes: notes, modules: code.modules, schedule: schedule, code: code.blocks)
    return ImportedJob(name: jobName, text: text.text, notes: notes)
  }

  /// What was wrong with the definition; also that what it stands in was left out for it, where that is so.
  private func note(_ finding: TaskProblem) -> ImportNote {
    let part = finding.key.prefix { $0 != "." }
    let isPart = part.hasSuffix("]")
    let isLeft = task.triggers.contains { $0.key == part } || task.actions.contains { $0.key == part }
    return ImportNote(
      place: finding.place, subject: finding.key,
      reason: finding.message + (isPart && !isLeft ? "; \(part) was left out" : ""))
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
      notes.add(
        "RegistrationInfo.SecurityDescriptor", "who may see and run a job is a matter of users and files here"
      )
    }
    if task.data != nil { notes.add("Data", "nothing here reads it") }
    let principal = task.places.keys.filter { $0.hasPrefix("Principal.") }.sorted()
    if !principal.isEmpty {
      let names = principal.map { $0.dropFirst("Principal.".count) }.joined(separator: ", ")
      let user = task.principal.userID ?? task.principal.groupID
      notes.add(
        "Principal",
        "\(names): the job runs as the user of the daemon\(user.map { ", not as \($0)" } ?? "")")
    }
  }
}
