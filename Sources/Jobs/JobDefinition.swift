import RunLifecycle
import Scheduling
import Values

/// One version of a job, read and found good: what it is, when it runs and under which limits.
public struct JobDefinition: Sendable, Equatable {
  public static let defaultMemoryLimit = 64 << 20
  public static let defaultLogLimit = 1 << 20

  public var source: JobSource
  /// `nil`: the job has no schedule table and runs on demand only.
  public var schedule: Schedule?
  public var policy: RunPolicy
  /// Every run has a Lua state of its own.
  public var freshState: Bool
  /// Of the job's Lua state, in bytes.
  public var memoryLimit: Int
  /// Of a run's log, in bytes.
  public var logLimit: Int
  /// Of an attempt; `nil` for none.
  public var cpuLimit: Interval?
  /// What `job.env` offers.
  public var env: [String: String]
  /// The names of what `job.env` offers too, read at each run.
  public var secrets: [String]
  /// All that the job may do to the world; `nil` for whatever it likes.
  public var allow: [Capability]?
  /// The job asks for a host process of its own.
  public var ownHost: Bool
  /// Whom to tell what of its runs; what is left open the configuration says.
  public var notify: NotifySettings
  /// The job says in which time zone it is; else it is in the daemon's.
  public var namesZone = false
  /// The job's former name, whose history it takes over.
  public var formerly: String?
  /// The calendar files of its blackouts, by path, with the digest of what was read.
  public var calendars: [String: String]

  /// A job that runs on demand, with every setting at its default.
  public init(source: JobSource) {
    self.source = source
    schedule = nil
    policy = RunPolicy()
    freshState = false
    memoryLimit = Self.defaultMemoryLimit
    logLimit = Self.defaultLogLimit
    cpuLimit = nil
    env = [:]
    secrets = []
    allow = nil
    ownHost = false
    notify = NotifySettings()
    calendars = [:]
  }

  public var name: String { source.name }

  /// Whether what the job was read from beside its own files, its zone's file and calendar files, is another
  /// one now. Zones are compared with what ``Zone/named(_:)`` gives, which keeps what it has read.
  public func isOutdated(daemonZone: Zone) -> Bool {
    if !namesZone, let zone = schedule?.zone, zone != daemonZone { return true }
    if let zone = schedule?.zone, let now = try? Zone.named(zone.name), now != zone { return true }
    return calendars.contains { path, digest in
      (try? SourceFile.read(path)).map { SourceDigest.of(main: $0, modules: []) } != digest
    }
  }

  /// What the planner needs to know of the job.
  ///
  /// - Parameter triggers: `false` leaves everything out by which the job would run unasked.
  public func plan(key: JobKey, triggers: Bool = true) -> JobPlan {
    var plan = JobPlan(
      key: key, name: source.name, version: source.version, schedule: triggers ? schedule : nil,
      policy: policy)
    if !triggers { plan.policy.runOnStartup = false }
    if let file = plan.policy.requires?.file, !file.hasPrefix("/") {
      plan.policy.requires?.file = source.folder + "/" + file
    }
    return plan
  }
}
