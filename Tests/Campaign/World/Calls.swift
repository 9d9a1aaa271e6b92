import Foundation
import RunLifecycle
import Scheduling

/// What a job's calls of `main` have left in its file.
struct Calls {
  struct Line {
    /// `B` a call began, `E` it was about to return; others are the job's own.
    var what: Character
    var run: RunID
    var attempt: Int
    var at: Instant
    var more: String
  }

  /// In the order in which they were written.
  let lines: [Line]

  /// - Parameter text: the file's; a line that was cut off, as by a disk that was full, is left out.
  init(_ text: String) {
    lines = text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: false)
      guard words.count == 5, let what = words[0].first, let run = Int64(words[1]),
        let attempt = Int(words[2]),
        let seconds = Double(words[3])
      else { return nil }
      return Line(
        what: what, run: RunID(run), attempt: attempt,
        at: Instant(microseconds: Int64((seconds * 1_000_000).rounded())), more: String(words[4]))
    }
  }

  func of(_ what: Character) -> [Line] { lines.filter { $0.what == what } }
}
