import CLinux
import FoundationEssentials
import Glibc
import Jobs
import KillPoints
import Logging
import RunLifecycle
import RunStore
import Scheduling

/// What the runner counts for its closing line.
struct RunnerStatistics {
  var runs = 0
  var failures = 0
}

/// Start and end.
extension Runner {
  func begin() throws {
    _ = clinux_become_subreaper()
    try recoverStored()
    loop.onWallInstant = { [unowned self] in planAhead() }
    loop.onClockSet = { [unowned self] in clockWasSet() }
    loop.onTurnEnd = { [unowned self] in endTurn() }
    switch configuration.purpose {
    case .serve: try beginServing()
    case .runOnce(let job, let params, let testing, let dry):
      try beginSingleRun(job, params: params, testing: testing, dry: dry)
    }
    watchClock()
  }

  private func beginServing() throws {
    control = try ControlServer(path: configuration.state.socketPath, loop: loop) {
      [unowned self] request, connection in
      answer(request, connection)
    }
    notifications?.begin()
    pool.warmUp()
    pool.watchOver()
    history.start(on: loop)
    try beginWatching()
  }

  /// Runs one job that need not be live: its triggers stay out of the plan, and its accounts untouched.
  private func beginSingleRun(_ name: String, params: String?, testing: Bool, dry: DryRun?) throws {
    let folder = JobsFolder(path: configuration.jobs)
    let found = folder.read(job: name)
    guard let source = found.sources.first else {
      if !found.errors.isEmpty { throw SingleRunError.doesNotLoad(found.errors) }
      throw SingleRunError.noSuchJob(name, near: folder.scan().sources.map(\.name))
    }
    let key = try keyNow(name)
    loader.load(source, number: 0, ownHost: false, depth: .initialized) { [unowned self] result in
      switch result {
      case .failure(let failure):
        singleRunEnded(.failure(.doesNotLoad(failure.errors)))
      case .success(let loaded):
        let version = JobVersion(key: key, definition: loaded.definition)
        version.home = .ready(loaded.host, loaded.state)
        live[key] = version
        greet(loaded)
        let plan = loaded.definition.plan(key: key, triggers: false)
        handle(.jobLive(plan, accounts: [], lastEnded: stored.lastEnded[key], initial: false))
        recoverManualRows(of: key)
        let request = enter("run", dry)
        requests[request] = { [unowned self] result in
          switch result {
          case .success(let run) where run.state == .ended: singleRunEnded(.success(run))
          case .success(let run):
            singleRun = run.id
            endings[run.id, default: []].append { [unowned self] run in singleRunEnded(.success(run)) }
          case .failure(let error):
            logger.error("\(error)")
            beginDrain()
          }
        }
        handle(.manual(request: request, job: key, params: params, testing: testing))
      }
    }
  }

  private func singleRunEnded(_ result: Result<Run, SingleRunError>) {
    singleRunResult = result
    beginDrain()
  }

  // MARK: End

  func beginDrain() {
    switch drain {
    case .no:
      let grace = configuration.grace.microseconds
      drain = .running(until: clinux_monotonic_ns() &+ grace &* 1000)
      if case .serve = configuration.purpose {
        logger.notice(
          "stopping: nothing new starts; \(English.count(executor.count, "running job has", plural: "running jobs have")) \(configuration.grace) to end"
        )
      }
      drainLimit = wallNow() + Self.claimAhead
      handle(.drain)
      KillPoint.draining.pass()
      watcher?.stop()
      pathWatcher.stop()
      if case .runOnce = configuration.purpose {
        // Whoever is at the terminal wants it to end, not to be tried again.
        if singleRunResult == nil, let singleRun { handle(.cancel(singleRun, by: "whoever ran it")) }
        stopWhatRuns()
      } else {
        loop.after(milliseconds: max(1, grace / 1000)) { [unowned self] in stopWhatRuns() }
      }
    case .running: stopWhatRuns()
    case .stopping, .done: break
    }
  }

  private func stopWhatRuns() {
    guard case .running = drain else { return }
    drain = .stopping
    if executor.count > 0, case .serve = configuration.purpose {
      logger.warning("\(English.count(executor.count, "run")) did not end in time and will be stopped")
    }
    handle(.stopRunning(reason: "almanac was shut down"))
    // Each run has its stop_grace; a store that takes nothing must not keep the process for ever.
    loop.after(milliseconds: 30_000) { [unowned self] in
      logger.error("gave up waiting for the last runs to be recorded; the next start will deal with them")
      drain = .done
      loop.stop()
    }
  }

  /// The last turn: nothing runs, and all is written.
  func finishDrainIfDone() {
    switch drain {
    case .running, .stopping: break
    case .no, .done: return
    }
    guard executor.count == 0, pending.heldStarts.isEmpty, pending.isEmpty, nextWake == nil else { return }
    drain = .done
    loop.stop()
  }

  func end() {
    control?.close()
    rocks.close()
    pool.close()
    ledger.wait()
    logWriter.wait()
    KillPoint.drained.pass()
    notifications?.close(within: 5)
    switch configuration.purpose {
    case .serve: history.stop()
    case .runOnce: history.sweepBriefly()
    }
    if case .serve = configuration.purpose {
      let uptime = wallNow() - startedAt
      let time = Interval(microseconds: uptime.microseconds / 1_000_000 * 1_000_000)
      logger.notice(
        "stopped after \(time): \(English.count(statistics.runs, "run")), \(statistics.failures) of them failed"
      )
    }
  }
}
