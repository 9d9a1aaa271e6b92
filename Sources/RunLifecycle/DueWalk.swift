import Scheduling

/// A range of consecutive due instants of one job that meet the same fate.
struct Stretch: Sendable {
  enum Fate: Sendable, Equatable {
    /// A run starts at its instant, or now.
    case start
    /// A run that may start as long as the window is open, from that instant on; with what is closed until then.
    case hold(from: Instant, closed: String?)
    case missed
    /// Missed, and too long ago to be made up.
    case forgotten
    case paused
    case skipped(String, StartGate)

    var isClaim: Bool {
      switch self {
      case .start, .hold: true
      case .missed, .forgotten, .paused, .skipped: false
      }
    }
  }

  var fate: Fate
  /// The trigger that names the row: that of the first instant.
  var trigger: Int
  var first: Instant
  var last: Instant
  var count: Int
  /// When the first may start: its instant with delay and jitter.
  var startAt: Instant
  /// The piece that was added last, to split the newest instant off.
  fileprivate var tail: Tail

  fileprivate struct Tail: Sendable {
    var trigger: Int
    var before: TriggerAccount
    var count: Int
    /// Other triggers that were due at the same instant, with their accounts before it.
    var ties: [(trigger: Int, before: TriggerAccount)]
    /// The instant before the piece, if the stretch has one.
    var previous: Instant?
  }
}

/// Walks through the due instants of one job that are not accounted for, up to a horizon, stretch by
/// stretch; instants at which several triggers are due are taken once.
///
/// - Complexity: O(1) a stretch for a single trigger; where triggers alternate, O(1) for each change from
///   one to another.
struct DueWalk {
  let schedule: Schedule
  let lateWithin: Interval
  let now: Instant
  let horizon: Instant
  /// Nothing of the job starts.
  let isPaused: Bool
  /// What was missed and is older than this is not made up.
  let forgetBefore: Instant?
  /// A run is running, or about to: what is due by now is skipped.
  let busy: String?
  /// A deferred run waits already.
  var hasHeld: Bool
  /// A deferred run is running: it stands for all that was deferred until the window that is open now.
  let runsHeld: Bool
  var triggers: [TriggerState]

  init(
    schedule: Schedule, triggers: [TriggerState], lateWithin: Interval, isPaused: Bool,
    forgetBefore: Instant?,
    busy: String?, hasHeld: Bool, runsHeld: Bool, now: Instant, horizon: Instant
  ) {
    self.schedule = schedule
    self.triggers = triggers
    self.lateWithin = lateWithin
    self.isPaused = isPaused
    self.forgetBefore = forgetBefore
    self.busy = busy
    self.hasHeld = hasHeld
    self.runsHeld = runsHeld
    self.now = now
    self.horizon = horizon
  }

  /// The fate of the next instants, which are not taken yet; `nil` when none is left.
  func peek() -> (trigger: Int, fate: Stretch.Fate)? {
    guard let index = earliest(), let firing = triggers[index].next else { return nil }
    return (index, fate(of: firing).fate)
  }

  /// Takes the next instants that meet one fate, as far as that can be told in one step; or just the next.
  mutating func next(single: Bool = false) -> Stretch? {
    guard let index = earliest(), let firing = triggers[index].next else { return nil }
    var (fate, limit) = fate(of: firing)
    if case .hold = fate { hasHeld = true }
    let before = triggers[index].account
    var last = firing.dueAt
    var count = 1
    if !fate.isClaim, !single, let until = limit {
      limit = min(until - slack(of: index), horizon, beforeOthers(index, from: firing.dueAt))
    } else {
      limit = nil
    }
    var ties: [(trigger: Int, before: TriggerAccount)] = []
    for other in triggers.indices where other != index && triggers[other].next?.dueAt == firing.dueAt {
      ties.append((other, triggers[other].account))
    }
    if ties.isEmpty, let limit, limit > firing.dueAt, !schedule.triggers[index].isRestartAfter,
      let range = schedule.firings(of: index, after: before, through: limit)
    {
      (last, count) = (range.last, range.count)
    }
    move(index, through: last, fate: fate)
    for tie in ties { move(tie.trigger, through: last, fate: fate) }
    return Stretch(
      fate: fate, trigger: index, first: firing.dueAt, last: last, count: count, startAt: firing.startAt,
      tail: Stretch.Tail(trigger: index, before: before, count: count, ties: ties, previous: nil))
  }

  /// Takes everything that joins the stretch: the same fate, without another in between.
  mutating func extend(_ stretch: inout Stretch) {
    while !stretch.fate.isClaim, let (_, fate) = peek(), fate == stretch.fate, let piece = next() {
      stretch.tail = piece.tail
      stretch.tail.previous = stretch.last
      stretch.last = piece.last
      stretch.count += piece.count
    }
  }

