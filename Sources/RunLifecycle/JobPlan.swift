import Scheduling

/// What the planner knows of a job: its identity, the version that is live, when and how it runs.
public struct JobPlan: Sendable, Equatable {
  public var key: JobKey
  public var name: String
  /// Digest of the job's files.
  public var version: String
  /// `nil`: the job runs on demand only.
  public var schedule: Schedule?
  public var policy: RunPolicy

  public init(key: JobKey, name: String, version: String, schedule: Schedule?, policy: RunPolicy) {
    self.key = key
    self.name = name
    self.version = version
    self.schedule = schedule
    self.policy = policy
  }
}
