import Synchronization
import WebClient

/// When a transfer last moved, and when that is too long ago.
final class HTTPProgress: Sendable {
  private struct State {
    /// When it last moved; time that this process got no processor is added.
    var last: ContinuousClock.Instant
    var hasMoved = false
    var isComplete = false
  }

  private let start = ContinuousClock.now
  private let state: Mutex<State>
  private let totalLimit: Double?

  /// How often standing still is looked at, and how late that look may be before it is this machine that
  /// was held up, and not the server.
  private static let (step, lateness): (Duration, Duration) = (.seconds(3), .seconds(1))

  /// - Parameter totalLimit: Seconds for the whole transfer; `nil` where only standstill ends it.
  init(totalLimit: Double?) {
    self.totalLimit = totalLimit
    state = Mutex(State(last: start))
  }

  func note() {
    state.withLock { state in
      state.last = .now
      state.hasMoved = true
    }
  }

  /// All is here: what the disk still needs is no matter of the server's.
  func complete() { state.withLock { $0.isComplete = true } }

  /// Returns when the limit is over, or the task is cancelled.
  func standstill() async {
    // The first look was meant for the start.
    var wake = start
    while true {
      let late = ContinuousClock.now - wake
      if late > Self.lateness { state.withLock { $0.last += late } }
      guard let left = timeLeft, left > .zero else { break }
      wake = ContinuousClock.now.advanced(by: totalLimit == nil ? min(left, Self.step) : left)
      guard (try? await Task.sleep(until: wake, clock: .continuous)) != nil else { return }
    }
    // Nothing ends a transfer that is complete but its own end.
    while timeLeft == nil, (try? await Task.sleep(for: .seconds(3600))) != nil {}
  }

  /// `nil` when there is no limit any more.
  private var timeLeft: Duration? {
    state.withLock { state in
      if state.isComplete { return nil }
      let end =
        totalLimit.map { start.advanced(by: .seconds($0)) }
        ?? state.last.advanced(by: .seconds(HTTPPlan.standstillLimit))
      return end - .now
    }
  }

  /// What the script is told when the limit is over.
  func trouble(_ address: HTTPAddress) -> HTTPTrouble {
    let limit = totalLimit ?? HTTPPlan.standstillLimit
    let seconds = limit == limit.rounded() ? "\(Int(limit))" : "\(limit)"
    guard state.withLock({ $0.hasMoved }) else {
      return HTTPTrouble("timeout: no answer from \(address.authority) within \(seconds) s")
    }
    return HTTPTrouble(
      "timeout: the answer from \(address.authority) was not complete after \(seconds) s"
        + (totalLimit == nil ? " without progress" : ""))
  }
}
