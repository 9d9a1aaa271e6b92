import CLinux
import HostProtocol
import Jobs
import KillPoints
import Logging
import RunLifecycle
import RunStore
import Scheduling
import Values

/// The parts around the loop, and what host processes tell it.
extension Runner {
  func makePool() -> HostPool {
    HostPool(
      loop: loop, folder: configuration.state.evidenceFolder, firstID: formerEvidence?.nextHostID ?? 1,
      sharedCount: configuration.hosts,
      onEvent: { [unowned self] host, event in heard(event, from: host) },
      onDeath: { [unowned self] host, death in fell(host, death) },
      onTrouble: { [unowned self] text in trouble(.hosts, text) })
  }

  func makeLoader() -> JobLoader {
    JobLoader(
      pool: pool, rocks: rocks, loop: loop, zone: { [unowned self] in configuration.zone },
      defaults: configuration.defaults,
      outputFolder: { [unowned self] source in configuration.outputFolder(of: source.name) },
      secretsFolder: configuration.state.secretsFolder,
      services: { [unowned self] definition in
        let mail = definition.notify.mail ?? configuration.notify.mail
        return mail.map { ["smtp": $0.table] } ?? .null
      })
  }

  func makeRocks() -> RockInstaller {
    RockInstaller(loop: loop, folder: configuration.state.rocksFolder) { [unowned self] job, text in
      logger.log(level: .notice, "\(text)", job: job)
    }
  }

  func makeExecutor() -> RunExecutor {
    RunExecutor(
      loop: loop, maxIdleStates: configuration.maxIdleStates,
      makeState: { [unowned self] version in makeState(version) },
      argument: { [unowned self] run, version in argument(of: run, version) },
      dryAnswers: { [unowned self] run in
        guard run.isDry, case .manual(let request) = run.cause else { return .null }
        return dryAnswers[request] ?? .object([:])
      },
      onEnd: { [unowned self] run, end, startedAt, release in
        attemptEnded(run, end, startedAt: startedAt, release: release)
      },
      onRetired: { [unowned self] version in
        if !catalog.needsOwnHost(version.name) { pool.release(owner: version.name) }
      })
  }

  func makeLogWriter() -> LogWriter {
    LogWriter(
      store: logs, loop: loop,
      written: { [unowned self] costs in
        for (host, cost) in costs { pool[host]?.send(.logCredit(cost)) }
      },
      tried: { [unowned self] error in
        trouble(.logs, error.map { "what jobs say is not kept: \($0)" })
      })
  }

  func makeHistorySweeper() -> HistorySweeper {
    HistorySweeper(configuration.retention, store: store, logs: logs) { [logger] result in
      switch result {
      case .success(let report):
        logger.debug("retention: \(report.runs) rows and \(report.lines) lines of logs were removed")
      case .failure(let error): logger.warning("old history could not be removed: \(error)")
      }
    }
  }

  // MARK: Hosts

  private func heard(_ event: HostEvent, from host: HostConnection) {
    switch event {
    case .hello, .alive: break
    case .loaded(let state, let result): loader.loaded(state, result)
    case .initialized(let state, let result): loader.initialized(state, result)
    case .logged(let state, let entry):
      let running = entry.run.flatMap { openRuns[RunID(Int64(bitPattern: $0))] }.map { name(of: $0.job) }
      let job = running ?? executor.version(asking: state)?.name ?? loader.jobName(of: state)
      if let job { keep(entry, of: job, host: host) }
    case .asked(let state, let run, let number, let question):
      answer(question, number: number, state: state, run: run, host: host)
    case .wrote(_, let run, let writes):
      let id = RunID(Int64(bitPattern: run))
      if openRuns[id] != nil { leftBehind[id] = writes }
    case .whenAnswered(_, let report): executor.answered(report)
    case .stuck(let run): executor.isStuck(run, on: host)
    case .ended(_, let report): executor.ended(report, on: host)
    }
  }

  /// A host has ended, by its own fault, by somebody's hand, or because the runner ended it.
  private func fell(_ host: HostConnection, _ death: HostConnection.Death) {
    if case .done = drain { return }
    KillPoint.hostFell.pass()
    let homeless = live.values.filter { version in
      if case .ready(let home, _) = version.home { home === host } else { false }
    }
    for version in homeless { executor.stateIsGone(version) }
    let culprit = executor.culprit(on: host, death)
    if let culprit, host.owner == nil { catalog.giveOwnHost(culprit.name) }
    executor.fell(with: host, death)
    loader.fell(with: host, death)
    if host.owner == nil {
      let blame = culprit.map { ", brought down by job \($0.name), which gets a host of its own" } ?? ""
      logger.warning("a host process \(death.how)\(blame); \(homeless.count) jobs are loaded again")
    }
    for version in homeless.sorted(by: { $0.name < $1.name }) {
      if case .none = version.home, !version.isRetired { makeState(version) }
    }
  }

