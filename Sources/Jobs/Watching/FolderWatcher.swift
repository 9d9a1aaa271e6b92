import CLinux
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
/// What is told is what *may* have changed; ``JobsFolder/read(_:)`` and ``Catalog`` find out.
public final class FolderWatcher: Sendable {
  private struct Running {
    let thread: pthread_t
    let stop: Int32
  }

  private let running: Mutex<Running?>

  /// Starts watching. When it returns, the watches are in place: a scan made after that misses nothing.
  ///
  /// - Parameters:
  ///   - onNotice: Called with a sentence for the operator (a limit of the kernel's was reached), on
  ///     the watcher's thread or before this returns.
  ///   - onChange: Called on the watcher's thread; it should hand over and return soon.
  /// - Throws: ``WatchError`` if the thread or its descriptor cannot be had.
  public convenience init(
    folder: JobsFolder, onNotice: @escaping @Sendable (String) -> Void,
    onChange: @escaping @Sendable ([FolderChange]) -> Void
  ) throws(WatchError) {
    try self.init(folder: folder, inotify: Inotify(), onNotice: onNotice, onChange: onChange)
  }

  init(
    folder: JobsFolder, inotify: Inotify?, onNotice: @escaping @Sendable (String) -> Void,
    onChange: @escaping @Sendable ([FolderChange]) -> Void
  ) throws(WatchError) {
    let stop = clinux_wakeup()
    guard stop >= 0 else { throw WatchError("no more files may be open") }
    let work = Work(
      loop: WatchLoop(folder: folder, inotify: inotify, notice: onNotice), stop: stop, deliver: onChange)
    guard let thread = Self.spawn(work) else {
      close(stop)
      throw WatchError("no more threads may be started")
    }
    running = Mutex(Running(thread: thread, stop: stop))
  }

  /// The same, and reads what changed on the watcher's thread: `onScan` is given what was found.
  public convenience init(
    folder: JobsFolder, onNotice: @escaping @Sendable (String) -> Void = { _ in },
    onScan: @escaping @Sendable (FolderScan) -> Void
  ) throws(WatchError) {
    try self.init(folder: folder, onNotice: onNotice) { (changes: [FolderChange]) in
      onScan(folder.read(changes))
    }
  }

  deinit { stop() }

  /// Stops watching. When it returns, nothing more is told. Not to be called on the watcher's thread.
  public func stop() {
    running.withLock { running in
      guard let current = running else { return }
      clinux_wakeup_signal(current.stop)
      pthread_join(current.thread, nil)
      close(current.stop)
      running = nil
    }
  }

  /// What the thread is given to do. It is handed over once and then belongs to the thread.
  private final class Work {
    let loop: WatchLoop
    let stop: Int32
    let deliver: @Sendable ([FolderChange]) -> Void

    init(loop: WatchLoop, stop: Int32, deliver: @escaping @Sendable ([FolderChange]) -> Void) {
      self.loop = loop
      self.stop = stop
      self.deliver = deliver
    }

    func run() { loop.run(until: stop, deliver) }
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
