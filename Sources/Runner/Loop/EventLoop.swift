import CLinux
import Files
import Glibc
import Synchronization

/// Something with a descriptor that the loop watches.
protocol LoopSource: AnyObject {
  var descriptor: Int32 { get }
  /// True while there is something to write that the descriptor did not take.
  var wantsWrite: Bool { get }
  func becameReady(readable: Bool, writable: Bool)
}

/// One thread that waits for descriptors, an instant of the wall clock, coarse timers and work posted
/// by other threads, and does one thing after the other.
///
/// All that the runner decides happens on this thread, so none of it needs a lock. Everything but
/// ``post(_:)`` and ``isCurrent`` must be called on it.
final class EventLoop: @unchecked Sendable {
  private let wakeup: Int32
  private let wallTimer: Int32
  private let posted = Mutex<[@Sendable () -> Void]>([])
  private var sources: [Int32: any LoopSource] = [:]
  private var timers: [(id: Int, at: Int64, work: () -> Void)] = []
  private var nextTimer = 1
  private var running = false
  private var armedFor: Instant64?
  private var thread: pthread_t?

  /// Called when the armed instant has come.
  var onWallInstant: () -> Void = {}
  /// Called when somebody has set the clock.
  var onClockSet: () -> Void = {}
  /// Called after everything that was ready has been handled, before the loop waits again: the place
  /// to write out what has been gathered.
  var onTurnEnd: () -> Void = {}

  typealias Instant64 = Int64

  init() throws(RunnerError) {
    wakeup = clinux_wakeup()
    wallTimer = clinux_wall_timer()
    guard wakeup >= 0, wallTimer >= 0 else {
      throw RunnerError("cannot make a timer: \(SystemFailure(code: -min(wakeup, wallTimer)))")
    }
    _ = clinux_wall_timer_disarm(wallTimer)
  }

  deinit {
    close(wakeup)
    close(wallTimer)
  }

  var isCurrent: Bool { thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }

  /// Has `work` done on the loop's thread, soon. From any thread.
  func post(_ work: @escaping @Sendable () -> Void) {
    let first = posted.withLock { queue in
      queue.append(work)
      return queue.count == 1
    }
    if first { clinux_wakeup_signal(wakeup) }
  }

  func add(_ source: any LoopSource) { sources[source.descriptor] = source }

  func remove(_ source: any LoopSource) { sources[source.descriptor] = nil }

  /// Has ``onWallInstant`` called at `instant` (microseconds since the epoch), or never.
  func arm(_ instant: Int64?) {
    guard instant != armedFor else { return }
    armedFor = instant
    if let instant {
      _ = clinux_wall_timer_arm(wallTimer, instant)
    } else {
      _ = clinux_wall_timer_disarm(wallTimer)
    }
  }

  /// Has `work` done after so many milliseconds, within a few.
  @discardableResult
  func after(milliseconds: Int64, _ work: @escaping () -> Void) -> Int {
    defer { nextTimer += 1 }
    timers.append((nextTimer, clinux_monotonic_ns() + milliseconds * 1_000_000, work))
    return nextTimer
  }

  func cancelTimer(_ id: Int) { timers.removeAll { $0.id == id } }

  /// Runs until ``stop()``, on the calling thread.
  func run() {
    thread = pthread_self()
    running = true
    var polled: [pollfd] = []
    while running {
      polled.removeAll(keepingCapacity: true)
      polled.append(pollfd(fd: wakeup, events: Int16(POLLIN), revents: 0))
      polled.append(pollfd(fd: wallTimer, events: Int16(POLLIN), revents: 0))
      for source in sources.values {
        let events = POLLIN | (source.wantsWrite ? POLLOUT : 0)
        polled.append(pollfd(fd: source.descriptor, events: Int16(events), revents: 0))
      }
      _ = poll(&polled, nfds_t(polled.count), timeout())
      if polled[0].revents != 0 { clinux_wakeup_clear(wakeup) }
      if polled[1].revents != 0 { takeWallTimer() }
      for ready in polled.dropFirst(2) where ready.revents != 0 {
        let events = Int32(ready.revents)
        // An earlier handler of this turn may have removed it.
        sources[ready.fd]?.becameReady(
          readable: events & (POLLIN | POLLHUP | POLLERR | POLLNVAL) != 0, writable: events & POLLOUT != 0)
      }
      for work in posted.withLock({ queue in
        defer { queue.removeAll() }
        return queue
      }) { work() }
      runTimers()
      onTurnEnd()
    }
  }

  /// Ends ``run()`` after the present turn.
  func stop() { running = false }

  private func takeWallTimer() {
    switch clinux_wall_timer_take(wallTimer) {
    case 1:
      armedFor = nil
      onWallInstant()
    case 2:
      let instant = armedFor
      armedFor = nil
      onClockSet()
      if armedFor == nil { arm(instant) }
    default: break
    }
  }

  private func timeout() -> Int32 {
    guard let next = timers.map(\.at).min() else { return -1 }
    return Int32(clamping: max(0, (next - clinux_monotonic_ns() + 999_999) / 1_000_000))
  }

  private func runTimers() {
    guard !timers.isEmpty else { return }
    let now = clinux_monotonic_ns()
    let due = timers.filter { $0.at <= now }.sorted { $0.at < $1.at }
    timers.removeAll { $0.at <= now }
    for timer in due { timer.work() }
  }
}
