import RunLifecycle
import RunStore
import Scheduling

/// A promise of ``RunStore`` that a store has not kept.
public struct ConformanceFailure: Error, CustomStringConvertible {
  public let description: String
}

/// One promise of the storage contract, as a check that runs against any store.
///
/// ```swift
/// @Test(arguments: RunStoreCheck.all) func keeps(check: RunStoreCheck) throws {
///   try check.run(on: InMemoryRunStore())
/// }
/// ```
public struct RunStoreCheck: Sendable, CustomStringConvertible {
  public let description: String
  private let body: @Sendable (any RunStore) throws -> Void

  init(_ description: String, _ body: @escaping @Sendable (any RunStore) throws -> Void) {
    self.description = description
    self.body = body
  }

  /// Throws a ``ConformanceFailure`` if the store, which must be empty, does not keep the promise.
  public func run(on store: any RunStore) throws { try body(store) }

  public static let all = identities + claims + changes + atomicity + queries + kept + retention
}

func expect(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw ConformanceFailure(description: message()) }
}

func expectEqual<Value: Equatable>(_ found: Value, _ wanted: Value, _ what: String) throws {
  if found != wanted {
    throw ConformanceFailure(description: "\(what): found \(found), where \(wanted) was expected")
  }
}

func expectConflict(_ what: String, _ body: () throws -> Void) throws {
  do { try body() } catch let error as StoreError where error.kind == .conflict { return }
  throw ConformanceFailure(description: "\(what) was not refused as a conflict")
}

/// A row for a check: job 1's at second `due`, unless said otherwise.
func sample(_ id: Int64, job: JobKey = JobKey(1), due: Int64, cause: Cause? = nil) -> Run {
  let dueAt = Instant(microseconds: 1_700_000_000_000_000 + due * 1_000_000)
  return Run(
    id: RunID(id), job: job, trigger: "every = \"1s\"", cause: cause ?? .clock(dueAt), dueAt: dueAt,
    node: "node", version: "v1")
}

extension Run {
  func ended(_ outcome: Outcome, reason: String? = nil) -> Run {
    var run = self
    run.state = .ended
    run.outcome = outcome
    run.reason = reason
    run.endedAt = dueAt + .seconds(1)
    return run
  }
}
