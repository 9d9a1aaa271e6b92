import CLinux
import Dispatch
import Glibc
import RunStore
import Synchronization

/// Keeps the history within its bounds, on a queue of its own and with pauses, so that whoever claims or records
/// waits for one small transaction at the most.
final class HistorySweeper: Sendable {
  /// Between two sweeps, milliseconds; a history that has grown too large is swept at the next look.
  private static let interval: Int64 = 600_000
  /// Between two looks at the size, milliseconds.
  private static let lookInterval: Int64 = 60_000
  /// After the start, which has enough to do.
  private static let firstLook: Int64 = 5_000
  /// The part of the time that is left to others.
  private static let pause: UInt32 = 10_000
  /// What a single run does before it ends.
  private static let stepsOfARun = 20

  private let policy: RetentionPolicy
  private let store: any RunStore
  private let logs: any LogStore
  private let report: @Sendable (Result<HistoryKeeper.Report, any Error>) -> Void
  private let queue = DispatchQueue(label: "almanac.history", qos: .utility)
  private let isStopped = Atomic(false)
  /// When the next sweep is due, monotonic milliseconds.
  private let nextSweep = Atomic<Int64>(0)

  /// - Parameter report: called on the sweeper's queue after each sweep that took something out, and when one
  ///   cannot be done.
  init(
    _ policy: RetentionPolicy, store: any RunStore, logs: any LogStore,
    report: @escaping @Sendable (Result<HistoryKeeper.Report, any Error>) -> Void
  ) {
    self.policy = policy
    self.store = store
    self.logs = logs
    self.report = report
  }

  /// Looks now and then, until ``stop()``.
  func start(on loop: EventLoop) { look(after: Self.firstLook, on: loop) }

  /// Ends after the step that is being taken.
  func stop() {
    isStopped.store(true, ordering: .relaxed)
    queue.sync {}
  }

  /// A few steps at once, for a process that ends soon.
  func sweepBriefly() { sweep(steps: Self.stepsOfARun, pause: 0) }

  private func look(after milliseconds: Int64, on loop: EventLoop) {
    loop.after(milliseconds: milliseconds) { [weak self] in
      guard let self, !isStopped.load(ordering: .relaxed) else { return }
      queue.async {
        self.sweepIfDue()
        loop.post { self.look(after: Self.lookInterval, on: loop) }
      }
    }
  }

  private func sweepIfDue() {
    let now = clinux_monotonic_ns() / 1_000_000
    let isOverSize = (try? HistoryKeeper.isOverSize(policy, store, logs)) ?? false
    guard isOverSize || now >= nextSweep.load(ordering: .relaxed) else { return }
    sweep(steps: .max, pause: Self.pause)
    nextSweep.store(clinux_monotonic_ns() / 1_000_000 + Self.interval, ordering: .relaxed)
  }

  private func sweep(steps: Int, pause: UInt32) {
    do {
      var keeper = try HistoryKeeper(policy, store: store, logs: logs, now: wallNow())
      var left = steps
      while left > 0, !isStopped.load(ordering: .relaxed), try keeper.step() {
        left -= 1
        usleep(pause)
      }
      if keeper.report != HistoryKeeper.Report() { report(.success(keeper.report)) }
    } catch {
      report(.failure(error))
    }
  }
}
