/// A coming firing, with what daylight saving, window, blackout, jitter and delay do to it in words.
public struct ExplainedFiring: Sendable, Equatable {
  /// The trigger's index; of several that are due together, the first.
  public var trigger: Int
  public var dueAt: Instant
  /// When it would start: with delay and jitter, and at the opening where it is held until then.
  public var startAt: Instant
  public var notes: [String]
  /// Whether it would not start: outside a window when skipping, in a blackout, merged with one that is held.
  public var skipped: Bool

  public init(trigger: Int, dueAt: Instant, startAt: Instant, notes: [String], skipped: Bool) {
    self.trigger = trigger
    self.dueAt = dueAt
    self.startAt = startAt
    self.notes = notes
    self.skipped = skipped
  }
}
