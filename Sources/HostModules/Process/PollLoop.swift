import CLinux
import Dispatch
import Synchronization

/// One thread that waits for all pipes and instants, so that nobody else has to.
///
/// What it calls must not wait.
final class PollLoop: @unchecked Sendable {
  /// A descriptor that the loop looks after. Belongs to the loop's thread.
  final class Watch {
    private let loop: PollLoop
    private let descriptor: Int32
    private let isForWriting: Bool
    private let token: UInt64
    private var isOn = false

    fileprivate init(_ loop: PollLoop, _ descriptor: Int32, isForWriting: Bool, token: UInt64) {
      self.loop = loop
      self.descriptor = descriptor
      self.isForWriting = isForWriting
      self.token = token
    }

    /// Whether to be called when the descriptor is ready.
    func turn(on: Bool) {
      guard on != isOn else { return }
      isOn = on
      if on {
        _ = clinux_poller_add(loop.poller, descriptor, isForWriting, token)
      } else {
        clinux_poller_remove(loop.poller, descriptor)
      }
    }

    /// For good; to be called before the descriptor is closed.
    func cancel() {
      turn(on: false)
      loop.actions[token] = nil
    }
  }

  /// An instant for which the loop waits. Belongs to the loop's thread.
  final class Timer {
    private let loop: PollLoop
    private let token: UInt64

    fileprivate init(_ loop: PollLoop, token: UInt64) {
      self.loop = loop
      self.token = token
    }

    func cancel() { loop.actions[token] = nil }
  }

  private struct Inbox {
    var work: [() -> Void] = []
    var hasThread = false
  }

  private let inbox = Mutex(Inbox())
  private let wakeup: Int32
  private let poller: Int32

  // What follows belongs to the thread.

  /// What is called for a watch or a timer.
  private var actions: [UInt64: () -> Void] = [:]
  private var lastToken: UInt64 = 0
  /// The instants of the timers in their order, with those of timers that were cancelled.
  private var instants: [(instant: Int64, token: UInt64)] = []

  private static let wakeupToken: UInt64 = 0

  /// The thread is started by the first ``async(_:)``.
  init() {
    wakeup = clinux_wakeup()
    poller = clinux_poller()
    precondition(
      wakeup >= 0 && poller >= 0 && clinux_poller_add(poller, wakeup, false, Self.wakeupToken) == 0,
      "no descriptors to wait for child processes with")
  }

  /// Has `work` called on the loop's thread, after what was handed over before it.
  func async(_ work: @escaping @Sendable () -> Void) {
    let (isFirst, needsThread) = inbox.withLock { inbox in
      inbox.work.append(work)
      defer { inbox.hasThread = true }
      return (inbox.work.count == 1, !inbox.hasThread)
    }
    if needsThread { DispatchQueue(label: "almanac.processes").async { [self] in run() } }
    if isFirst { clinux_wakeup_signal(wakeup) }
  }

  /// Looks after a descriptor, once it is turned on.
  func watch(_ descriptor: Int32, forWriting isForWriting: Bool, _ action: @escaping () -> Void) -> Watch {
    let watch = Watch(self, descriptor, isForWriting: isForWriting, token: nextToken())
    actions[lastToken] = action
    return watch
  }

  /// Calls `action` at an instant of the monotonic clock, unless it is cancelled before.
  ///
  /// - Complexity: O(timers), as moving memory goes.
  func timer(at instant: Int64, _ action: @escaping () -> Void) -> Timer {
    let token = nextToken()
    actions[token] = action
    // Most timers are later than all others.
    let place = (instants.lastIndex { $0.instant <= instant }).map { $0 + 1 } ?? 0
    instants.insert((instant, token), at: place)
    return Timer(self, token: token)
  }

  private func nextToken() -> UInt64 {
    lastToken += 1
    return lastToken
  }

  private func run() {
    var ready = [UInt64](repeating: 0, count: Int(CLINUX_POLLER_BATCH))
    while true {
      let count = clinux_poller_wait(poller, &ready, Int32(ready.count), millisecondsToWait())
      for token in ready.prefix(max(0, Int(count))) {
        if token == Self.wakeupToken {
          clinux_wakeup_clear(wakeup)
        } else {
          actions[token]?()
        }
      }
      let work = inbox.withLock { inbox in
        defer { inbox.work = [] }
        return inbox.work
      }
      for piece in work { piece() }
      callDue()
    }
  }

  /// Until the first timer; for ever where there is none.
  private func millisecondsToWait() -> Int32 {
    let cancelled = instants.prefix { actions[$0.token] == nil }.count
    instants.removeFirst(cancelled)
    guard let first = instants.first else { return -1 }
    let left = max(0, first.instant - clinux_monotonic_ns())
    return Int32(clamping: left / 1_000_000 + (left % 1_000_000 > 0 ? 1 : 0))
  }

  private func callDue() {
    guard !instants.isEmpty else { return }
    let now = clinux_monotonic_ns()
    let due = instants.prefix { $0.instant <= now }
    instants.removeFirst(due.count)
    for timer in due { actions.removeValue(forKey: timer.token)?() }
  }
}
