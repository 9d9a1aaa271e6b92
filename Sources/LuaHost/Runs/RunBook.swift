import Synchronization
import Values

/// What a run has done that must last and is not durable yet. The worker that has the state's turn writes
/// into it, and, while the run waits for the daemon, whoever brings the answer.
final class RunBook: Sendable {
  struct Contents {
    var keyValues = KeyValueBuffer()
    /// The steps of this attempt, those that an earlier one has done among them.
    var steps: Set<ExactText> = []
    var activeStep: String?
  }

  private let contents = Mutex(Contents())

  func with<Result>(_ body: (inout Contents) -> sending Result) -> sending Result {
    contents.withLock { body(&$0) }
  }

  /// What is written into the store when the run has ended so: an attempt that has not reached its end
  /// leaves nothing.
  func writes(after end: RunEnd) -> [KeyValueWrite] {
    switch end {
    case .succeeded, .skipped: with { $0.keyValues.runWrites }
    case .failed, .retryAfter, .fatal, .timedOut, .overCPULimit, .cancelled: []
    }
  }
}
