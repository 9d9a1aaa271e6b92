import CLinux
import Dispatch
import Glibc

/// A child process with its group: from its launch until nothing of the group is left.
///
/// Belongs to the keeper's queue.
final class ChildProcess: @unchecked Sendable {
  /// How a process ended.
  enum Status: Sendable, Equatable {
    case code(Int32)
    case signal(Int32)
  }

  private enum State {
    case launched
    case running(pid_t)
    /// The process has ended; others of its group have still to.
    case leaving(Status, group: pid_t)
    case over
  }

  /// How long others of the group have to end by themselves when the process has ended, in nanoseconds:
  /// the rest of a pipeline may be about to write its last lines.
  private static let leave: Int64 = 500_000_000

  private let keeper: Keeper
  private var id: UInt32 = 0
  private var state = State.launched
  private var isStopping = false
  /// When the group is killed, as it stands.
  private var killsAt: Int64?
  private var killTimer: (any DispatchSourceTimer)?
  private let onOver: (Result<Status, LaunchRefusal>) -> Void

  /// Why a child could not be started.
  enum LaunchRefusal: Error {
    case program(Int32)
    case folder(Int32)
    /// Whoever looks after children was itself killed.
    case lost
  }

  /// Starts a child.
  ///
  /// - Parameter onOver: Is called on the keeper's queue, once: when it could not be started, or nothing of its
  ///   group is left.
  init(
    _ launch: Launch, keeper: Keeper, onOver: @escaping (Result<Status, LaunchRefusal>) -> Void
  ) throws(Trouble) {
    self.keeper = keeper
    self.onOver = onOver
    id = try keeper.launch(launch) { [self] report in take(report) }.get()
  }

  /// Has the whole group end: SIGTERM now, SIGKILL at the given instant of the monotonic clock. The earliest
  /// such instant counts.
  func stop(killingAt instant: Int64) {
    if case .over = state { return }
    if !isStopping {
      isStopping = true
      keeper.send(SIGTERM, to: id)
    }
    kill(at: instant)
  }

  private func kill(at instant: Int64) {
    guard instant < (killsAt ?? .max) else { return }
    killsAt = instant
    killTimer?.cancel()
    let wait = instant - clinux_monotonic_ns()
    guard wait > 0 else {
      killTimer = nil
      return keeper.send(SIGKILL, to: id)
    }
    let timer = DispatchSource.makeTimerSource(queue: keeper.queue)
    timer.schedule(deadline: .now() + .nanoseconds(Int(wait)), leeway: .milliseconds(5))
    timer.setEventHandler { [self] in keeper.send(SIGKILL, to: id) }
    timer.activate()
    killTimer = timer
  }

  private func take(_ report: Keeper.Report) {
    switch (state, report) {
    case (.launched, .started(let pid)): state = .running(pid)
    case (.launched, .refused(let code, let inFolder)):
      end(.failure(inFolder ? .folder(code) : .program(code)))
    case (.running(let pid), .ended(let status)):
      state = .leaving(status, group: pid)
      kill(at: saturatingSum(clinux_monotonic_ns(), Self.leave))
    case (.leaving(let status, _), .gone): end(.success(status))
    case (.running(let pid), .lost), (.leaving(_, let pid), .lost):
      // With the keeper went the children themselves; this ends what they had started.
      Glibc.kill(-pid, SIGKILL)
      end(.failure(.lost))
    case (.launched, .lost): end(.failure(.lost))
    default: break
    }
  }

  private func end(_ result: Result<Status, LaunchRefusal>) {
    state = .over
    killTimer?.cancel()
    killTimer = nil
    onOver(result)
  }
}

/// The sum, or the greatest number where it would be more.
func saturatingSum(_ left: Int64, _ right: Int64) -> Int64 {
  let (sum, overflow) = left.addingReportingOverflow(right)
  return overflow ? .max : sum
}
