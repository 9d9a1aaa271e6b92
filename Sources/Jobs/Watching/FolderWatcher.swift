import Glibc
import Synchronization

/// Tells when jobs on disk may have changed, on a thread of its own.
///
/// It watches the jobs folder and all folders in it by inotify: whatever way a file is saved (written
/// in place, renamed over, deleted and created anew), the change is told once the file is closed or
/// has its name. A folder job is told as a whole, after 50 ms of quiet. Where symbolic links lead is
/// watched too, and so is the jobs folder's own path: the folder may be missing for a while or be
/// replaced. Folders beyond the kernel's limits are looked at once a second.
///
/// What is told is what *may* have changed; ``Catalog`` finds out.
public final class FolderWatcher: Sendable {
  private let thread: Mutex<pthread_t?>
  private let orders: WatchOrders

  /// Reads the folder, and from then on what changes, on the watcher's thread.
  ///
  /// A file that somebody is writing is left out until it is closed, so that no half of it is taken for a version: as
  /// far as the kernel tells, which is of files of the daemon's user (or to root) on file systems of this machine, and of
  /// whatever is written while it is watched.
  ///
  /// - Parameters:
  ///   - inotify: `false` has it look for itself once a second, as where the kernel gives no watches.
  ///   - onNotice: Called with a sentence for the operator (a limit of the kernel's was reached), on the watcher's
  ///     thread or before this returns.
  ///   - onFirstScan: Called before this returns, with the whole folder. The watches are in place by then: nothing that
  ///     comes after it is missed.
  ///   - onScan: Called on the watcher's thread with what changed; it should hand over and return soon.
  /// - Throws: ``WatchError`` if the thread or its descriptor cannot be had.
  public convenience init(
    folder: JobsFolder, inotify: Bool = true, onNotice: @escaping @Sendable (String) -> Void = { _ in },
    onFirstScan: (FolderScan) -> Void, onScan: @escaping @Sendable (FolderScan) -> Void
  ) throws(WatchError) {
    let loop = WatchLoop(folder: folder, inotify: inotify ? Inotify() : nil, notice: onNotice)
    onFirstScan(loop.read([.everything]))
    try self.init(loop) { loop, changes in onScan(loop.read(changes)) }
  }

  private init(
    _ loop: WatchLoop, deliver: @escaping @Sendable (WatchLoop, [FolderChange]) -> Void
  ) throws(WatchError) {
    guard let orders = WatchOrders() else { throw WatchError("no more files may be open") }
    guard let thread = Self.spawn(Work(loop: loop, orders: orders, deliver: deliver)) else {
      throw WatchError("no more threads may be started")
    }
    self.thread = Mutex(thread)
    self.orders = orders
  }

  /// Reads the whole folder again, whatever the kernel tells of it; `answer` is called on the watcher's thread, unless
  /// the watcher is stopped before.
  public func readAnew(_ answer: @escaping @Sendable (FolderScan) -> Void) { orders.read(answer) }

  deinit { stop() }

  /// Stops watching. When it returns, nothing more is told. Not to be called on the watcher's thread.
  public func stop() {
    thread.withLock { thread in
      guard let running = thread else { return }
      orders.stop()
      pthread_join(running, nil)
      thread = nil
    }
  }

  /// What the thread is given to do. It is handed over once and then belongs to the thread.
  private final class Work {
    let loop: WatchLoop
    let orders: WatchOrders
    let deliver: @Sendable (WatchLoop, [FolderChange]) -> Void

    init(
      loop: WatchLoop, orders: WatchOrders, deliver: @escaping @Sendable (WatchLoop, [FolderChange]) -> Void
    ) {
      self.loop = loop
      self.orders = orders
      self.deliver = deliver
    }

    func run() { loop.run(orders) { deliver(loop, $0) } }
  }

  private static func spawn(_ work: Work) -> pthread_t? {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(work)
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      context.release()
      return nil
    }
    return thread
  }
}

/// Why a jobs folder cannot be watched.
public struct WatchError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  init(_ reason: String) { description = "the jobs folder cannot be watched: " + reason }
}
