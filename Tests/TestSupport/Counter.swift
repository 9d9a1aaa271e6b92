import Synchronization

/// Counts from one on, for handlers that answer differently each time.
package final class Counter: Sendable {
  private let count = Mutex(0)

  package init() {}

  package var value: Int { count.withLock { $0 } }

  package func next() -> Int {
    count.withLock {
      $0 += 1
      return $0
    }
  }
}
