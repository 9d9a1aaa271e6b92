import CLua
import Glibc

/// A thread that runs Lua, and the state it is in.
final class Worker: @unchecked Sendable {
  /// A worker's stay in a Lua state.
  struct Turn {
    let lua: OpaquePointer
    /// Nanoseconds of processor time that it may take, where there is a limit.
    var budget: Int64?
    /// Is called when it has taken more, on another thread, while the turn goes on.
    let whenSpent: @Sendable () -> Void
    /// Is called when it was stopped for good and does not end, the same way.
    let whenStuck: @Sendable () -> Void
  }

  /// What is to be done about a turn, outside of all locks.
  struct Finding {
    /// Whether the turn has lasted for a slice.
    var isLong = false
    var action: (@Sendable () -> Void)?
  }

  /// How much processor time a turn that lasts may take before its thread's priority is lowered, nanoseconds: less
  /// than the kernel gives at a time, so that of hundreds that begin together each is found out by its first.
  private static let busyTime: Int64 = 2_000_000
  /// How much processor time a turn that was stopped for good may take until it counts as stuck,
  /// nanoseconds. What only waits for a busy processor is not stuck.
  private static let patience: Int64 = 30_000_000

  /// Below the pool's maximum; free for another thread when this one has left.
  let index: Int
  private let thread: pthread_t
  private let number: Int32
  /// Is held while a signal is sent: so the state is there, and the thread has not ended.
  private let lock = Condition()
  // Guarded by the lock.
  private var turn: Turn?
  private var since: Int64 = 0
  /// What the thread had taken of the processor when the turn began, if that has a budget.
  private var timeBefore: Int64 = 0
  /// The same when it was first seen stopped for good.
  private var timeWhenStopped: Int64?
  private let clock: clockid_t
  private var isSlow = false
  /// What the thread had taken of the processor when the turn was first seen to last.
  private var timeWhenLong: Int64?

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
  func take(_ turn: Turn, _ body: () -> Int32) -> Int32 {
    let now = monotonicNow()
    lock.withLock {
      self.turn = turn
      since = now
      if turn.budget != nil { timeBefore = processorTime }
      timeWhenStopped = nil
      timeWhenLong = nil
    }
    defer { lock.withLock { self.turn = nil } }
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

  /// Sends the signal if the state is to stop, and lowers the priority of a thread that goes on being busy
  /// after a slice in the same state: busy loops are not to hold up what takes a moment.
  func look(at now: Int64) -> Finding {
    lock.withLock {
      guard let turn else { return Finding() }
      if clua_stop_pending(turn.lua) { clua_signal(thread) }
      let isLong = now - since >= Clock.slice
      if isLong, !isSlow { lowerPriorityIfBusy() }
      return Finding(isLong: isLong, action: takeAction(turn, at: now))
    }
  }

  /// A thread that only waits for a processor is not made to wait longer.
  private func lowerPriorityIfBusy() {
    guard let before = timeWhenLong else {
      timeWhenLong = processorTime
      return
    }
    guard processorTime - before >= Self.busyTime else { return }
    isSlow = true
    clua_lower_priority(number)
  }

  /// What the turn has come to that somebody must know, told once.
  private func takeAction(_ turn: Turn, at now: Int64) -> (@Sendable () -> Void)? {
    if clua_stop_level(turn.lua) >= 2 {
      guard let since = timeWhenStopped else {
        timeWhenStopped = processorTime
        return nil
      }
      guard since != .max, processorTime - since >= Self.patience else { return nil }
      timeWhenStopped = .max
      return turn.whenStuck
    }
    // The processor's clock is asked only when so much time has passed at all.
    guard let budget = turn.budget, now - since >= budget, timeOfTurn >= budget else { return nil }
    self.turn?.budget = nil
    return turn.whenSpent
  }

  /// Whether the thread's priority was lowered, so that it is of no more use when its turn is over.
  var isSpent: Bool { lock.withLock { isSlow } }
}
