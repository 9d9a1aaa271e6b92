import CLinux
import Glibc
import Synchronization

/// What the watching thread is told by others.
final class WatchOrders: Sendable {
  typealias Answer = @Sendable (FolderScan) -> Void

  private struct Pending {
    var stops = false
    var answers: [Answer] = []
  }

  /// Can be read from while there is something to take.
  let descriptor: Int32
  private let pending = Mutex(Pending())

  /// `nil` if no more files may be open.
  init?() {
    descriptor = clinux_wakeup()
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  func stop() {
    pending.withLock { $0.stops = true }
    clinux_wakeup_signal(descriptor)
  }

  /// Has the folder read anew.
  func read(_ answer: @escaping Answer) {
    pending.withLock { $0.answers.append(answer) }
    clinux_wakeup_signal(descriptor)
  }

  /// Who waits for a look at the whole folder; `nil` when it is over.
  func take() -> [Answer]? {
    clinux_wakeup_clear(descriptor)
    return pending.withLock { pending in
      defer { pending.answers = [] }
      return pending.stops ? nil : pending.answers
    }
  }
}
