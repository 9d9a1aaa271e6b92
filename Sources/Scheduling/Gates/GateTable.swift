/// Windows and blackouts of a schedule, ready to be asked.
struct GateTable: Sendable {
  /// How many openings are looked at before it is said that none ever fits.
  static let patience = 10_000

  private let windows: WindowTable
  private let blackouts: BlackoutTable

  init(windows: [Window], blackout: Blackout, zone: Zone) {
    self.windows = WindowTable(windows, zone: zone)
    blackouts = BlackoutTable(blackout, zone: zone)
  }

  var isAlwaysOpen: Bool { windows.isAlwaysOpen && blackouts.isEmpty }

  func isOpen(at instant: Instant) -> Bool {
    isAlwaysOpen || (windows.isOpen(at: instant) && blackouts.end(at: instant) == nil)
  }

  /// The first instant, not before `instant`, at which a start is allowed; nil if none ever comes.
  func opening(atOrAfter instant: Instant) -> Instant? {
    if isAlwaysOpen { return instant }
    var candidate = instant
    for _ in 0..<Self.patience {
      guard let opening = windows.opening(atOrAfter: candidate), opening <= .distantFuture else { return nil }
      guard let end = blackouts.end(at: opening) else { return opening }
      candidate = end
    }
    return nil
  }

  /// When what is open at `instant` closes; nil if it never does.
  func closing(after instant: Instant) -> Instant? {
    if isAlwaysOpen { return nil }
    let close = windows.closing(after: instant)
    let blackout = blackouts.start(after: instant)
    guard let close else { return blackout }
    return min(close, blackout ?? close)
  }

  /// The windows by themselves.
  func window(at instant: Instant) -> Gate {
    guard !windows.isOpen(at: instant) else { return .open(until: windows.closing(after: instant)) }
    return .closed(opensAt: windows.opening(atOrAfter: instant), reason: windows.closedReason)
  }

  /// The blackouts by themselves.
  func blackout(at instant: Instant) -> Gate {
    guard let reason = blackouts.reason(at: instant) else {
      return .open(until: blackouts.start(after: instant))
    }
    return .closed(opensAt: blackouts.end(at: instant), reason: reason)
  }

  /// When a window closes that stops what runs at `instant`.
  func stop(after instant: Instant) -> Instant? { windows.stop(after: instant) }

  /// The local time that daylight saving skips, where a window opens at `instant` instead of at it.
  func movedOpening(at instant: Instant) -> Int64? { windows.movedOpening(at: instant) }

  /// What of the two keeps it closed at `instant`, in words; nil where it is open.
  func reason(at instant: Instant) -> String? {
    if !windows.isOpen(at: instant) { return windows.closedReason }
    return blackouts.reason(at: instant)
  }
}

extension Schedule {
  /// Window and blackout together (SPEC 4.6, gates 2 and 3).
  public func gate(at instant: Instant) -> Gate {
    if gates.isAlwaysOpen { return .open(until: nil) }
    guard let reason = gates.reason(at: instant) else { return .open(until: gates.closing(after: instant)) }
    return .closed(opensAt: gates.opening(atOrAfter: instant), reason: reason)
  }

  /// The windows alone (gate 2).
  public func windowGate(at instant: Instant) -> Gate { gates.window(at: instant) }

  /// The blackouts alone (gate 3).
  public func blackoutGate(at instant: Instant) -> Gate { gates.blackout(at: instant) }
}

extension Schedule {
  /// When the run that started in a window at `instant` is to be stopped, because the window closes with
  /// `on_close = "stop"`; nil where it may finish, or the instant is in no window.
  public func windowStop(after instant: Instant) -> Instant? { gates.stop(after: instant) }
}

/// Whether a start is allowed.
public enum Gate: Sendable, Equatable {
  /// Nil: it never closes.
  case open(until: Instant?)
  /// With the reason in words: `window 02:00-04:00 is closed`, `blackout 2026-12-24`.
  case closed(opensAt: Instant?, reason: String)
}
