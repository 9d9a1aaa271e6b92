import Glibc
import Jobs
import RunLifecycle
import Scheduling
import Values

/// What the command line asks of a running daemon.
extension Runner {
  func answer(_ request: ControlRequest, _ connection: ControlConnection) {
    switch request {
    case .status:
      connection.reply(status)
      connection.finish()
    case .jobs:
      for view in jobViews() { connection.reply(view.row) }
      connection.finish()
    case .job(let name):
      connection.reply([
        "jobs_folder": .string(absolutePath(configuration.jobs)),
        "time_zone": .string(configuration.zone.name), "trouble": trouble,
        "job": jobView(name).map(\.row) ?? .null,
      ])
      connection.finish()
    case .trigger(let job, let params, let testing, let dry, let wait, let folder, let by):
      let own = absolutePath(configuration.jobs)
      guard folder == nil || folder == own else {
        return connection.finish(
          error: "the daemon that holds this state directory runs the jobs of \(own), not of \(folder ?? "")")
      }
      trigger(job, params: params, testing: testing, dry: dry, wait: wait, by: by, connection)
    case .cancel(let run, let by): cancel(RunID(run), by: by, connection)
    case .pause(let job, let by): setPause(of: job, connection) { .pause($0, by: by) }
    case .resume(let job, let by): setPause(of: job, connection) { .resume($0, by: by) }
    case .reload:
      rescan { [unowned self] in
        connection.reply([
          "live": .int(Int64(live.count)), "refused": .int(Int64(catalog.refused.count)),
          "errors": .list(
            (catalog.folderErrors + catalog.refused.values.flatMap(\.errors)).sorted().map {
              .string($0.description)
            }),
        ])
        connection.finish()
      }
    case .stop:
      connection.reply(["stopping": true, "running": .int(Int64(executor.count))])
      beginDrain()
    }
  }

  private func trigger(
    _ name: String, params: [String: DataValue], testing: Bool, dry: DryRun?, wait: Bool, by who: String,
    _ connection: ControlConnection
  ) {
    guard let key = keys[name], live[key] != nil else {
      if let refused = catalog.refused[name] {
        return connection.finish(error: "the job \(name) does not load:\n\(refused.description)")
      }
      return connection.finish(error: noSuchJobText(name, among: live.values.map(\.name)))
    }
    if case .no = drain {} else { return connection.finish(error: "almanac is stopping; nothing new starts") }
    nextRequest += 1
    let request = enter("\(who)/\(startedAt.microseconds)-\(nextRequest)", dry)
    let text = params.isEmpty ? nil : try? DataValue.object(params).json()
    requests[request] = { [unowned self] result in
      switch result {
      case .failure(let error): connection.finish(error: error.description)
      // A row that has ended at once (it was skipped) is told whole.
      case .success(let run) where run.state == .ended:
        connection.reply(RunView(run, job: self.name(of: run.job)).row)
        connection.finish()
      case .success(let run):
        connection.reply(["id": .int(run.id.rawValue)])
        guard wait else { return connection.finish() }
        endings[run.id, default: []].append { [unowned self] run in
          connection.reply(RunView(run, job: self.name(of: run.job)).row)
          connection.finish()
        }
      }
    }
    handle(.manual(request: request, job: key, params: text, testing: testing))
  }

  /// The name under which a request is known, and its run's cause; a dry run's says so.
  func enter(_ request: String, _ dry: DryRun?) -> String {
    guard let dry else { return request }
    let request = request + Cause.dryRequestSuffix
    dryAnswers[request] = .object(dry.answers)
    return request
  }

  /// Pauses or resumes a job, and answers when that is durable.
  private func setPause(
    of name: String, _ connection: ControlConnection, _ event: (JobKey) -> PlannerEvent
  ) {
    guard let key = keys[name], live[key] != nil else {
      return connection.finish(error: noSuchJobText(name, among: live.values.map(\.name)))
    }
    let before = stored.pauses[key]
    handle(event(key))
    let pause = stored.pauses[key]
    pending.releases.append {
      connection.reply([
        "paused": .bool(pause != nil), "changed": .bool(pause != before),
        "since": pause.map { .string($0.since.description) } ?? .null,
        "by": pause.map { .string($0.by) } ?? .null,
      ])
      connection.finish()
    }
  }

