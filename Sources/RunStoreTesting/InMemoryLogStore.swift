import RunLifecycle
import RunStore
import Scheduling
import Synchronization

/// Log lines in memory.
public final class InMemoryLogStore: LogStore {
  private struct Kept {
    var lines: [LogLine] = []
    var count: Int64 = 0
  }

  private let kept = Mutex(Kept())

  public init() {}

  public func append(_ lines: [LogLine]) throws {
    kept.withLock { kept in
      for var line in lines {
        kept.count += 1
        line.seq = kept.count
        kept.lines.append(line)
      }
    }
  }

  public func lines(_ query: LogQuery) throws -> [LogLine] {
    kept.withLock { kept in
      let found = kept.lines.filter { line in
        line.seq > query.after && (query.run == nil || line.run == query.run)
          && (query.job == nil || line.job == query.job)
      }
      let limit = max(0, query.limit)
      return Array(query.after > 0 ? found.prefix(limit) : found.suffix(limit))
    }
  }

  public func verify() throws {}

  // MARK: Retention

  public func removeLines(of runs: [RunID], limit: Int) throws -> Int {
    let runs = Set(runs)
    return remove(limit: limit) { $0.run.map(runs.contains) ?? false }
  }

  public func removeLinesOfLoads(before instant: Instant, limit: Int) throws -> Int {
    remove(limit: limit) { $0.run == nil && $0.at < instant }
  }

  private func remove(limit: Int, where goes: (LogLine) -> Bool) -> Int {
    kept.withLock { kept in
      let gone = Set(kept.lines.lazy.filter(goes).map(\.seq).prefix(limit))
      kept.lines.removeAll { gone.contains($0.seq) }
      return gone.count
    }
  }

  public func bytesInUse() throws -> Int {
    kept.withLock { $0.lines.reduce(0) { $0 + $1.message.utf8.count + ($1.fields?.utf8.count ?? 0) } }
  }

  public func giveBackSpace() throws -> Bool { false }
}
