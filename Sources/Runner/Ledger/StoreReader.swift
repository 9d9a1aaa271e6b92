import Dispatch
import RunStore

/// Reads the store on a queue of its own, so that the loop never waits for a disk.
final class StoreReader: Sendable {
  private let store: any RunStore
  private let loop: EventLoop
  private let queue = DispatchQueue(label: "almanac.reads")

  init(store: any RunStore, loop: EventLoop) {
    self.store = store
    self.loop = loop
  }

  /// Calls `done` on the loop's thread with what `body` has read.
  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any RunStore) throws -> Value,
    done: @escaping @Sendable (Result<Value, any Error>) -> Void
  ) {
    queue.async { [store, loop] in
      let result = Result { try body(store) }
      loop.post { done(result) }
    }
  }
}
