/// A wall-clock time in whole seconds since midnight; `24:00` is the end of the day.
public struct TimeOfDay: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// `0...86400`.
  public let seconds: Int

  public static let midnight = TimeOfDay(clamping: 0)
  public static let endOfDay = TimeOfDay(clamping: 86_400)

  private init(clamping seconds: Int) { self.seconds = min(max(seconds, 0), 86_400) }

  /// Nil where there is no such time.
  public init?(hour: Int, minute: Int, second: Int = 0) {
    let isTime = (0...23).contains(hour) && (0...59).contains(minute) && (0...59).contains(second)
    guard isTime || (hour == 24 && minute == 0 && second == 0) else { return nil }
    self.init(clamping: hour * 3_600 + minute * 60 + second)
  }

  /// Reads `HH:MM` or `HH:MM:SS`.
  public init(parsing text: String) throws(ScheduleError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { part in
      part.utf8.count == 2 && part.utf8.allSatisfy { (48...57).contains($0) } ? Int(part) : nil
    }
    guard numbers.count == parts.count, (2...3).contains(parts.count),
      let time = TimeOfDay(
        hour: numbers[0], minute: numbers[1], second: numbers.count == 3 ? numbers[2] : 0)
    else { throw ScheduleError("\(quoted(text)) is not a time of day (HH:MM or HH:MM:SS)") }
    self = time
  }

  public static func < (left: TimeOfDay, right: TimeOfDay) -> Bool { left.seconds < right.seconds }

  /// `02:30`, or `02:30:15` where there are seconds.
  public var description: String {
    let minutes = padded(Int64(seconds / 3_600), 2) + ":" + padded(Int64(seconds / 60 % 60), 2)
    return seconds % 60 == 0 ? minutes : minutes + ":" + padded(Int64(seconds % 60), 2)
  }
}
