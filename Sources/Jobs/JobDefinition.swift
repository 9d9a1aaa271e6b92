import RunLifecycle
import Scheduling

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
  /// What `job.env` offers.
  public var env: [String: String]
  /// The job asks for a host process of its own.
  public var ownHost: Bool

  /// A job that runs on demand, with every setting at its default.
  public init(source: JobSource) {
    self.source = source
    schedule = nil
    policy = RunPolicy()
    freshState = false
    memoryLimit = Self.defaultMemoryLimit
    logLimit = Self.defaultLogLimit
    env = [:]
    ownHost = false
  }

  public var name: String { source.name }

  /// What the planner needs to know of the job.
  ///
  /// - Parameter triggers: `false` leaves everything out by which the job would run unasked.
  public func plan(key: JobKey, triggers: Bool = true) -> JobPlan {
    var plan = JobPlan(
      key: key, name: source.name, version: source.version, schedule: triggers ? schedule : nil,
      policy: policy)
    if !triggers { plan.policy.runOnStartup = false }
    return plan
  }
}
