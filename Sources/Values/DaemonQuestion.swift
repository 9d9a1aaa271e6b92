/// What a job asks of the daemon, which holds what must last.
public enum DaemonQuestion: Sendable, Equatable {
  /// What the job's key-value store has under a key.
  ///
  /// - Parameter withValue: False where only the sizes are of interest.
  case entry(key: String, withValue: Bool)
  /// The keys of the store that begin so.
  case keys(prefix: String)
  /// The result of a step of this run.
  case step(String)
  /// Keep a step of this run, and what it wrote into the store, for good.
  case keepStep(String, result: String, writes: [KeyValueWrite])
}

/// What the daemon answers. All that was decided before the question is in it.
public enum DaemonAnswer: Sendable, Equatable {
  /// - Parameters:
  ///   - value: As JSON; `nil` where there is none, or it was not asked for.
  ///   - size: What the key counts, in bytes; 0 where it is not there.
  ///   - used: What all keys of the job count.
  case entry(value: String?, size: Int, used: Int)
  /// In the order of their bytes.
  case keys([String])
  /// The result that was kept, or `nil`: it is still to be done.
  case step(String?)
  /// It is on the disk.
  case kept
  /// There is no answer, and why.
  case failed(String)
}
