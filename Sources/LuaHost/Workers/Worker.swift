import CLua
import Glibc

/// A thread that runs Lua, and the state it is in.
final class Worker: @unchecked Sendable {
  /// Below the pool's maximum; free for another thread when this one has left.
  let index: Int
  private let thread: pthread_t
  /// Is held while a signal is sent: so the state is there, and the thread has not ended.
  private let lock = Condition()
  // Guarded by the lock.
  private var occupant: OpaquePointer?
  private var since: Int64 = 0

  /// The worker of the calling thread.
  init(index: Int) {
    self.index = index
    thread = pthread_self()
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

  /// Sends the signal if the state is to stop.
  ///
  /// - Returns: Whether the thread has been in the same state for a slice.
  func look(at now: Int64) -> Bool {
    lock.withLock {
      guard let occupant else { return false }
      if clua_stop_pending(occupant) { clua_signal(thread) }
      return now - since >= Clock.slice
    }
  }
}
