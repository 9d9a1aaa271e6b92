import Jobs
import RunLifecycle
import Scheduling
import Values

/// A job as listings show it.
public struct JobView: Sendable {
  public enum State: String, Sendable {
    /// Live, and nothing is going on.
    case idle
    /// A run waits: for its next attempt, or for a window.
    case waiting
    case running
    /// Somebody has paused it.
    case paused
    /// Its triggers have ended `archive_after` ago.
    case archived
    case disabled
    /// No version of it has loaded.
    case refused
  }

  public var name: String
  public var file: String?
  /// What is live; `nil` if nothing is.
  public var definition: JobDefinition?
  public var state: State
  public var nextDue: Instant?
  public var lastEnded: Run?
  /// What is wrong with the file as it stands, if anything is.
  public var errors: [LoadError]
  public var pause: Pause?
  public var testMode: Bool

  public init(
    name: String, file: String?, definition: JobDefinition?, state: State, nextDue: Instant?, lastEnded: Run?,
    errors: [LoadError], pause: Pause? = nil, testMode: Bool
  ) {
    self.name = name
    self.file = file
    self.definition = definition
    self.state = state
    self.nextDue = nextDue
    self.lastEnded = lastEnded
    self.errors = errors
    self.pause = pause
    self.testMode = testMode
  }

  /// The row of SPEC 8.
  public var row: DataValue {
    let zone = definition?.schedule?.zone
    return [
      "job": .string(name), "file": text(file),
      "enabled": definition.map { .bool($0.policy.enabled) } ?? .null,
      "paused": .bool(pause != nil),
      "testing": definition.map { .bool($0.policy.testing || testMode) } ?? .null,
      "state": .string(state.rawValue), "next_due_at": text(nextDue?.description),
      "next_due_at_local": text(zone.flatMap { nextDue?.description(in: $0) }),
      "last_outcome": text(lastEnded?.outcome?.rawValue),
      "last_ended_at": text(lastEnded?.endedAt?.description),
      "error": text(errors.isEmpty ? nil : errors.map(\.description).joined(separator: "\n")),
      "version": text(definition?.source.version), "triggers": triggers,
    ]
  }

  private var triggers: DataValue {
    guard let definition else { return .null }
    var rows = (definition.schedule?.triggers ?? []).map { trigger in
      [
        "name": text(trigger.name), "trigger": .string(trigger.written), "in_words": .string(trigger.inWords),
        "enabled": .bool(trigger.enabled),
      ] as DataValue
    }
    if definition.policy.runOnStartup {
      rows.append([
        "name": .null, "trigger": "run_on_startup = true", "in_words": "when almanac starts", "enabled": true,
      ])
    }
    return .list(rows)
  }

  private func text(_ text: String?) -> DataValue { text.map { .string($0) } ?? .null }
}
