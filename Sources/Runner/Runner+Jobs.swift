import HostProtocol
import Jobs
import KillPoints
import Logging
import RunLifecycle
import RunStore
import Scheduling
import Values

/// The jobs folder: what it holds goes live, changes, and goes.
extension Runner {
  /// Reads the folder for the first time, and watches it from then on.
  func beginWatching() throws {
    var scan = FolderScan(scopes: [])
    watcher = try FolderWatcher(
      folder: JobsFolder(path: configuration.jobs),
      onNotice: { [logger] notice in logger.warning("\(notice)") }, onFirstScan: { scan = $0 },
      onScan: { [self] scan in loop.post { [self] in apply(scan) } })
    try makeKeys(scan.sources.map(\.name))
    retireAccountsOfMissingJobs(scan)
    initialLoads = scan.sources.count
    apply(scan)
    announceIfLoaded()
  }

  /// Looks at the whole folder again; `done` is called when all that changed is live or refused.
  func rescan(_ done: @escaping () -> Void) {
    scanRequests.append(done)
    watcher?.readAnew { [self] scan in loop.post { [self] in takeUp(scan) } }
  }

  private func takeUp(_ scan: FolderScan) {
    Zone.forgetCache()
    let zone = configuration.zoneIsMachines ? try? Zone.ofMachine() : try? Zone.named(configuration.zone.name)
    if let zone { configuration.zone = zone }
    catalog.readAgainWhatMayHaveChanged(daemonZone: configuration.zone)
    apply(scan)
    scanAnswers.append(scanRequests.removeFirst())
    answerScans()
  }

  func apply(_ scan: FolderScan) {
    if case .no = drain {} else { return }
    KillPoint.folderScanned.pass()
    let changes = catalog.apply(scan)
    for error in changes.newErrors { logger.error("\(error)", job: error.job) }
    for name in changes.removed { remove(name) }
    for source in changes.toLoad { load(source) }
    takeUpObjected()
    dropRows(ofJobsRuledOutBy: scan)
  }

  // MARK: Going live

  func load(_ source: JobSource) {
    let name = source.name
    objected[name] = nil
    do {
      let key = try keyNow(name)
      loading[name, default: 0] += 1
      loader.load(
        source, number: Int(key.rawValue), ownHost: catalog.needsOwnHost(name), depth: .initialized
      ) { [unowned self] result in
        loaded(source, key, result)
      }
    } catch {
      logger.error("the job cannot be entered into the store: \(error)", job: name)
    }
  }

  /// The source has come through, or has not. A newer one of the same job may have come meanwhile: then
  /// the catalog does not take this one.
  private func loaded(_ source: JobSource, _ key: JobKey, _ result: Result<JobLoader.Loaded, LoadFailure>) {
    loading[source.name] = loading[source.name].flatMap { $0 > 1 ? $0 - 1 : nil }
    switch result {
    case .success(let loaded):
      rockTries[source.name] = nil
      if let objection = objection(to: loaded.definition) {
        loaded.host.send(.close(loaded.state))
        if catalog.refuse(source, objection) {
          objected[source.name] = loaded.definition
          report(objection, of: source, key)
        }
      } else if catalog.accept(loaded.definition) {
        goLive(loaded, key)
      } else {
        loaded.host.send(.close(loaded.state))
      }
    case .failure(let failure):
      if catalog.refuse(source, failure) {
        report(failure, of: source, key)
        if failure.mayPass { tryRocksLater(source, failure) }
      }
    }
    recoverRows(of: key)
    handle(.timePassed)
    initialLoads = max(0, initialLoads - 1)
    takeUpObjected()
    announceIfLoaded()
    answerScans()
  }

  private func report(_ failure: LoadFailure, of source: JobSource, _ key: JobKey) {
    for error in failure.errors { logger.error("\(error)", job: source.name) }
    if live[key] != nil { logger.warning("the version before goes on", job: source.name) }
  }