  // MARK: Logs

  /// Takes a line of a job's log into the store, and shows it.
  func keep(_ entry: LogEntry, of job: String, host: HostConnection) {
    let run = entry.run.map { RunID(Int64(bitPattern: $0)) }
    guard let key = keys[job] else { return }
    let line = LogLine(
      run: run, job: key, at: Instant(microseconds: entry.at), level: entry.level.name,
      message: entry.message,
      fields: entry.fields)
    pending.logLines.append(LogWriter.Item(line: line, cost: entry.cost, host: host.id))
    let fields = entry.fields.map { " " + $0 } ?? ""
    logger.log(level: entry.level.loggingLevel, "\(entry.message)\(fields)", job: job, run: run)
  }

  // MARK: The table that main is given

  private func argument(of run: Run, _ version: JobVersion) -> DataValue {
    var fields: [String: DataValue] = [
      "id": .int(run.id.rawValue), "job": .string(version.name), "trigger": .string(run.trigger),
      "due_at": .string(run.dueAt.description), "started_at": .string(wallNow().description),
      "attempt": .int(Int64(run.attempt)), "testing": false,
      "params": run.params.flatMap { try? DataValue(json: Array($0.utf8)) } ?? .object([:]),
    ]
    if let last = stored.lastEnded[run.job] {
      fields["last"] = [
        "id": .int(last.id.rawValue), "outcome": .string(last.outcome?.rawValue ?? "unknown"),
        "result": last.result.flatMap { try? DataValue(json: Array($0.utf8)) } ?? .null,
        "error": last.error.map { .string($0) } ?? .null, "reason": last.reason.map { .string($0) } ?? .null,
        "due_at": .string(last.dueAt.description), "attempt": .int(Int64(last.attempt)),
        "started_at": last.startedAt.map { .string($0.description) } ?? .null,
        "ended_at": last.endedAt.map { .string($0.description) } ?? .null,
      ]
    }
    return .object(fields)
  }

  /// What a `when` is given of a run that has not started.
  func argument(ofNext run: Run, _ version: JobVersion) -> DataValue {
    var next = run
    next.attempt += 1
    guard case .table(var table) = argument(of: next, version) else { return .null }
    table.fields["started_at"] = nil
    return .table(table)
  }

  // MARK: The clock

  /// Reads both clocks now and then, for a machine whose timers do not tell that the clock was set.
  func watchClock() {
    clockOffset = wallNow().microseconds - clinux_monotonic_ns() / 1000
    loop.after(milliseconds: 1000) { [weak self] in
      self?.lookAtClock()
      self?.watchLedger()
      self?.lookAtZones()
      self?.watchClock()
    }
  }

  /// Jobs are loaded again when the machine's zone was set anew, or a zone's file was replaced.
  private func lookAtZones() {
    guard case .serve = configuration.purpose, case .no = drain, initialLoads == 0 else { return }
    let stamp = Zone.stamp(of: zoneNames.union([configuration.zone.name]).sorted())
    defer { zoneStamp = stamp }
    guard let zoneStamp, zoneStamp != stamp, !stamp.isEmpty else { return }
    zonesChanged()
  }

  private func zonesChanged() {
    let before = configuration.zone
    rescan {}
    if configuration.zone != before, configuration.zone.name != before.name {
      logger.notice("the machine's time zone was set to \(configuration.zone.name); it was \(before.name)")
    } else {
      logger.notice("the rules of a time zone have changed; the jobs in it are loaded again")
    }
  }

  func clockWasSet() { lookAtClock() }

  /// A wall clock that has moved against the monotonic one was set, or the machine slept.
  private func lookAtClock() {
    let now = wallNow()
    let offset = now.microseconds - clinux_monotonic_ns() / 1000
    let step = offset - clockOffset
    guard abs(step) > 500_000 else { return }
    clockOffset = offset
    handle(.clockStepped(from: now - Interval(microseconds: step), to: now))
    handle(.timePassed)
  }
}
