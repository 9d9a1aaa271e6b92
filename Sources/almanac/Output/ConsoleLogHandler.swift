import Logging
import Scheduling

/// The daemon's log on stderr: one line an event, with its instant, level, job and run.
///
/// ```
/// 2026-11-21T02:00:00.004Z info  backup #1203: succeeded after 1.204 s: "backed up 3 playlists"
/// ```
struct ConsoleLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  let colours: Bool
  let now: @Sendable () -> Instant

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = event.metadata ?? [:]
    let line = Self.line(
      at: now(), level: event.level, job: all["job"].map { "\($0)" }, run: all["run"].map { "\($0)" },
      message: event.message.description, colours: colours)
    Console.writeError(line)
  }

  static func line(
    at instant: Instant, level: Logger.Level, job: String?, run: String?, message: String, colours: Bool
  ) -> String {
    let (name, colour): (String, Colour?) =
      switch level {
      case .trace, .debug: ("debug", .faint)
      case .info: ("info ", nil)
      case .notice: ("info ", .bold)
      case .warning: ("warn ", .yellow)
      case .error, .critical: ("error", .red)
      }
    var subject = job ?? ""
    if let run { subject += (subject.isEmpty ? "" : " ") + "#\(run)" }
    if !subject.isEmpty { subject += ": " }
    // A message of several lines stays one event: its further lines are set in.
    let text = message.shown.split(separator: "\n", omittingEmptySubsequences: false).joined(
      separator: "\n    ")
    let shown = colours ? colour?.applied(to: name) ?? name : name
    return "\(instant) \(shown) \(subject)\(text)\n"
  }
}
