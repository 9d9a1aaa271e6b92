import Jobs
import RunStore
import Scheduling

/// What a runner is told when it is made.
public struct RunnerConfiguration: Sendable {
  /// What it is for.
  public enum Purpose: Sendable, Equatable {
    /// Run the folder's jobs by their schedules, until drained.
    case serve
    /// Run one job now, and end.
    case runOnce(job: String, params: String?, testing: Bool, dry: DryRun?)
  }

  public var purpose: Purpose
  /// The folder of jobs, as the user named it.
  public var jobs: String
  public var state: StateDirectory
  /// No job's `main` is called; due runs are logged and recorded as `tested`.
  public var testMode: Bool
  /// How long running jobs have to end when the runner drains.
  public var grace: Interval
  /// The zone of jobs that name none.
  public var zone: Zone
  /// How many host processes jobs share.
  public var hosts: Int
  /// How many Lua states may wait for their jobs' next runs; `nil` for all. A job whose state was closed is
  /// loaded again just before it is due.
  public var maxIdleStates: Int?
  /// How much history is kept.
  public var retention: RetentionPolicy
  /// How many places each concurrency pool has, by name.
  public var pools: [String: Int]
  /// Settings of every job that does not say otherwise.
  public var defaults: JobDefaults
  /// This machine's name in the ledger.
  public var node: String
  public var version: String
  /// Whom to tell what of runs, where jobs do not say.
  public var notify: NotifySettings
  /// The zone is the machine's own: it follows when that is set anew.
  public var zoneIsMachines = false

  public init(
    purpose: Purpose, jobs: String, state: StateDirectory, testMode: Bool = false,
    grace: Interval = .seconds(30),
    zone: Zone, hosts: Int, maxIdleStates: Int? = nil, retention: RetentionPolicy = .standard,
    pools: [String: Int] = [:], defaults: JobDefaults = .none, node: String, version: String,
    notify: NotifySettings = NotifySettings()
  ) {
    self.purpose = purpose
    self.jobs = jobs
    self.state = state
    self.testMode = testMode
    self.grace = grace
    self.zone = zone
    self.hosts = hosts
    self.maxIdleStates = maxIdleStates
    self.retention = retention
    self.pools = pools
    self.defaults = defaults
    self.node = node
    self.version = version
    self.notify = notify
  }

  /// The folder in which a job writes for people.
  func outputFolder(of job: String) -> String { state.path + "/output/" + job }
}
