import FolderSync
import JobWriting

/// What a sync does to the jobs of a folder.
public struct TaskPlan: Sendable, Equatable {
  public struct Change: Sendable, Equatable {
    public var kind: FolderPlan.Kind
    /// The job's name.
    public var job: String
    /// The lines that go and come, with `- ` and `+ ` before them; of an update only.
    public var lines: [String]

    init(job: String, _ change: FolderPlan.Change) {
      self.job = job
      kind = change.kind
      lines = Self.lines(change.before, change.after)
    }

    private static func lines(_ before: String?, _ after: String?) -> [String] {
      guard let before, let after else { return [] }
      func split(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      }
      let (old, new) = (split(before), split(after))
      // The work grows with the lines times the differences.
      guard old.count + new.count < 4000 else { return [] }
      var (removed, inserted): (Set<Int>, Set<Int>) = ([], [])
      for change in new.difference(from: old) {
        switch change {
        case .remove(let place, _, _): removed.insert(place)
        case .insert(let place, _, _): inserted.insert(place)
        }
      }
      var lines: [String] = []
      var (left, right) = (0, 0)
      while left < old.count || right < new.count {
        if removed.contains(left) {
          lines.append("- " + old[left].trimmed)
          left += 1
        } else if inserted.contains(right) {
          lines.append("+ " + new[right].trimmed)
          right += 1
        } else {
          (left, right) = (left + 1, right + 1)
        }
      }
      return lines.filter { $0.count > 2 }
    }
  }

  /// In the order of the jobs' names.
  public var changes: [Change]
  /// What of the tasks that come or change is not as it was.
  public var notes: [ImportNote]

  public func count(_ kind: FolderPlan.Kind) -> Int { changes.count { $0.kind == kind } }
}
