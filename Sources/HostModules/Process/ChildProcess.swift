import CLinux
import Glibc
import LuaHost

/// A child process with its group: from its launch until nothing of the group is left.
///
/// Belongs to the thread of the keeper's loop.
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
  private var killTimer: PollLoop.Timer?
  private let onStart: () -> Void
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
  /// - Parameters:
  ///   - onStart: Is called on the thread of the keeper's loop when it runs, if it does.
  ///   - onOver: Is called on the thread of the keeper's loop, once: when it could not be started, or
  ///     nothing of its group is left.
  init(
    _ launch: Launch, keeper: Keeper, onStart: @escaping () -> Void = {},
    onOver: @escaping (Result<Status, LaunchRefusal>) -> Void
  ) throws(Trouble) {
    self.keeper = keeper
    self.onStart = onStart
    self.onOver = onOver
    id = try keeper.launch(launch) { [self] report in take(report) }
  }

  /// Has the whole group end: SIGTERM now, SIGKILL at the given instant of the monotonic clock.
  func stop(killingAt instant: Int64) {
    if case .over = state { return }
    if !isStopping {
      isStopping = true
      keeper.send(SIGTERM, to: id)
    }
    kill(at: instant)
  }

  /// Has the whole group killed at the given instant. The earliest such instant counts.
  func kill(at instant: Int64) {
    if case .over = state { return }
    guard instant < (killsAt ?? .max) else { return }
    killsAt = instant
    killTimer?.cancel()
    if instant <= clinux_monotonic_ns() {
      killTimer = nil
      keeper.send(SIGKILL, to: id)
    } else {
      killTimer = keeper.loop.timer(at: instant) { [self] in keeper.send(SIGKILL, to: id) }
    }
  }

  private func take(_ report: Keeper.Report) {
    switch (state, report) {
    case (.launched, .started(let pid)):
      state = .running(pid)
      onStart()
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