  /// A server of rocks that does not answer tonight may do so in a minute: loads the job once more by and by, unless
  /// its files have changed by then.
  private func tryRocksLater(_ source: JobSource, _ failure: LoadFailure) {
    let tries = rockTries[source.name, default: 0] + 1
    rockTries[source.name] = tries
    let seconds = min(5 << min(tries - 1, 10), 3600)
    logger.log(level: .notice, "its rocks are tried again in \(seconds) s", job: source.name)
    loop.after(milliseconds: Int64(seconds) * 1000) { [unowned self] in
      guard case .no = drain, rockTries[source.name] == tries, catalog.refused[source.name] == failure,
        let source = catalog.takeUpAgain(source.name)
      else { return }
      load(source)
    }
  }

  private func goLive(_ loaded: JobLoader.Loaded, _ key: JobKey) {
    KillPoint.jobLoaded.pass()
    let definition = loaded.definition
    if let former = definition.formerly { inherit(key, from: former) }
    if let zone = definition.schedule?.zone.name { noteZone(zone) }
    let version = JobVersion(key: key, definition: definition)
    version.home = .ready(loaded.host, loaded.state)
    let isNew = live[key] == nil
    if let former = live.updateValue(version, forKey: key) { executor.retire(former) }
    executor.stateIsReady(version)
    greet(loaded)
    watchJob(version)
    if initialLoads == 0 {
      // Whoever reads this may pull the plug: from then on what is due is accounted for.
      pending.releases.append { [logger] in
        logger.log(
          level: .notice, isNew ? "the job is live" : "the new version is live", job: definition.name)
      }
      warn(of: CollectionOfOne(definition))
    }
    let accounts = stored.accounts.removeValue(forKey: key) ?? []
    handle(
      .jobLive(
        definition.plan(key: key), accounts: accounts,
        lastEnded: stored.lastEnded[key], pause: stored.pauses[key], initial: initialLoads > 0))
    KillPoint.jobLive.pass()
    if isNew { hearOfFormerEnds(definition, key, since: accounts) }
    watchFiles(of: definition, key)
  }

  /// Looks from now on at the files that the job's triggers wait for.
  private func watchFiles(of definition: JobDefinition, _ key: JobKey) {
    var rules: [(String, WatchRule, String?)] = []
    for trigger in definition.schedule?.triggers ?? [] where trigger.enabled && definition.policy.enabled {
      guard case .watch(let rule) = trigger.rule else { continue }
      rules.append((trigger.accountKey, rule, planner.memo(of: key, trigger: trigger.accountKey)))
    }
    pathWatcher.watch(rules, for: key)
  }

  func makePathWatcher() -> PathWatcher {
    PathWatcher { [self] key, report in
      loop.post { [self] in
        guard case .no = drain else { return }
        handle(.watched(key, report))
      }
    }
  }

  /// Puts what `initialize` returned into the job's log.
  func greet(_ loaded: JobLoader.Loaded) {
    guard let text = loaded.greeting else { return }
    let entry = LogEntry(run: nil, at: wallNow().microseconds, level: .info, message: text, fields: nil)
    keep(entry, of: loaded.definition.source.name, host: loaded.host)
  }

  private func remove(_ name: String) {
    objected[name] = nil
    rockTries[name] = nil
    guard let key = keys[name], let version = live.removeValue(forKey: key) else { return }
    logger.log(level: .notice, "the job was removed", job: name)
    executor.retire(version)
    notifications?.jobIsGone(key)
    pathWatcher.watch([], for: key)
    let decisions = planner.handle(.jobRemoved(key), at: wallNow())
    KillPoint.jobRemoved.pass()
    // A file that comes back goes on where it was.
    stored.accounts[key] = decisions.flatMap(\.accountChanges).filter { $0.job == key }.map {
      StoredAccount(
        triggerKey: $0.triggerKey, fingerprint: $0.fingerprint, account: $0.account, memo: $0.memo)
    }
    carryOut(decisions)
  }

  /// Jobs that went while nobody looked: if they come back, they count from then on.
  private func retireAccountsOfMissingJobs(_ scan: FolderScan) {
    let present = Set(scan.sources.map(\.name)).union(scan.errors.map(\.job))
    for (key, accounts) in stored.accounts {
      let name = name(of: key)
      let isKept = present.contains(name) || !scan.rulesOut(name)
      let live = accounts.filter { $0.fingerprint != StoredAccount.retired }
      guard !isKept, !live.isEmpty else { continue }
      pending.changes.append(.account(live.map { .retiring($0, of: key) }))
      stored.accounts[key] = accounts.map {
        StoredAccount(
          triggerKey: $0.triggerKey, fingerprint: StoredAccount.retired, account: $0.account, memo: $0.memo)
      }
    }
  }

