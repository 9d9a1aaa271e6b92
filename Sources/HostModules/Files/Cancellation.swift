import Synchronization

/// Tells work on another thread that nobody waits for it any more.
final class Cancellation: Sendable {
  private let isCancelled = Atomic(false)

  func cancel() { isCancelled.store(true, ordering: .relaxed) }

  /// To be called between two pieces of long work.
  func check() throws(Trouble) {
    guard !isCancelled.load(ordering: .relaxed) else { throw Trouble("the run was stopped") }
  }
}
