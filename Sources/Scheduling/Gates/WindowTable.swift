/// The windows of a schedule in its zone.
struct WindowTable: Sendable {
  private struct Item: Sendable {
    let from: Int64
    let end: Int64
    let days: UInt8
    let stops: Bool
  }

  private let items: [Item]
  private let zone: Zone
  /// There is no window, or together they leave no gap.
  let isAlwaysOpen: Bool
  /// `window 02:00-04:00 is closed`.
  let closedReason: String

  init(_ windows: [Window], zone: Zone) {
    self.zone = zone
    items = windows.map {
      Item(
        from: Int64($0.from.seconds), end: Int64($0.end), days: Weekday.mask($0.days),
        stops: $0.onClose == .stop)
    }
    isAlwaysOpen = windows.isEmpty || Self.coverWeek(items)
    let texts = windows.map(\.description).joined(separator: " and ")
    closedReason = windows.count == 1 ? "window \(texts) is closed" : "windows \(texts) are closed"
  }

  /// Whether the windows of two weeks leave no gap in the second one.
  private static func coverWeek(_ items: [Item]) -> Bool {
    var spans: [(from: Int64, end: Int64)] = []
    for item in items {
      for day in 0..<14 where item.days & 1 << UInt8(day % 7) != 0 {
        spans.append((Int64(day) * secondsPerDay + item.from, Int64(day) * secondsPerDay + item.end))
      }
    }
    var covered = 7 * secondsPerDay
    for span in spans.sorted(by: { $0.from < $1.from }) where span.from <= covered {
      covered = max(covered, span.end)
    }
    return covered >= 14 * secondsPerDay
  }

  /// When the window of this day opens and closes, in seconds since the epoch.
  ///
  /// Both are read as due times are (SPEC 4.4); a window that lies wholly in a gap opens at its end for the
  /// nominal length.
  @inline(__always)
  private func span(_ item: Item, day: Int64) -> (opens: Int64, closes: Int64) {
    let opens = zone.table.utc(ofLocal: day * secondsPerDay + item.from)
    let closes = zone.table.utc(ofLocal: day * secondsPerDay + item.end)
    return (opens, closes > opens ? closes : opens + item.end - item.from)
  }

  /// The latest end of the windows that are open at this second; nil where none is.
  private func end(at seconds: Int64) -> Int64? {
    let today = floorDivide(zone.localSeconds(at: Instant(seconds: seconds)), secondsPerDay)
    var latest: Int64?
    for item in items {
      // A window begun the day before may still be open, and a day may be skipped or come twice.
      for day in today - 2...today + 1 where item.days & 1 << UInt8(Calendar.weekday(Int(day))) != 0 {
        let (opens, closes) = span(item, day: day)
        if opens <= seconds, seconds < closes, closes > latest ?? .min { latest = closes }
      }
    }
    return latest
  }

  func isOpen(at instant: Instant) -> Bool { isAlwaysOpen || end(at: instant.seconds) != nil }

  /// When what is open at `instant` closes: windows that touch are one. Nil if it never closes.
  func closing(after instant: Instant) -> Instant? {
    if isAlwaysOpen { return nil }
    guard var close = end(at: instant.seconds) else { return instant }
    for _ in 0..<GateTable.patience {
      guard let next = end(at: close) else { return Instant(seconds: close) }
      close = next
    }
    return nil
  }

  /// When the windows close that are open at `instant`, if one of those that close then says `stop`.
  func stop(after instant: Instant) -> Instant? {
    guard items.contains(where: \.stops), let close = closing(after: instant), close > instant else {
      return nil
    }
    let seconds = close.seconds
    let today = floorDivide(zone.localSeconds(at: close), secondsPerDay)
    let stops = items.contains { item in
      item.stops
        && (today - 2...today + 1).contains { day in
          item.days & 1 << UInt8(Calendar.weekday(Int(day))) != 0 && span(item, day: day).closes == seconds
        }
    }
    return stops ? close : nil
  }

  /// The local time at which a window that opens at `instant` would open if daylight saving did not skip it;
  /// nil where none does.
  func movedOpening(at instant: Instant) -> Int64? {
    let seconds = instant.seconds
    let local = zone.localSeconds(at: instant)
    let today = floorDivide(local, secondsPerDay)
    for item in items {
      for day in today - 1...today where item.days & 1 << UInt8(Calendar.weekday(Int(day))) != 0 {
        let from = day * secondsPerDay + item.from
        if from < local, span(item, day: day).opens == seconds { return from }
      }
    }
    return nil
  }

  /// The first instant, not before `instant`, in a window.
  func opening(atOrAfter instant: Instant) -> Instant? {
    if isOpen(at: instant) { return instant }
    let seconds = instant.seconds
    let today = floorDivide(zone.localSeconds(at: instant), secondsPerDay)
    var first: Int64?
    for item in items {
      for day in today - 2...today + 10 where item.days & 1 << UInt8(Calendar.weekday(Int(day))) != 0 {
        let opens = span(item, day: day).opens
        guard opens > seconds else { continue }
        first = min(first ?? opens, opens)
        break
      }
    }
    return first.map { Instant(seconds: $0) }
  }
}
