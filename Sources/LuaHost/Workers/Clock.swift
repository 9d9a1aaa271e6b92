import HeapModule
import Synchronization

/// One thread for all that has its time: sleeps, time limits, and the tick by which workers are watched.
final class Clock: @unchecked Sendable {
  /// An action at an instant, as long as it is not cancelled.
  final class Timer: Sendable {
    fileprivate let isCancelled = Atomic(false)
    fileprivate let action: @Sendable () -> Void

    fileprivate init(_ action: @escaping @Sendable () -> Void) { self.action = action }
  }

  private struct Entry: Comparable {
    let instant: Int64
    let timer: Timer

    static func < (left: Entry, right: Entry) -> Bool { left.instant < right.instant }
    static func == (left: Entry, right: Entry) -> Bool { left.instant == right.instant }
  }

  /// How long a worker may be in Lua before somebody looks after it, in nanoseconds.
  static let slice: Int64 = 10_000_000

  private let condition = Condition()
  // Guarded by the condition's lock.
  private var entries = Heap<Entry>()
  private var cancelledEntries = 0
  private var isOver = false
  /// Whether the tick is called each slice. It is switched off by the clock when there is nothing to watch.
  private let isTicking = Atomic(false)

  /// Starts the thread.
  ///
  /// - Parameter tick: Is called once a slice; false ends the ticking until ``startTicking()``.
  func start(tick: @escaping @Sendable () -> Bool) {
    let started = startThread(named: "lua-clock", stackSize: 1 << 20) { [self] in run(tick) }
    precondition(started, "no thread for the Lua host's clock: nothing could end a run")
  }

  /// Calls `action` on the clock's thread at `instant` of the monotonic clock. It must not wait.
  @discardableResult
  func schedule(at instant: Int64, _ action: @escaping @Sendable () -> Void) -> Timer {
    let timer = Timer(action)
    condition.withLock {
      let isFirst = entries.min.map { instant < $0.instant } ?? true
      entries.insert(Entry(instant: instant, timer: timer))
      if isFirst { condition.signal() }
    }
    return timer
  }

  /// The timer's action is not called, unless it is being called already.
  ///
  /// - Complexity: O(1) amortized: cancelled timers are swept out when they are half of all.
  func cancel(_ timer: Timer) {
    guard !timer.isCancelled.exchange(true, ordering: .relaxed) else { return }
    condition.withLock {
      cancelledEntries += 1
      guard cancelledEntries > 64, cancelledEntries > entries.count / 2 else { return }
      entries = Heap(entries.unordered.filter { !$0.timer.isCancelled.load(ordering: .relaxed) })
      cancelledEntries = 0
    }
  }

  /// From now on the clock ticks, if it did not.
  func startTicking() {
    guard !isTicking.load(ordering: .sequentiallyConsistent),
      !isTicking.exchange(true, ordering: .sequentiallyConsistent)
    else { return }
    condition.withLock { condition.signal() }
  }

  /// Ends the thread; timers that are left are never called.
  func stop() {
    condition.withLock {
      isOver = true
      condition.signal()
    }
  }

  private func run(_ tick: @Sendable () -> Bool) {
    var nextTick = Int64.max
    while true {
      let now = monotonicNow()
      if now >= nextTick {
        nextTick = .max
        if !tick() {
          isTicking.store(false, ordering: .sequentiallyConsistent)
          // What began after the tick looked, and before the store, was not told to start the ticking.
          if tick() { isTicking.store(true, ordering: .sequentiallyConsistent) }
        }
      }
      if isTicking.load(ordering: .sequentiallyConsistent) {
        nextTick = min(nextTick, saturatingSum(now, Self.slice))
      }
      guard let due = takeDue(orWaitUntil: nextTick) else { return }
      for timer in due where !timer.isCancelled.exchange(true, ordering: .relaxed) { timer.action() }
    }
  }

  /// The timers that are due, none when it is time for a tick, `nil` when all is over.
  private func takeDue(orWaitUntil limit: Int64) -> [Timer]? {
    condition.withLock {
      if isOver { return nil }
      var due: [Timer] = []
      let first = min(entries.min?.instant ?? .max, limit)
      // Asked under the lock, so that whoever starts the ticking meanwhile signals when this waits.
      let mustTick = limit == .max && isTicking.load(ordering: .sequentiallyConsistent)
      if first == .max {
        if !mustTick { condition.wait() }
      } else if !mustTick, monotonicNow() < first {
        condition.wait(until: first)
      }
      if isOver { return nil }
      let now = monotonicNow()
      while let entry = entries.min, entry.instant <= now {
        entries.removeMin()
        if entry.timer.isCancelled.load(ordering: .relaxed) {
          cancelledEntries = max(0, cancelledEntries - 1)
        } else {
          due.append(entry.timer)
        }
      }
      return due
    }
  }
}
