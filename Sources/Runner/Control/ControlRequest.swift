import Values

/// What can be asked of a running daemon over its control socket.
///
/// A conversation is one request and its answer, each line a JSON object: any number of
/// `{"reply": ...}`, then `{"done": true}` or `{"failure": "why"}`.
public enum ControlRequest: Sendable, Equatable {
  case status
  case jobs
  /// What the daemon knows of one job.
  case job(String)
  /// Run a job now. Replies with the run's id, and with `wait` again when it has ended. Refused if a
  /// folder of jobs is named (absolute) and is not the daemon's.
  case trigger(
    job: String, params: [String: DataValue], testing: Bool, dry: DryRun? = nil, wait: Bool, folder: String?,
    by: String)
  case cancel(run: Int64, by: String)
  /// The job starts no more, but by hand, until it is resumed.
  case pause(job: String, by: String)
  case resume(job: String, by: String)
  case reload
  /// Drain; the daemon's end closes the connection.
  case stop

  /// The request as a line's object.
  var value: DataValue {
    switch self {
    case .status: ["command": "status"]
    case .jobs: ["command": "jobs"]
    case .job(let name): ["command": "job", "job": .string(name)]
    case .trigger(let job, let params, let testing, let dry, let wait, let folder, let by):
      [
        "command": "trigger", "job": .string(job), "params": .object(params), "testing": .bool(testing),
        "dry": dry.map { .object($0.answers) } ?? .null, "wait": .bool(wait),
        "folder": folder.map { .string($0) } ?? .null, "by": .string(by),
      ]
    case .cancel(let run, let by): ["command": "cancel", "run": .int(run), "by": .string(by)]
    case .pause(let job, let by): ["command": "pause", "job": .string(job), "by": .string(by)]
    case .resume(let job, let by): ["command": "resume", "job": .string(job), "by": .string(by)]
    case .reload: ["command": "reload"]
    case .stop: ["command": "stop"]
    }
  }

  init(_ value: DataValue) throws(RunnerError) {
    switch value["command"].asString {
    case "status": self = .status
    case "jobs": self = .jobs
    case "job":
      guard let job = value["job"].asString else { throw RunnerError("job: which job?") }
      self = .job(job)
    case "trigger":
      guard let job = value["job"].asString else { throw RunnerError("trigger: which job?") }
      self = .trigger(
        job: job, params: value["params"].asTable?.fields ?? [:], testing: value["testing"].asBool ?? false,
        dry: value["dry"].asTable.map { DryRun(answers: $0.fields) },
        wait: value["wait"].asBool ?? false, folder: value["folder"].asString,
        by: value["by"].asString ?? "somebody")
    case "cancel":
      guard let run = value["run"].asInt else { throw RunnerError("cancel: which run?") }
      self = .cancel(run: run, by: value["by"].asString ?? "somebody")
    case "pause", "resume":
      guard let job = value["job"].asString else { throw RunnerError("which job?") }
      let by = value["by"].asString ?? "somebody"
      self = value["command"].asString == "pause" ? .pause(job: job, by: by) : .resume(job: job, by: by)
    case "reload": self = .reload
    case "stop": self = .stop
    case let other:
      throw RunnerError("the daemon does not know the request \(other ?? "?"); is it of another version?")
    }
  }
}