  /// The stretch without its newest instant, and the triggers as they stand then; `nil` if it has but one.
  func withoutNewest(_ stretch: Stretch) -> (Stretch, [TriggerState])? {
    guard stretch.count > 1 else { return nil }
    var rest = stretch
    var states = triggers
    let tail = stretch.tail
    rest.count -= 1
    states[tail.trigger].account = tail.before
    for tie in tail.ties { states[tie.trigger].account = tie.before }
    let upTo = stretch.last - Interval(microseconds: 1)
    if tail.count > 1, let range = schedule.firings(of: tail.trigger, after: tail.before, through: upTo) {
      rest.last = range.last
      states[tail.trigger].account = TriggerAccount(accountedThrough: range.last, lastDue: range.last)
    } else {
      rest.last = tail.previous ?? stretch.first
    }
    return (rest, states)
  }

  /// The trigger whose due instant comes first, up to the horizon; of equals, the first.
  private func earliest() -> Int? {
    var best: Int?
    var bestDue = horizon
    for index in triggers.indices {
      guard let due = triggers[index].next?.dueAt, best == nil ? due <= bestDue : due < bestDue else {
        continue
      }
      (best, bestDue) = (index, due)
    }
    return best
  }

  /// What becomes of a firing, and until when (before delay and jitter) that holds for those that follow.
  private func fate(of firing: Firing) -> (fate: Stretch.Fate, until: Instant?) {
    let tick = Interval(microseconds: 1)
    if isPaused { return (.paused, horizon) }
    let trigger = schedule.triggers[firing.trigger]
    let edge = now - lateWithin
    let isOld = firing.startAt < edge && !trigger.isRestartAfter
    // A firing that comes late is measured by the gates of the moment at which it could start.
    let asked = isOld ? firing.startAt : max(firing.startAt, now)
    switch schedule.gate(at: asked) {
    case .closed(let opens, let reason):
      let until = isOld ? min(edge, opens ?? edge) - tick : min(now, (opens ?? now) - tick)
      let gate = StartGate(closed: reason)
      guard let opens, trigger.outsideWindow == .defer else { return (.skipped(reason, gate), until) }
      guard opens > now || isOpen(from: opens) else { return missed(firing, until: until) }
      let isCovered = hasHeld || (runsHeld && opens <= now)
      return isCovered ? (.skipped("merged", gate), until) : (.hold(from: opens, closed: reason), nil)
    case .open(let closes):
      if trigger.isRestartAfter { return (.hold(from: firing.startAt, closed: nil), nil) }
      if isOld { return missed(firing, until: min(edge, closes ?? edge) - tick) }
      if let busy, firing.startAt <= now {
        return (.skipped(busy, .overlap), min(now, (closes ?? now) - tick))
      }
      return (.start, nil)
    }
  }

  /// The fate of what was missed, which depends on how long ago that is.
  private func missed(_ firing: Firing, until: Instant) -> (fate: Stretch.Fate, until: Instant?) {
    guard let forgetBefore else { return (.missed, until) }
    if firing.dueAt >= forgetBefore { return (.missed, until) }
    return (.forgotten, min(until, forgetBefore - Interval(microseconds: 1)))
  }

  /// True if the window that opened then is open still.
  private func isOpen(from opens: Instant) -> Bool {
    guard case .open(let closes) = schedule.gate(at: opens) else { return false }
    return closes.map { $0 > now } ?? true
  }

  /// The last instant before another trigger is due, so that an instant of both is met as such.
  private func beforeOthers(_ index: Int, from due: Instant) -> Instant {
    var limit = horizon
    for other in triggers.indices where other != index {
      if let next = triggers[other].next?.dueAt { limit = min(limit, next - Interval(microseconds: 1)) }
    }
    return max(limit, due)
  }

  /// By how much a firing of the trigger may start after its due instant.
  private func slack(of index: Int) -> Interval {
    let trigger = schedule.triggers[index]
    return trigger.delay + trigger.jitter
  }

  private mutating func move(_ index: Int, through due: Instant, fate: Stretch.Fate) {
    triggers[index].account.accountedThrough = max(triggers[index].account.accountedThrough, due)
    guard schedule.triggers[index].isRestartAfter else {
      triggers[index].account.lastDue = due
      triggers[index].next = schedule.nextFiring(of: index, after: triggers[index].account)
      return
    }
    // It comes again after the run that it makes. One that is skipped comes again when the window opens.
    triggers[index].next = nil
    guard !fate.isClaim, case .restartAfter(let interval) = schedule.triggers[index].rule else { return }
    if case .closed(let opens, _) = schedule.gate(at: max(due, now)), let opens {
      triggers[index].account.lastDue = opens - interval
    } else {
      triggers[index].account.lastDue = max(due, now).roundedUpToMilliseconds
    }
  }
}
