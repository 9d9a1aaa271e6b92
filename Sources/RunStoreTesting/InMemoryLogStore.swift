import RunLifecycle
import RunStore
import Synchronization

/// Log lines in memory.
public final class InMemoryLogStore: LogStore {
  private let kept = Mutex<[LogLine]>([])

  public init() {}

  public func append(_ lines: [LogLine]) throws {
    kept.withLock { kept in
      for var line in lines {
        line.seq = Int64(kept.count + 1)
        kept.append(line)
      }
    }
  }

  public func lines(_ query: LogQuery) throws -> [LogLine] {
    kept.withLock { kept in
      let found = kept.filter { line in
        line.seq > query.after && (query.run == nil || line.run == query.run)
          && (query.job == nil || line.job == query.job)
      }
      let limit = max(0, query.limit)
      return Array(query.after > 0 ? found.prefix(limit) : found.suffix(limit))
    }
  }
}
