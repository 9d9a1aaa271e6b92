import Files
import Glibc
import RunLifecycle
import Scheduling

/// What the hosts of an earlier daemon left behind: how far the rows had come that it left open.
///
/// It stays on disk until ``settle()``, so that a start that is itself killed takes nothing away from
/// the next one.
final class FormerEvidence {
  private let folder: String
  private let isOfThisBoot: Bool
  /// False when a file could not be read: then nobody knows of a run that is in no other.
  private var isComplete = true
  private var files: [HostEvidence] = []
  private var attempts: [RunID: (attempt: Int, wasCalled: Bool, startedAt: Instant?)] = [:]
  /// The number after the greatest of a former host.
  private(set) var nextHostID = 1

  /// Ends the host processes that are still there, and reads their files.
  init(folder: String) {
    self.folder = folder
    isOfThisBoot = (try? FileBytes.all(of: folder + "/boot")) == Array(HostEvidence.bootID.utf8)
    for name in (try? Folder.names(in: folder)) ?? []
    where name.hasPrefix("host-") {
      nextHostID = max(nextHostID, (Int(name.dropFirst(5)) ?? 0) + 1)
      guard let file = try? HostEvidence(path: folder + "/" + name) else {
        isComplete = false
        continue
      }
      file.endsWithObject = false
      files.append(file)
      guard file.isOfThisBoot else { continue }
      endHost(of: file)
      for attempt in file.attempts() { note(attempt) }
    }
  }

  /// What is known of an open row.
  func evidence(of run: Run) -> Evidence {
    guard isOfThisBoot else { return .unknown }
    guard let found = attempts[run.id], found.wasCalled, found.attempt >= run.attempt else {
      return isComplete ? .mainNotCalled : .unknown
    }
    return .mainCalled(attempt: found.attempt, at: found.startedAt)
  }

  /// All that was open is durably dealt with: the files can go.
  func settle() {
    for file in files { file.endsWithObject = true }
    files = []
    try? FileBytes.replace(folder + "/boot", with: Array(HostEvidence.bootID.utf8))
  }

  /// The latest attempt counts; where two hosts had the same one, that it was called does.
  private func note(_ found: (run: UInt64, attempt: UInt32, stage: HostEvidence.Stage, startedAt: Int64)) {
    let id = RunID(rawValue: Int64(bitPattern: found.run))
    let (attempt, wasCalled) = (Int(found.attempt), found.stage >= .mainCalled)
    if let known = attempts[id], known.attempt > attempt || (known.attempt == attempt && known.wasCalled) {
      return
    }
    let started = found.startedAt == 0 ? nil : Instant(microseconds: found.startedAt)
    attempts[id] = (attempt, wasCalled, started)
  }

  /// A host ends by itself when its daemon is gone, and then its keeper ends what it had started, before
  /// anything is started again; those that are stopped or stuck are ended.
  private func endHost(of file: HostEvidence) {
    for _ in 0..<500 {
      guard let host = file.livingHost else { break }
      kill(-host, SIGKILL)
      kill(host, SIGKILL)
      usleep(10_000)
    }
    for _ in 0..<500 {
      guard file.livingKeeper != nil else { return }
      usleep(10_000)
    }
    if let keeper = file.livingKeeper { kill(keeper, SIGKILL) }
  }
}
