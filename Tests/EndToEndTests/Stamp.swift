import Foundation
import Testing
import Values

/// Instants as listings and job files write them: ISO 8601 in UTC with milliseconds.
enum Stamp {
  private static let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

  /// `seconds` from now.
  static func after(_ seconds: Double) -> String { text(Date(timeIntervalSinceNow: seconds)) }

  static func text(_ date: Date) -> String { date.formatted(format) }

  /// Seconds since the Unix epoch.
  static func seconds(_ value: DataValue) throws -> Double {
    try format.parse(try #require(value.asString)).timeIntervalSince1970
  }

  /// True for an instant in the one form that JSON has for them.
  static func isInstant(_ value: DataValue) -> Bool {
    value.asString?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil
  }

  /// The hour and minute in UTC.
  static func timeOfDay(_ date: Date) -> String { String(text(date).dropFirst(11).prefix(5)) }
}

/// A window that is shut for the next two hours, as a job's settings say it.
struct ShutWindow {
  /// `window = { from = ..., to = ... }, time_zone = "UTC"`.
  let settings: String
  let reason: String
  let opensAt: String

  init() {
    let minutes = (Date().timeIntervalSince1970 / 60).rounded(.down)
    let (from, to) = (
      Date(timeIntervalSince1970: (minutes + 120) * 60), Date(timeIntervalSince1970: (minutes + 180) * 60)
    )
    let (first, last) = (Stamp.timeOfDay(from), Stamp.timeOfDay(to))
    settings = "window = { from = '\(first)', to = '\(last)' }, time_zone = 'UTC'"
    reason = "window \(first)-\(last) is closed"
    opensAt = Stamp.text(from)
  }
}