  private func cancel(_ id: RunID, by who: String, _ connection: ControlConnection) {
    guard openRuns[id] != nil else {
      return connection.finish(error: "no run \(id) is running or waiting; `almanac runs` lists the latest")
    }
    endings[id, default: []].append { [unowned self] run in
      connection.reply(RunView(run, job: self.name(of: run.job)).row)
      connection.finish()
    }
    handle(.cancel(id, by: who))
  }

  // MARK: Views

  private var status: DataValue {
    [
      "pid": .int(Int64(getpid())), "version": .string(configuration.version),
      "started_at": .string(startedAt.description), "jobs_folder": .string(absolutePath(configuration.jobs)),
      "state_directory": .string(configuration.state.path), "test_mode": .bool(configuration.testMode),
      "time_zone": .string(configuration.zone.name), "loading": .int(Int64(loading.count)),
      "running": .int(Int64(executor.count)),
      "trouble": trouble, "notifications": notificationStatus,
      "runs": .int(Int64(statistics.runs)), "failures": .int(Int64(statistics.failures)),
      "jobs": .list(jobViews().map(\.row)),
    ]
  }

  private var trouble: DataValue {
    (troubles.text ?? catalog.folderErrors.first?.description).map { .string($0) } ?? .null
  }

  private var notificationStatus: DataValue {
    guard let status = notifications?.status else { return .null }
    return [
      "waiting": .int(Int64(status.waiting)), "trouble": status.trouble.map { .string($0) } ?? .null,
    ]
  }

  /// Every job that is live or refused, by name.
  private func jobViews() -> [JobView] {
    let open = Dictionary(grouping: openRuns.values, by: \.job)
    var views = live.values.map { view($0, open[$0.key] ?? []) }
    for (name, failure) in catalog.refused where keys[name].flatMap({ live[$0] }) == nil {
      views.append(view(name, failure))
    }
    return views.sorted { $0.name < $1.name }
  }

  private func jobView(_ name: String) -> JobView? {
    if let version = keys[name].flatMap({ live[$0] }) {
      return view(version, openRuns.values.filter { $0.job == version.key })
    }
    return catalog.refused[name].map { view(name, $0) }
  }

  private func view(_ version: JobVersion, _ open: [Run]) -> JobView {
    JobView(
      name: version.name, file: version.definition.source.mainPath, definition: version.definition,
      state: state(of: version, open), nextDue: planner.nextFiring(of: version.key)?.firing.startAt,
      lastEnded: stored.lastEnded[version.key], errors: catalog.refused[version.name]?.errors ?? [],
      pause: stored.pauses[version.key], testMode: configuration.testMode)
  }

  private func view(_ name: String, _ failure: LoadFailure) -> JobView {
    JobView(
      name: name, file: failure.errors.first?.file, definition: nil, state: .refused, nextDue: nil,
      lastEnded: keys[name].flatMap { stored.lastEnded[$0] }, errors: failure.errors,
      pause: keys[name].flatMap { stored.pauses[$0] }, testMode: configuration.testMode)
  }

  private func state(of version: JobVersion, _ open: [Run]) -> JobView.State {
    if open.contains(where: { $0.state == .running }) { return .running }
    if !version.definition.policy.enabled { return .disabled }
    if stored.pauses[version.key] != nil { return .paused }
    if planner.isArchived(version.key, at: wallNow()) { return .archived }
    return open.contains { $0.attempt > 0 || $0.claim != .onTime } ? .waiting : .idle
  }
}

/// "there is no job backpu; did you mean backup?".
public func noSuchJobText(_ name: String, among names: [String]) -> String {
  let near = SlipFinder.nearest(to: name, in: names)
  return "there is no job \(name)" + (near.map { "; did you mean \($0)?" } ?? "; `almanac jobs` lists them")
}
