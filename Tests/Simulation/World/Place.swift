import Scheduling

/// Where and when a world begins: on an ordinary day, or just before its clocks change.
///
/// The change is written out here, so that what is audited does not rest on the zone tables that the planner uses.
struct Place {
  let zone: String
  let start: String
  /// When the clocks change; until then they show `before`, from then on `after`, in seconds east of UTC.
  let change: Instant
  let before: Int64
  let after: Int64

  private init(_ zone: String, start: String, change: String? = nil, before: Int64 = 0, after: Int64 = 0) {
    self.zone = zone
    self.start = start
    self.change = change.flatMap { try? Instant(parsing: $0, in: .utc) } ?? .distantPast
    self.before = before
    self.after = after
  }

  static let all: [Place] = [
    Place("UTC", start: "2020-09-13T13:20Z"), Place("UTC", start: "2020-09-13T13:20Z"),
    Place("UTC", start: "2020-12-31T23:50Z"),
    Place(
      "Europe/Berlin", start: "2026-03-29T00:50Z", change: "2026-03-29T01:00Z", before: 3600, after: 7200),
    Place(
      "Europe/Berlin", start: "2026-10-25T00:35Z", change: "2026-10-25T01:00Z", before: 7200, after: 3600),
    Place(
      "America/New_York", start: "2026-11-01T05:45Z", change: "2026-11-01T06:00Z", before: -14_400,
      after: -18_000),
    Place(
      "Australia/Lord_Howe", start: "2026-04-04T14:40Z", change: "2026-04-04T15:00Z", before: 39_600,
      after: 37_800),
  ]

  /// What the clock on the wall shows, in seconds since its 1970-01-01T00:00.
  func local(_ instant: Instant) -> Int64 {
    Self.floor(instant.microseconds, 1_000_000) + (instant < change ? before : after)
  }

  /// When the clock on the wall first shows this, or, where it never does, something later.
  func first(showing local: Int64) -> Instant {
    let early = Instant(microseconds: (local - before) * 1_000_000)
    return early < change ? early : max(change, Instant(microseconds: (local - after) * 1_000_000))
  }

  /// True if the wall clock, having been set back, shows what it has shown before.
  func isSecondTime(_ instant: Instant) -> Bool { instant >= change && local(instant) < latest }

  /// What the clock on the wall showed last before the change.
  private var latest: Int64 { Self.floor(change.microseconds, 1_000_000) + before }

  static func floor(_ value: Int64, _ unit: Int64) -> Int64 {
    let quotient = value / unit
    return value % unit < 0 ? quotient - 1 : quotient
  }
}
