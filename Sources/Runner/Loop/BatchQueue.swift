import Dispatch
import Synchronization

/// Handles items on a queue of its own; what has gathered while it was busy it takes all at once.
final class BatchQueue<Item: Sendable>: Sendable {
  private struct State {
    var items: [Item] = []
    /// True while the queue is on the way to them.
    var isScheduled = false
  }

  private let state = Mutex(State())
  private let queue: DispatchQueue
  private let handle: @Sendable ([Item]) -> Void

  /// - Parameter handle: called on the queue with each batch, never an empty one.
  init(label: String, _ handle: @escaping @Sendable ([Item]) -> Void) {
    queue = DispatchQueue(label: label)
    self.handle = handle
  }

  func add(_ items: some Sequence<Item>) {
    let schedule = state.withLock { state in
      state.items += items
      defer { state.isScheduled = true }
      return !state.isScheduled
    }
    if schedule { queue.async { self.handleAll() } }
  }

  /// Returns when everything that was added has been handled.
  func wait() { queue.sync {} }

  private func handleAll() {
    while let batch = take() { handle(batch) }
  }

  private func take() -> [Item]? {
    state.withLock { state in
      state.isScheduled = !state.items.isEmpty
      defer { state.items = [] }
      return state.items.isEmpty ? nil : state.items
    }
  }
}
