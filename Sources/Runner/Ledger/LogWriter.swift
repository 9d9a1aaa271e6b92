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
  ///   - failed: called on the loop's thread when the store could not keep lines.
  init(
    store: any LogStore, loop: EventLoop, written: @escaping @Sendable ([Int: Int]) -> Void,
    failed: @escaping @Sendable (any Error, Int) -> Void
  ) {
    queue = BatchQueue(label: "almanac.logs") { batch in
      do {
        try store.append(batch.map(\.line))
      } catch {
        loop.post { failed(error, batch.count) }
      }
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
