import RunLifecycle
import Runner
import Scheduling

/// Instants and outcomes as a table shows them.
enum PeopleTime {
  /// "2026-11-21 03:00:00", in the zone.
  static func text(_ instant: Instant, in zone: Zone) -> String {
    var text = instant.description(in: zone)
    if let dot = text.firstIndex(of: ".") { text = String(text[..<dot]) }
    return text.replacing("T", with: " ")
  }

  static func took(_ run: Run) -> String? {
    guard let started = run.startedAt, let ended = run.endedAt else { return nil }
    return RunSentence.seconds(ended - started)
  }
}

enum OutcomeCell {
  static func cell(_ run: Run) -> Table.Cell {
    guard let outcome = run.outcome else {
      let isRetry = run.state == .waiting && run.attempt > 0
      return Table.Cell(isRetry ? "waiting to retry" : run.state.rawValue, .bold)
    }
    let attempts = run.attempt > 1 ? " (attempt \(run.attempt))" : ""
    return Table.Cell(outcome.words + attempts, colour(outcome))
  }

  static func colour(named name: String?) -> Colour? {
    name.flatMap { Outcome(rawValue: $0) }.flatMap { colour($0) }
  }

  static func colour(_ outcome: Outcome) -> Colour? {
    switch outcome {
    case .succeeded: .green
    case .failed, .timedOut: .red
    case .cancelled, .interrupted, .missed: .yellow
    case .tested, .skipped: .faint
    }
  }
}
