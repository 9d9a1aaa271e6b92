import CLua
import Glibc

/// A thread that runs Lua, and the state it is in.
final class Worker: @unchecked Sendable {
  /// How much of the processor a turn may take.
  struct Budget {
    /// Nanoseconds.
    let time: Int64
    /// Is called once it has taken more, on another thread, while the turn goes on.
    let whenSpent: @Sendable () -> Void
  }

  /// Below the pool's maximum; free for another thread when this one has left.
  let index: Int
  private let thread: pthread_t
  private let number: Int32
  /// Is held while a signal is sent: so the state is there, and the thread has not ended.
  private let lock = Condition()
  // Guarded by the lock.
  private var occupant: OpaquePointer?
  private var since: Int64 = 0
  private var budget: Budget?
  /// What the thread had taken of the processor when the turn began, if that has a budget.
  private var timeBefore: Int64 = 0
  private let clock: clockid_t
  private var isSlow = false

  /// The worker of the calling thread.
  init(index: Int) {
    self.index = index
    thread = pthread_self()
    number = clua_thread_number()
    var clock = clockid_t()
    pthread_getcpuclockid(thread, &clock)
    self.clock = clock
  }

  /// Calls `body`, in which the thread is in the Lua state.
  func occupied(by state: OpaquePointer, budget: Budget?, _ body: () -> Int32) -> Int32 {
    let now = monotonicNow()
    lock.withLock {
      occupant = state
      since = now
      self.budget = budget
      if budget != nil { timeBefore = processorTime }
    }
    defer {
      lock.withLock {
        occupant = nil
        self.budget = nil
      }
    }
    return body()
  }

  /// What the latest turn that had a budget has taken of the processor, nanoseconds.
  var timeOfTurn: Int64 { processorTime - timeBefore }

  /// What the thread has taken of the processor. From any thread, as long as this one has not ended.
  private var processorTime: Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Sends the signal if the state is to stop, and lowers the priority of a thread that has been in the
  /// same state for ten slices: busy loops are not to hold up what takes a moment.
  ///
  /// - Returns: Whether the thread has been in the same state for a slice, and what is to be done because its
  ///   budget is spent.
  func look(at now: Int64) -> (isStuck: Bool, whenSpent: (@Sendable () -> Void)?) {
    lock.withLock {
      guard let occupant else { return (false, nil) }
      if clua_stop_pending(occupant) { clua_signal(thread) }
      if !isSlow, now - since >= 10 * Clock.slice {
        isSlow = true
        clua_lower_priority(number)
      }
      return (now - since >= Clock.slice, takeSpentBudget(at: now))
    }
  }

  /// The processor's clock is asked only when so much time has passed at all.
  private func takeSpentBudget(at now: Int64) -> (@Sendable () -> Void)? {
    guard let budget, now - since >= budget.time, timeOfTurn >= budget.time else { return nil }
    self.budget = nil
    return budget.whenSpent
  }

  /// Whether the thread's priority was lowered, so that it is of no more use when its turn is over.
  var isSpent: Bool { lock.withLock { isSlow } }
}
