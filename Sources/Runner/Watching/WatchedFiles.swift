import Glibc
import RunLifecycle
import Scheduling
import Values

/// The files that one trigger watches: what of them was seen, and what has changed since. Pure bookkeeping over
/// what a look at the file system has found.
struct WatchedFiles: Sendable {
  /// What a look has to report.
  enum Report: Sendable, Equatable {
    /// What is there when the trigger goes live, which is not due.
    case baseline(memo: String)
    case changed(snapshot: String, paths: [String], memo: String)
  }

  let rule: WatchRule
  /// Of each path that was seen, how its file was then; `nil` before the first look.
  private var seen: [String: String]?
  /// Files that have changed, how they were at the latest look, and since when (monotonic microseconds).
  private var changing: [String: (stamp: String, since: Int64)] = [:]

  /// - Parameter memo: What the trigger remembers; `nil` for one that is new.
  init(_ rule: WatchRule, memo: String?) {
    self.rule = rule
    seen = memo.flatMap { try? DataValue(json: Array($0.utf8)) }?.asTable.map { table in
      table.fields.compactMapValues(\.asString)
    }
  }

  /// Compares with what was found at `now` (monotonic microseconds): the stamp of each path's file.
  mutating func look(_ found: [String: String], at now: Int64) -> Report? {
    guard var seen else {
      self.seen = found
      return .baseline(memo: Self.memo(found))
    }
    var settled: [String] = []
    var stillChanging: [String: (stamp: String, since: Int64)] = [:]
    for (path, stamp) in found where seen[path] != stamp {
      let since = changing[path].flatMap { $0.stamp == stamp ? $0.since : nil } ?? now
      if now - since >= rule.settle.microseconds {
        settled.append(path)
        seen[path] = stamp
      } else {
        stillChanging[path] = (stamp, since)
      }
    }
    changing = stillChanging
    // A file that is gone is new when it comes back.
    for path in seen.keys where found[path] == nil { seen[path] = nil }
    self.seen = seen
    guard !settled.isEmpty else { return nil }
    settled.sort()
    var hash = StableHash()
    for path in settled {
      hash.combine(path)
      hash.combine(seen[path] ?? "")
    }
    return .changed(snapshot: hash.hexadecimal, paths: settled, memo: Self.memo(seen))
  }

  private static func memo(_ seen: [String: String]) -> String {
    (try? DataValue.object(seen.mapValues { .string($0) }).json()) ?? "{}"
  }

  /// The files that match the rule now, each with a text that changes with its content, as far as the file system
  /// tells: inode, size, time of the last change.
  static func find(_ rule: WatchRule) -> [String: String] {
    let pattern = rule.pattern.hasPrefix("/") ? rule.pattern : rule.folder + "/" + rule.pattern
    var matches = glob_t()
    defer { globfree(&matches) }
    guard glob(pattern, GLOB_NOSORT | GLOB_BRACE, nil, &matches) == 0 else { return [:] }
    var found: [String: String] = [:]
    for index in 0..<Int(matches.gl_pathc) {
      guard let path = matches.gl_pathv[index] else { continue }
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      found[String(cString: path)] =
        "\(status.st_ino).\(status.st_size).\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
    return found
  }
}
