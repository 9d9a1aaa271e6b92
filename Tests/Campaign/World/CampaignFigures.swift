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
  var saves = 0
  var audits = 0
  /// From the start of the daemon until every job was live, seconds.
  var slowestStart = 0.0
  /// At the last audit.
  var rows = 0
  var calls = 0
  var outcomes: [(outcome: Outcome, rows: Int)] = []

  public var description: String {
    let ends = outcomes.filter { $0.rows > 0 }.map { "\($0.rows) \($0.outcome.rawValue)" }
    return """
      kill -9 of the daemon  \(kills), of which \(killsWhileStarting) while it started and \
      \(killsWhileStopping) while it stopped
      kill -9 of a host      \(hostKills)
      SIGSTOP of a host      \(hostStops)
      files saved            \(saves)
      calls of main          \(calls)
      rows                   \(rows): \(ends.joined(separator: ", "))
      slowest start          \((slowestStart * 1000).rounded() / 1000) s
      audits                 \(audits)
      """
  }
}