  // MARK: States

  /// Makes the Lua state of a version that has none (any more).
  func makeState(_ version: JobVersion) {
    version.home = .loading
    loader.load(
      version.definition.source, number: Int(version.key.rawValue),
      ownHost: catalog.needsOwnHost(version.name),
      depth: .initialized
    ) { [unowned self] result in
      switch result {
      case .success(let loaded):
        version.home = .ready(loaded.host, loaded.state)
        greet(loaded)
        if version.isRetired { executor.retire(version) }
        executor.stateIsReady(version)
      case .failure(let failure):
        version.home = .none
        for error in failure.errors { logger.error("\(error)", job: version.name) }
        executor.stateFailed(version, failure.description)
      }
    }
  }

  // MARK: Names

  /// The job's key, made in the store if it has none yet.
  func keyNow(_ name: String) throws -> JobKey {
    try makeKeys([name])
    guard let key = keys[name] else { throw RunnerError("the store gave no key for the job \(name)") }
    return key
  }

  private func makeKeys(_ names: [String]) throws {
    let missing = names.filter { keys[$0] == nil }
    guard !missing.isEmpty else { return }
    for (name, key) in try store.jobKeys(for: missing) {
      keys[name] = key
      stored.names[key] = name
    }
  }

  func name(of key: JobKey) -> String { stored.names[key] ?? "job \(key)" }

  // MARK: Announcing

  /// Says once, when everything found at the start is live or refused, how things stand.
  private func announceIfLoaded() {
    guard initialLoads == 0, !announced else { return }
    announced = true
    warn(of: catalog.live.values)
    rocks.sweep()
    var text = "almanac \(configuration.version) is ready: \(English.count(live.count, "job")) live"
    if !catalog.refused.isEmpty { text += ", \(catalog.refused.count) refused" }
    if configuration.testMode { text += "; test mode: no main is called" }
    logger.notice("\(text)")
    if let next = nextFiring() {
      logger.notice("next due: \(next.job) at \(next.firing.startAt.description(in: configuration.zone))")
    }
  }

  /// The firing that comes next of all jobs.
  private func nextFiring() -> (job: String, firing: Firing)? {
    live.values.compactMap { version in
      planner.nextFiring(of: version.key).map { (version.name, $0.firing) }
    }.min { $0.1.startAt < $1.1.startAt }
  }

  private func answerScans() {
    guard loading.isEmpty, !scanAnswers.isEmpty else { return }
    let answers = scanAnswers
    scanAnswers = []
    for answer in answers { answer() }
  }

  /// Open rows of jobs that are not there are ended by the planner, which knows no such job. Those of a job that a look
  /// at the folder says nothing of (its file is just being written) wait for one that does.
  private func dropRows(ofJobsRuledOutBy scan: FolderScan) {
    for key in Array(stored.openRows.keys) where live[key] == nil {
      let name = name(of: key)
      if loading[name] == nil, scan.rulesOut(name) { recoverRows(of: key) }
    }
    settleFormerEvidence()
  }
}

extension Decision {
  fileprivate var accountChanges: [AccountChange] {
    switch self {
    case .claim(_, let changes), .record(_, let changes), .account(let changes), .finish(_, let changes),
      .update(_, let changes):
      changes
    case .pause, .checkConditions, .askWhen, .start, .stop, .note: []
    }
  }
}

extension PlannerEvent {
  fileprivate static func watched(_ key: PathWatcher.Key, _ report: WatchedFiles.Report) -> PlannerEvent {
    switch report {
    case .baseline(let memo):
      .watched(key.job, triggerKey: key.trigger, snapshot: nil, params: nil, memo: memo)
    case .changed(let snapshot, let paths, let memo):
      .watched(
        key.job, triggerKey: key.trigger, snapshot: snapshot,
        params: try? DataValue.object(["paths": .list(paths.map { .string($0) })]).json(), memo: memo)
    }
  }
}
