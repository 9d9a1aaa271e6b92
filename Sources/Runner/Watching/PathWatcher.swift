import CLinux
import Dispatch
import RunLifecycle
import Scheduling
import Synchronization

/// Looks at the files that jobs' triggers watch, on a queue of its own.
///
/// By polling: what has to be quiet for a second need not be known sooner, and a look finds what happens on
/// network file systems and what inotify loses. A folder that is slow to list is looked at less often, so
/// that looking takes a twentieth of the time at most.
final class PathWatcher: Sendable {
  /// A trigger of a job.
  struct Key: Hashable, Sendable {
    var job: JobKey
    var trigger: String
  }

  private struct Table {
    var files: [Key: WatchedFiles] = [:]
    var isLooking = false
    var isStopped = false
  }

  private static let shortestRest = 0.25

  private let queue = DispatchQueue(label: "almanac.watch")
  private let table = Mutex(Table())
  private let onReport: @Sendable (Key, WatchedFiles.Report) -> Void

  /// - Parameter onReport: Called on the watcher's queue.
  init(onReport: @escaping @Sendable (Key, WatchedFiles.Report) -> Void) { self.onReport = onReport }

  /// Watches these for the job from now on, and what it had watched before no more. A trigger that stays keeps
  /// what it has seen.
  func watch(_ rules: [(trigger: String, rule: WatchRule, memo: String?)], for job: JobKey) {
    let begins = table.withLock { table in
      let former = table.files.filter { $0.key.job == job }
      for key in former.keys { table.files[key] = nil }
      for (trigger, rule, memo) in rules {
        let key = Key(job: job, trigger: trigger)
        let kept = former[key].flatMap { $0.rule == rule && memo != nil ? $0 : nil }
        table.files[key] = kept ?? WatchedFiles(rule, memo: memo)
      }
      guard !table.files.isEmpty, !table.isLooking, !table.isStopped else { return false }
      table.isLooking = true
      return true
    }
    if begins { queue.async { [self] in look() } }
  }

  func stop() { table.withLock { $0.isStopped = true } }

  private func look() {
    let begun = clinux_monotonic_ns()
    for key in table.withLock({ Array($0.files.keys) }) {
      guard let rule = table.withLock({ $0.files[key]?.rule }) else { continue }
      let found = WatchedFiles.find(rule)
      let report = table.withLock { table in
        // The trigger may have gone, or be another one, since the look began.
        table.files[key]?.rule == rule ? table.files[key]?.look(found, at: clinux_monotonic_ns() / 1000) : nil
      }
      if let report { onReport(key, report) }
    }
    let goesOn = table.withLock { table in
      table.isLooking = !table.files.isEmpty && !table.isStopped
      return table.isLooking
    }
    guard goesOn else { return }
    let taken = Double(clinux_monotonic_ns() - begun) / 1e9
    queue.asyncAfter(deadline: .now() + max(Self.shortestRest, taken * 20)) { [self] in look() }
  }
}
