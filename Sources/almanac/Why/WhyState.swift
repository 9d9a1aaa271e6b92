import Jobs
import RunLifecycle
import Runner
import Scheduling
import Values

/// How the job stands now.
extension WhySubject {
  /// `running`, `waiting`, ... as in `almanac jobs`; `gone` for a job without a file.
  var state: String {
    if let state = live?["state"].asString { return state }
    if isAttended, open.contains(where: { $0.state == .running }) { return JobView.State.running.rawValue }
    guard let definition else { return errors.isEmpty ? "gone" : JobView.State.refused.rawValue }
    if !definition.policy.enabled { return JobView.State.disabled.rawValue }
    if pause != nil { return JobView.State.paused.rawValue }
    if archivedAt != nil { return JobView.State.archived.rawValue }
    let isWaiting = open.contains { $0.state == .waiting }
    return isWaiting ? JobView.State.waiting.rawValue : JobView.State.idle.rawValue
  }

  /// Whether somebody is there who runs what the ledger says is running.
  var isAttended: Bool {
    if case .none = daemon { return false }
    return true
  }

  /// The state, and what there is to say of it.
  var stateSentence: String {
    var parts = [state]
    for run in open.prefix(3) { parts.append(sentence(run)) }
    if open.count > 3 { parts.append("\(open.count - 3) more are open") }
    if let pause { parts.append("paused by \(pause.by) since \(local(pause.since))") }
    if let archivedAt { parts.append("archived since \(local(archivedAt)), as its last trigger has ended") }
    return parts.joined(separator: "; ")
  }

  /// What is wrong with the file: what is seen of it here, where nothing is called, and what the daemon has met.
  private var loadErrors: [String] {
    let here = errors.map(\.description)
    let there = live?["error"].asString?.split(separator: "\n").map(String.init) ?? []
    // The daemon may know the folder by a shorter path, or a longer one.
    return here + there.filter { told in !here.contains { $0.hasSuffix(told) || told.hasSuffix($0) } }
  }

  private func sentence(_ run: Run) -> String {
    if run.state == .running, !isAttended {
      return
        "run \(run.id) was in attempt \(run.attempt) when its daemon went away; the next start tells how it ended"
    }
    if run.state == .running {
      return "run \(run.id) is in attempt \(run.attempt), since \(run.startedAt.map(local) ?? "just now")"
    }
    let why = run.gate.map { " at the gate \($0.rawValue)" } ?? (run.attempt > 0 ? " to be tried again" : "")
    let until = run.notBefore > now ? ", until \(local(run.notBefore))" : ""
    return "run \(run.id) waits\(why)\(until)"
  }

  /// What has to be known beside: the daemon, the file.
  var circumstances: [String] {
    var notes: [String] = []
    if let missing { notes.append(missing) }
    notes += doubts.map(\.description)
    let version = live?["version"].asString
    for error in loadErrors {
      notes.append(
        "the file does not load: \(error)" + (version == nil ? "" : " (the version before goes on)"))
    }
    if let version, let definition, version != definition.source.version {
      notes.append("the daemon runs version \(version); the file is version \(definition.source.version) now")
    }
    switch daemon {
    case .none: notes.append("no daemon is running: nothing starts until `almanac serve` does")
    case .silent(let process):
      let who = process.map { "the daemon (process \($0))" } ?? "the daemon"
      notes.append("\(who) does not answer; this is read from the ledger and the file")
    case .answered(let answer):
      if let trouble = answer["trouble"].asString { notes.append("the daemon is in trouble: \(trouble)") }
      if answer["job"] == .null, missing == nil {
        notes.append("the daemon does not know the job: its folder is another one, or it has just come")
      }
    }
    if live?["testing"] == true || (live == nil && definition?.policy.testing == true) {
      notes.append("in test mode: due runs are recorded as tested, main is not called")
    }
    return notes
  }
}
