import RunStore

/// Writes the jobs' log lines on a queue of its own, so that a flood of them holds up neither the
/// ledger nor the loop.
final class LogWriter: Sendable {
  /// A line, and who is credited for it once it is written.
  struct Item: Sendable {
    var line: LogLine
    var cost: Int
    var host: Int
  }

  private let queue: BatchQueue<Item>

  /// - Parameters:
  ///   - written: called on the loop's thread with how many bytes of each host's were taken, whether
  ///     or not the store could keep them.
  ///   - tried: called on the loop's thread with why the store could not keep lines, or `nil` when it could.
  init(
    store: any LogStore, loop: EventLoop, written: @escaping @Sendable ([Int: Int]) -> Void,
    tried: @escaping @Sendable ((any Error)?) -> Void
  ) {
    queue = BatchQueue(label: "almanac.logs") { batch in
      var failure: (any Error)?
      // A file that was removed is there again for the lines that follow.
      do { try store.verify() } catch { failure = error }
      do { try store.append(batch.map(\.line)) } catch { failure = error }
      let error = failure
      loop.post { tried(error) }
      var credit: [Int: Int] = [:]
      for item in batch { credit[item.host, default: 0] += item.cost }
      let total = credit
      loop.post { written(total) }
    }
  }

  func add(_ items: [Item]) { queue.add(items) }

  /// Returns after every line is written.
  func wait() { queue.wait() }
}
