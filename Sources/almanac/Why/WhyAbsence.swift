import Jobs
import RunLifecycle
import RunStore
import Scheduling

/// Why the ledger has no row for an instant.
extension WhySubject {
  func absence(_ span: Range<Instant>) throws -> WhyAnswer {
    let tick = Interval(microseconds: 1)
    let isAhead = span.lowerBound > now
    let before = try rows(RunQuery(within: .distantPast...(span.lowerBound - tick), limit: 1)).first
    var answer = WhyAnswer(
      headline: "\(isAhead ? "nothing will be" : "nothing was") due \(local(span))")
    defer {
      if let before, !isAhead {
        let how = before.outcome.map { ", \($0.words)" } ?? ""
        answer.notes.append("the row before is run \(before.id), due at \(local(before.dueAt))\(how)")
      }
    }
    guard let definition else {
      answer.headline =
        "the ledger has no row of what was due \(local(span)), and no file says if it was due then"
      return answer
    }
    guard let schedule = definition.schedule, !schedule.triggers.isEmpty else {
      answer.headline += ": it has no schedule, and runs on demand only"
      return answer
    }
    guard definition.policy.enabled else {
      answer.headline += ": the job is disabled (enabled = false)"
      return answer
    }
    let around = schedule.due(around: span, accounts: triggerAccounts)
    if let within = around.within, !isAhead {
      let trigger = schedule.triggers[within.trigger]
      answer.headline =
        "due at \(local(within.dueAt)) by the file as it is now (\(trigger.label)), but not recorded"
      answer.notes.append(
        unrecorded(within, trigger, schedule, isForgotten: try isForgotten(span, before: before)))
      return answer
    }
    if let last = around.before { answer.notes.append("due before: \(local(last.dueAt))") }
    if let next = around.after { answer.notes.append("due after: \(local(next.dueAt))") }
    for trigger in schedule.triggers { answer.notes += Self.limits(of: trigger) }
    return answer
  }

  /// Why a due instant has no row.
  private func unrecorded(
    _ firing: Firing, _ trigger: Scheduling.Trigger, _ schedule: Schedule, isForgotten: Bool
  ) -> String {
    guard let stored = accounts.first(where: { $0.triggerKey == trigger.accountKey }) else {
      return "this trigger has not been live in a daemon yet, and nothing before that is ever due"
    }
    guard stored.fingerprint != StoredAccount.retired else {
      return
        "the trigger was not live when a daemon last looked (disabled, or removed); it counts from when it is again"
    }
    guard stored.fingerprint == schedule.fingerprint(of: firing.trigger) else {
      return
        "the trigger, its window, its blackout or its zone has changed since a daemon last saw it, and counts from when "
        + "that goes live"
    }
    let through = stored.account.accountedThrough
    guard through >= firing.dueAt else {
      let fate =
        definition?.policy.catchUp == CatchUp.none
        ? "recorded as missed, or started if that is within late_within" : "made up (start_when_available)"
      return switch daemon {
      case .none: "no daemon has looked since \(local(through)); at the next start of one it will be \(fate)"
      case .silent, .answered:
        "the daemon has looked only as far as \(local(through)): it is about to, or it is stuck"
      }
    }
    if isForgotten { return "retention has removed the rows of that time" }
    return
      "the trigger was not live then: it counts from when it, its window, its zone or the job was last new, changed "
      + "or enabled"
  }

  /// True if rows of the job from before that time, or of it, were removed.
  private func isForgotten(_ span: Range<Instant>, before: Run?) throws -> Bool {
    // What is removed is the oldest, so that a row from before it says that those after it are there.
    guard before == nil, let ledger else { return false }
    let later = try rows(RunQuery(within: span.lowerBound...Instant.distantFuture, limit: .max))
    return try ledger.hasForgotten(before: later.last, of: key)
  }

  /// Triggers of which the calendar does not tell when they are due.
  private static func limits(of trigger: Scheduling.Trigger) -> [String] {
    switch trigger.rule {
    case .every where trigger.startAt == nil, .restartAfter:
      ["\(trigger.label) counts from what was last due: what was before that, only rows of the ledger tell"]
    case .event, .after, .watch: ["\(trigger.label) does not follow the clock"]
    default: []
    }
  }
}
