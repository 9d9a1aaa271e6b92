import NIOHTTP1
import Scheduling

/// How long a server asks to be left alone.
public enum RetryAfter {
  /// Seconds from `now` on by the header `Retry-After`, which holds a number of them or a date
  /// (RFC 9110, 10.2.3); `nil` where it is missing or makes no sense.
  public static func seconds(in headers: HTTPHeaders, now: Instant) -> Double? {
    guard let text = headers.first(name: "retry-after") else { return nil }
    if let seconds = Double(text) { return seconds >= 0 && seconds.isFinite ? seconds : nil }
    guard let instant = instant(text) else { return nil }
    return max(0, Double((instant - now).microseconds) / 1_000_000)
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// `Sun, 06 Nov 1994 08:49:37 GMT`.
  private static func instant(_ text: String) -> Instant? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: String(words[2])) else {
      return nil
    }
    let number = (month < 9 ? "0" : "") + "\(month + 1)"
    return try? Instant(parsing: "\(words[3])-\(number)-\(words[1])T\(words[4])Z", in: .utc)
  }
}
