import RunLifecycle

/// A step of an open run that has been done: the run's later attempts do not do it again.
public struct KeptStep: Sendable, Equatable {
  public var run: RunID
  public var job: JobKey
  public var name: String
  /// What it returned, as a JSON list.
  public var result: String

  public init(run: RunID, job: JobKey, name: String, result: String) {
    self.run = run
    self.job = job
    self.name = name
    self.result = result
  }
}

/// What a job's key-value store has under a key.
public struct KeyValueEntry: Sendable, Equatable {
  /// As JSON; `nil` where there is none.
  public var value: String?
  /// What all keys of the job count, in bytes: the keys and their values.
  public var used: Int

  public init(value: String?, used: Int) {
    self.value = value
    self.used = used
  }
}
