/// What is due around a moment, by the schedule alone.
public struct DueAround: Sendable, Equatable {
  public var before: Firing?
  /// The first in the span that was asked about.
  public var within: Firing?
  public var after: Firing?

  init(before: Firing? = nil, within: Firing? = nil, after: Firing? = nil) {
    self.before = before
    self.within = within
    self.after = after
  }
}

extension Schedule {
  /// The due instants in a span and next to it, of all triggers together.
  ///
  /// What is due by the calendar is the same at all times. An `every` without `start_at` and a `restart_after` count
  /// from what was last due, or last ended, and nothing is known of the time before that.
  ///
  /// - Parameter accounts: Of each trigger, how far it is accounted for; nil, or none: it has not been live.
  /// - Complexity: as ``firings(of:after:through:)`` for eight years, which hold a 29 February.
  public func due(around span: Range<Instant>, accounts: [TriggerAccount?] = []) -> DueAround {
    var all = DueAround()
    for index in triggers.indices {
      let one = due(around: span, of: index, accounts.indices.contains(index) ? accounts[index] : nil)
      all.before = [all.before, one.before].compactMap { $0 }.max { $0.dueAt < $1.dueAt }
      all.within = [all.within, one.within].compactMap { $0 }.min { $0.dueAt < $1.dueAt }
      all.after = [all.after, one.after].compactMap { $0 }.min { $0.dueAt < $1.dueAt }
    }
    return all
  }

  private func due(around span: Range<Instant>, of index: Int, _ account: TriggerAccount?) -> DueAround {
    switch rules[index] {
    case .never: return DueAround()
    case .fixedDelay:
      // Its account tells when a run ended: only what follows from that is known.
      guard let account, account.lastDue != nil, let next = nextFiring(of: index, after: account) else {
        return DueAround()
      }
      if next.dueAt >= span.upperBound { return DueAround(after: next) }
      return span.contains(next.dueAt) ? DueAround(within: next) : DueAround()
    case .fixedRate:
      guard let known = account?.lastDue else { return DueAround() }
      if known >= span.upperBound { return DueAround(after: firing(index, known)) }
      return due(around: span, of: index, from: known, first: known)
    case .due, .repeated:
      return due(around: span, of: index, from: span.lowerBound - .days(3000), first: nil)
    }
  }

  /// - Parameters:
  ///   - base: Where the look begins.
  ///   - first: A due instant there.
  private func due(
    around span: Range<Instant>, of index: Int, from base: Instant, first: Instant?
  ) -> DueAround {
    let tick = Interval(microseconds: 1)
    func last(before edge: Instant, after base: Instant, _ known: Instant?) -> Instant? {
      let account = TriggerAccount(accountedThrough: base, lastDue: known)
      return firings(of: index, after: account, through: edge - tick)?.last ?? known
    }
    var around = DueAround()
    var lastDue = first
    if base < span.lowerBound {
      lastDue = last(before: span.lowerBound, after: base, first)
      around.before = lastDue.map { firing(index, $0) }
      let account = TriggerAccount(accountedThrough: span.lowerBound - tick, lastDue: lastDue)
      around.within = nextFiring(of: index, after: account).flatMap { $0.dueAt < span.upperBound ? $0 : nil }
    } else {
      around.within = first.map { firing(index, $0) }
    }
    if let within = around.within {
      lastDue = last(before: span.upperBound, after: within.dueAt, within.dueAt)
    }
    around.after = nextFiring(
      of: index, after: TriggerAccount(accountedThrough: span.upperBound - tick, lastDue: lastDue))
    return around
  }

  private func firing(_ index: Int, _ due: Instant) -> Firing {
    Firing(trigger: index, dueAt: due, startAt: start(of: index, dueAt: due))
  }
}
