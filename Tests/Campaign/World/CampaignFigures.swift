import RunLifecycle

/// What a campaign has done, and what came of it.
public struct CampaignFigures: Sendable, CustomStringConvertible {
  /// Of the daemon.
  var kills = 0
  var killsWhileStarting = 0
  var killsWhileStopping = 0
  var hostKills = 0
  /// SIGSTOP to a host.
  var hostStops = 0
  var clockSteps = 0
  var fullDisks = 0
  var saves = 0
  var audits = 0
  /// From the start of the daemon until every job was live, seconds.
  var slowestStart = 0.0
  /// The place that it was sent to, and how often it was killed there.
  var point: (name: String, reached: Int)?
  /// At the last audit.
  var rows = 0
  var calls = 0
  var outcomes: [(outcome: Outcome, rows: Int)] = []

  public var description: String {
    let audited = "\(rows) rows, \(calls) calls of main"
    if let point {
      return "\(point.name): killed there \(point.reached) times, \(kills) times elsewhere; \(audited)"
    }
    let ends = outcomes.filter { $0.rows > 0 }.map { "\($0.rows) \($0.outcome.rawValue)" }
    return """
      kill -9 of the daemon  \(kills), of which \(killsWhileStarting) while it started and \
      \(killsWhileStopping) while it stopped
      kill -9 of a host      \(hostKills)
      SIGSTOP of a host      \(hostStops)
      clock set              \(clockSteps)
      file system full       \(fullDisks)
      files saved            \(saves)
      audits                 \(audits): \(audited)
      rows                   \(ends.joined(separator: ", "))
      slowest start          \((slowestStart * 1000).rounded() / 1000) s
      """
  }
}
