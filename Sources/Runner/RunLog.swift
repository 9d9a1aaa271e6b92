import HostProtocol
import Logging
import RunLifecycle
import Scheduling

/// One line an event, with the job and the run that it is about.
extension Logger {
  func log(level: Logger.Level, _ message: Logger.Message, job: String?, run: RunID? = nil) {
    guard level >= logLevel else { return }
    var metadata: Logger.Metadata = [:]
    if let job { metadata["job"] = "\(job)" }
    if let run { metadata["run"] = "\(run)" }
    log(level: level, message, metadata: metadata)
  }

  func debug(_ message: @autoclosure () -> Logger.Message, job: String?, run: RunID? = nil) {
    if logLevel <= .debug { log(level: .debug, message(), job: job, run: run) }
  }

  func info(_ message: @autoclosure () -> Logger.Message, job: String?, run: RunID? = nil) {
    if logLevel <= .info { log(level: .info, message(), job: job, run: run) }
  }

  func warning(_ message: Logger.Message, job: String?, run: RunID? = nil) {
    log(level: .warning, message, job: job, run: run)
  }

  func error(_ message: Logger.Message, job: String?, run: RunID? = nil) {
    log(level: .error, message, job: job, run: run)
  }
}

extension HostProtocol.LogLevel {
  var loggingLevel: Logger.Level {
    switch self {
    case .debug: .debug
    case .info: .info
    case .warn: .warning
    case .error: .error
    }
  }
}

/// What the daemon's log says of runs.
extension Runner {
  func logEnd(_ run: Run) {
    let text = Logger.Message(stringLiteral: RunSentence.end(of: run))
    let name = name(of: run.job)
    switch run.outcome {
    case .failed, .timedOut: logger.error(text, job: name, run: run.id)
    case .cancelled, .interrupted, .missed: logger.warning(text, job: name, run: run.id)
    default: logger.info(text, job: name, run: run.id)
    }
  }

  /// An attempt has ended, and another follows.
  func logWaiting(_ run: Run) {
    guard let retryAt = run.retryAt, let outcome = run.attemptOutcome else { return }
    let why = run.error ?? run.reason
    logger.warning(
      "attempt \(run.attempt) \(outcome.words)\(why.map { ": \($0)" } ?? ""); next attempt at \(retryAt)",
      job: name(of: run.job), run: run.id)
  }
}

/// A run in a sentence.
public enum RunSentence {
  /// "succeeded after 1.2 s: backed up 3 playlists".
  public static func end(of run: Run) -> String {
    var text = run.outcome?.words ?? run.state.rawValue
    if run.count > 1, let until = run.dueUntil {
      text += ", \(run.count) times from \(run.dueAt) to \(until)"
    }
    if let started = run.startedAt, let ended = run.endedAt { text += " after \(seconds(ended - started))" }
    if run.attempt > 1 { text += " in attempt \(run.attempt)" }
    if let said = said(of: run) ?? run.result { text += ": \(short(said))" }
    return text
  }

  /// What there is to say of how it ended: the error, and the reason.
  public static func said(of run: Run) -> String? {
    guard let error = run.error else { return run.reason }
    return error + (run.reason.map { " (\($0))" } ?? "")
  }

  /// The head of a text, for one line.
  public static func short(_ text: String, to limit: Int = 500) -> String {
    guard text.utf8.count > limit else { return text }
    return String(decoding: text.utf8.prefix(limit), as: UTF8.self) + "..."
  }

  /// "1.204 s".
  public static func seconds(_ interval: Interval) -> String {
    let milliseconds = max(0, interval.microseconds / 1000)
    if milliseconds >= 60_000 { return Interval(microseconds: milliseconds / 1000 * 1_000_000).description }
    let rest = String(milliseconds % 1000)
    return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest) s"
  }
}

extension Outcome {
  /// As a person says it.
  public var words: String { self == .timedOut ? "timed out" : rawValue }
}
