import RunLifecycle
import RunStore
import Scheduling
import Values

/// A ledger row as listings show it (SPEC 8).
public struct RunView: Sendable {
  public var run: Run
  public var job: String

  public init(_ run: Run, job: String) {
    self.run = run
    self.job = job
  }

  public var row: DataValue {
    [
      "id": .int(run.id.rawValue), "job": .string(job), "trigger": .string(run.trigger),
      "cause": .string(run.cause.description), "due_at": .string(run.dueAt.description),
      "due_until": text(run.dueUntil?.description), "count": .int(Int64(run.count)),
      "started_at": text(run.startedAt?.description), "ended_at": text(run.endedAt?.description),
      "attempt": .int(Int64(run.attempt)), "state": .string(run.state.rawValue),
      "outcome": text(run.outcome?.rawValue), "reason": text(run.reason), "result": result,
      "error": text(run.error), "peak_memory_bytes": run.peakMemory.map { .int($0) } ?? .null,
      "node": .string(run.node), "version": .string(run.version),
    ]
  }

  /// What `main` returned, as data.
  public var result: DataValue { run.result.flatMap { try? DataValue(json: Array($0.utf8)) } ?? .null }

  /// What `main` returned, for a person: a string as it is, all else as JSON.
  public var resultText: String? { run.result.map { result.asString ?? $0 } }

  private func text(_ text: String?) -> DataValue { text.map { .string($0) } ?? .null }
}

extension LogLine {
  /// The row of SPEC 8.
  public var row: DataValue {
    [
      "run_id": run.map { .int($0.rawValue) } ?? .null, "at": .string(at.description),
      "level": .string(level),
      "message": .string(message), "fields": fields.flatMap { try? DataValue(json: Array($0.utf8)) } ?? .null,
    ]
  }
}
