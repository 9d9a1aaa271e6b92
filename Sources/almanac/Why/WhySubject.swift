import CLinux
import FoundationEssentials
import Jobs
import RunLifecycle
import RunStore
import Runner
import Scheduling
import Settings
import Values

/// All that is known of the job that `why` is asked about: its file, its rows, and what the daemon says.
struct WhySubject {
  enum Daemon {
    case none
    /// Somebody holds the state directory, and does not answer.
    case silent(process: Int32?)
    case answered(DataValue)
  }

  /// How long the daemon may take to answer; what it could tell is not worth more.
  private static let patience: Int32 = 1500

  let name: String
  let now: Instant
  let zone: Zone
  let daemon: Daemon
  let ledger: LedgerReader?
  let key: JobKey?
  /// The job's file as it is now; `nil` if it is gone, or does not load.
  let definition: JobDefinition?
  let errors: [LoadError]
  /// What is most likely not meant in it.
  let doubts: [LoadError]
  /// Why the file is not known, if that is not its own fault.
  let missing: String?
  let accounts: [StoredAccount]
  /// The sizes of the concurrency pools.
  let pools: [String: Int]
  /// The rows of the job that have not ended, oldest first.
  let open: [Run]

  init(_ name: String, jobs: JobsOption, state: StateOptions) throws {
    self.name = name
    now = Instant(microseconds: clinux_wall_us())
    let directory = try state.directory
    daemon = Self.ask(directory, about: name)
    let ledger = try LedgerReader(directory)
    let key = ledger?.keys[name]
    (self.ledger, self.key) = (ledger, key)
    accounts = try key.flatMap { try ledger?.store.accounts(of: [$0])[$0] } ?? []
    open = try ledger?.store.openRuns().filter { $0.job == key } ?? []
    let settings = try Self.settings(jobs, state, daemon)
    pools = settings.pools.mapValues(\.value)
    do {
      let found = try OfflineJobs(settings, only: [name])
      (definition, errors, doubts, missing) = (found.definitions.first, found.errors, found.doubts, nil)
    } catch let failure as CommandFailure where key != nil {
      let folder = absolutePath(settings.jobs.value)
      switch failure.status {
      case ExitStatus.noJob:
        (definition, errors, doubts, missing) = (nil, [], [], "there is no file of it in \(folder) any more")
      case ExitStatus.usage where settings.jobs.origin == .builtIn:
        missing = "its file is not known: there is no folder \(folder); name the one of the jobs with --jobs"
        (definition, errors, doubts) = (nil, [], [])
      default: throw failure
      }
    }
    zone = try definition?.schedule?.zone ?? settings.zone()
  }

  /// What is in force; a daemon that answers knows better where its jobs are, and in which zone.
  private static func settings(
    _ jobs: JobsOption, _ state: StateOptions, _ daemon: Daemon
  ) throws -> DaemonSettings {
    let settings = try state.settings(jobs: jobs.jobs)
    guard case .answered(let answer) = daemon else { return settings }
    let isNamed = settings.jobs.origin != .builtIn
    return try state.config.settings([
      "state": state.state, "jobs": isNamed ? jobs.jobs : answer["jobs_folder"].asString,
      "time_zone": answer["time_zone"].asString,
    ])
  }

  private static func ask(_ state: StateDirectory, about name: String) -> Daemon {
    do {
      guard let client = try ControlClient(state) else { return .none }
      try client.send(.job(name))
      if let answer = try client.poll(milliseconds: patience) { return .answered(answer) }
    } catch {
      // A daemon that is of another version, or just going: the ledger tells all the same.
    }
    return .silent(process: state.holder())
  }

  // MARK: What follows from it

  var plan: JobPlan? { definition?.plan(key: key ?? JobKey(0)) }
  /// How many places the job's pool has; `nil`: it is in none, or that has no bound.
  var poolSize: Int? { definition?.policy.pool.flatMap { pools[$0] } }
  var schedule: Schedule? { definition?.schedule }
  var pause: RunLifecycle.Pause? { key.flatMap { ledger?.pauses[$0] } }

  /// The account of each of the schedule's triggers.
  var triggerAccounts: [TriggerAccount?] {
    (schedule?.triggers ?? []).map { trigger in
      accounts.first { $0.triggerKey == trigger.accountKey }?.account
    }
  }

  /// What the version that is live says of the job, by the daemon.
  var live: DataValue? {
    guard case .answered(let answer) = daemon, answer["job"] != .null else { return nil }
    return answer["job"]
  }

  func rows(_ query: RunQuery) throws -> [Run] {
    guard let key, let ledger else { return [] }
    var query = query
    query.job = key
    return try ledger.store.runs(query)
  }

  /// The next firing, and what will happen to it; `nil`: none is known.
  var next: ExplainedFiring? { firing(in: now..<Instant.distantFuture) }

  /// The first coming firing in a span of the future.
  func firing(in span: Range<Instant>) -> ExplainedFiring? {
    guard let definition, definition.policy.enabled, let schedule else { return nil }
    let coming = schedule.explained(
      from: max(span.lowerBound, now), until: span.upperBound, limit: 2, accounts: triggerAccounts)
    // A fixed delay counts from the end of what is open now.
    return coming.first { firing in
      guard case .restartAfter = schedule.triggers[firing.trigger].rule else { return true }
      return open.isEmpty
    }
  }

  /// When the job came to count as archived, if it does.
  var archivedAt: Instant? {
    guard let end = schedule?.end, let after = definition?.policy.archiveAfter, end + after <= now else {
      return nil
    }
    return end + after
  }

  /// "at 2026-11-21 03:00:00", or "on 2026-11-21" for what is a day.
  func local(_ span: Range<Instant>) -> String {
    let isDay = span.upperBound - span.lowerBound > .hours(1)
    return isDay ? "on \(local(span.lowerBound).prefix(10))" : "at \(local(span.lowerBound))"
  }

  /// "2026-11-21 03:00:00", in the job's zone.
  func local(_ instant: Instant) -> String { PeopleTime.text(instant, in: zone) }
}
