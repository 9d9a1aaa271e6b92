import CLua
import Glibc

/// A thread that runs Lua, and the state it is in.
final class Worker: @unchecked Sendable {
  /// Below the pool's maximum; free for another thread when this one has left.
  let index: Int
  private let thread: pthread_t
  private let number: Int32
  /// Is held while a signal is sent: so the state is there, and the thread has not ended.
  private let lock = Condition()
  // Guarded by the lock.
  private var occupant: OpaquePointer?
  private var since: Int64 = 0
  private var isSlow = false

  /// The worker of the calling thread.
  init(index: Int) {
    self.index = index
    thread = pthread_self()
    number = clua_thread_number()
  }

  /// Calls `body`, in which the thread is in the Lua state.
  func occupied(by state: OpaquePointer, _ body: () -> Int32) -> Int32 {
    let now = monotonicNow()
    lock.withLock {
      occupant = state
      since = now
    }
    defer { lock.withLock { occupant = nil } }
    return body()
  }

  /// Sends the signal if the state is to stop, and lowers the priority of a thread that has been in the
  /// same state for ten slices: busy loops are not to hold up what takes a moment.
  ///
  /// - Returns: Whether the thread has been in the same state for a slice.
  func look(at now: Int64) -> Bool {
    lock.withLock {
      guard let occupant else { return false }
      if clua_stop_pending(occupant) { clua_signal(thread) }
      if !isSlow, now - since >= 10 * Clock.slice {
        isSlow = true
        clua_lower_priority(number)
      }
      return now - since >= Clock.slice
    }
  }

  /// Whether the thread's priority was lowered, so that it is of no more use when its turn is over.
  var isSpent: Bool { lock.withLock { isSlow } }
}
