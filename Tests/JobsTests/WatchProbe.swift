import Dispatch
import Glibc
import Synchronization

@testable import Jobs

/// A watcher with somebody behind it who reads what it tells of, and keeps the story of each job.
final class WatchProbe: Sendable {
  private struct State {
    var contents: [String: String] = [:]
    var refused: [String: String] = [:]
    /// What each job became, in order: its content, or nil when it went. No entry where nothing changed.
    var story: [String: [String?]] = [:]
    var batches = 0
    var lastChange = 0.0
    var notices: [String] = []
  }

  private let state = Mutex(State())
  private let watcher: Mutex<FolderWatcher?> = Mutex(nil)
  let folder: JobsFolder

  init(_ path: String) {
    folder = JobsFolder(path: path)
  }

  func start(withInotify: Bool = true) throws {
    let watcher = try FolderWatcher(folder: folder, inotify: withInotify) { [weak self] notice in
      self?.state.withLock { $0.notices.append(notice) }
    } onFirstScan: { [self] scan in
      apply(scan)
      state.withLock { $0.story = [:] }
    } onScan: { [weak self] scan in
      self?.apply(scan)
    }
    self.watcher.withLock { $0 = watcher }
  }

  /// Has everything read again, and waits for it.
  func readAnew() {
    let isRead = DispatchSemaphore(value: 0)
    watcher.withLock {
      $0?.readAnew { [weak self] scan in
        self?.apply(scan)
        isRead.signal()
      }
    }
    isRead.wait()
  }

  func stop() {
    watcher.withLock { watcher in
      watcher?.stop()
      watcher = nil
    }
  }

  private func apply(_ scan: FolderScan) {
    state.withLock { state in
      state.batches += 1
      let listed = Set(scan.sources.map(\.name) + scan.errors.map(\.job))
      for name in Set(state.contents.keys).union(state.refused.keys)
      where !listed.contains(name) && scan.rulesOut(name) {
        state.refused[name] = nil
        if state.contents.removeValue(forKey: name) != nil { state.story[name, default: []].append(nil) }
      }
      for source in scan.sources {
        state.refused[source.name] = nil
        let text = Self.text(of: source)
        guard state.contents.updateValue(text, forKey: source.name) != text else { continue }
        state.story[source.name, default: []].append(text)
        state.lastChange = monotonicMilliseconds()
      }
      for error in scan.errors { state.refused[error.job] = error.description }
    }
  }

  var contents: [String: String] { state.withLock { $0.contents } }
  var refused: [String: String] { state.withLock { $0.refused } }
  var story: [String: [String?]] { state.withLock { $0.story } }
  var lastChange: Double { state.withLock { $0.lastChange } }
  var notices: [String] { state.withLock { $0.notices } }

  /// Waits until this is so; false if it is not within some seconds.
  func eventually(_ condition: (WatchProbe) -> Bool) -> Bool {
    let deadline = monotonicMilliseconds() + 5000
    while monotonicMilliseconds() < deadline {
      if condition(self) { return true }
      usleep(500)
    }
    return condition(self)
  }

  func forgetStory() { state.withLock { $0.story = [:] } }

  /// Waits for everything that may still come of what was done.
  func settle() { usleep(120_000) }

  /// Whether what is known is what a look at the whole folder finds.
  func isUpToDate() -> Bool {
    let scan = folder.scan()
    return Set(scan.sources.map(\.name)) == Set(contents.keys)
      && scan.sources.allSatisfy { source in
        contents[source.name] == Self.text(of: source)
      }
  }

  /// The job's files and rocks in one text.
  private static func text(of source: JobSource) -> String {
    let files = ([source.main] + source.modules.map(\.bytes)).map { String(decoding: $0, as: UTF8.self) }
    return (files + (source.rocks?.rocks.map(\.text) ?? [])).joined(separator: "|")
  }
}
