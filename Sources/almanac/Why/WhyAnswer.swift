import RunLifecycle
import RunStore
import Runner
import Scheduling
import Values

/// The answer of `why`: one sentence, the row, the gates, what comes next, and what else there is to say.
struct WhyAnswer {
  /// The answer in one line.
  var headline: String
  var run: Run?
  var gates: GateReport?
  var notes: [String] = []

  init(headline: String, run: Run? = nil, gates: GateReport? = nil, notes: [String] = []) {
    self.headline = headline
    self.run = run
    self.gates = gates
    self.notes = notes
  }
}

extension WhySubject {
  func answer(to moment: WhyMoment) throws -> WhyAnswer {
    switch moment {
    case .now:
      guard let latest = try rows(RunQuery(limit: 1)).first else {
        return WhyAnswer(headline: "it has never been due: the ledger has no row of it")
      }
      return answer(for: latest)
    case .run(let id):
      guard let run = try ledger?.store.runs(RunQuery(id: id)).first else {
        let why = try ledger?.hasForgotten(id) == true ? "retention has removed it" : "there was none yet"
        throw CommandFailure(
          "there is no run \(id) in the ledger: \(why); `almanac runs \(name)` lists the latest",
          status: ExitStatus.usage)
      }
      guard run.job == key else {
        let other = ledger?.names[run.job] ?? "another job"
        throw CommandFailure(
          "run \(id) is one of \(other): `almanac why \(other) \(id)`", status: ExitStatus.usage)
      }
      return answer(for: run)
    case .span(let span): return try answer(about: span)
    }
  }

  // MARK: A row

  private func answer(for run: Run) -> WhyAnswer {
    let isCurrent = definition?.source.version == run.version
    var answer = WhyAnswer(
      headline: told(run), run: run,
      gates: GateReport(of: run, plan: isCurrent ? plan : nil, pool: poolSize, pause: pause))
    if run.attempt > 0, run.gate != nil {
      answer.notes.append("the gates are those that attempt \(run.attempt + 1) met")
    }
    if let retry = RetryAnswer(of: run, policy: isCurrent ? plan?.policy : nil) {
      answer.notes.append(retry.said + (retry.nextAt.map { ", not before \(local($0))" } ?? ""))
    }
    if let definition, !isCurrent {
      answer.notes.append(
        "the run belongs to version \(run.version); the file is version \(definition.source.version) now, so that what "
          + "open gates said then is left out")
    }
    return answer
  }

  /// What became of a row, in one line.
  private func told(_ run: Run) -> String {
    let said =
      (RunSentence.said(of: run) ?? (run.result.map { _ in RunView(run, job: name).resultText } ?? nil))
      .map { ": " + RunSentence.short($0, to: 300) } ?? ""
    switch run.state {
    case .running where !isAttended:
      return "cut off in attempt \(run.attempt), as its daemon went away; the next start records how it ended"
    case .running:
      return "running since \(run.startedAt.map(local) ?? "just now"), in attempt \(run.attempt)"
    case .waiting where run.attempt > 0:
      return "waits to be tried again: attempt \(run.attempt) \(run.attemptOutcome?.words ?? "ended")\(said)"
    case .waiting:
      let from = run.claim == .onTime ? "; it starts at \(local(run.notBefore))" : ""
      return "waiting\(said)\(from)"
    case .ended:
      let attempts = run.attempt > 1 ? " in attempt \(run.attempt)" : ""
      let took = PeopleTime.took(run).map { " after \($0)" } ?? ""
      return "\(run.outcome?.words ?? "ended")\(took)\(attempts)\(said)"
    }
  }

  // MARK: An instant

  private func answer(about span: Range<Instant>) throws -> WhyAnswer {
    let tick = Interval(microseconds: 1)
    let reaching = try rows(RunQuery(within: span.lowerBound...(span.upperBound - tick), limit: 1000))
    let due = reaching.filter { $0.dueAt < span.upperBound && $0.dueUntil ?? $0.dueAt >= span.lowerBound }
    // A row of that very instant before one of a range around it, the first of several before the others.
    if let run = due.min(by: { ($0.count > 1 ? 1 : 0, $0.id) < ($1.count > 1 ? 1 : 0, $1.id) }) {
      var answer = answer(for: run)
      answer.notes += rangeNotes(run, span)
      let others = due.filter { $0.id != run.id }.map(\.id).sorted()
      if !others.isEmpty { answer.notes.append("due then too: \(Self.list(others))") }
      return answer
    }
    if span.upperBound > now, let firing = firing(in: span) { return expected(firing) }
    let live = reaching.filter { $0.dueAt < span.lowerBound && span.lowerBound <= now }
    if let run = live.first {
      var answer = answer(for: run)
      let doing = run.startedAt.map { $0 < span.upperBound } ?? false ? "under way" : "waiting"
      answer.notes.insert(
        "nothing was due \(local(span)); run \(run.id), due at \(local(run.dueAt)), was \(doing) then",
        at: 0)
      return answer
    }
    return try absence(span)
  }

  /// A range tells of its first and last instant, and of how many there are between.
  private func rangeNotes(_ run: Run, _ span: Range<Instant>) -> [String] {
    guard run.count > 1, let until = run.dueUntil else { return [] }
    var notes = ["the row covers \(run.count) due instants, from \(local(run.dueAt)) to \(local(until))"]
    if let schedule, definition?.source.version == run.version {
      let around = schedule.due(around: span, accounts: triggerAccounts)
      if around.within == nil, let before = around.before, let after = around.after {
        notes.append(
          "none of them is \(local(span.lowerBound)): the nearest are \(local(before.dueAt)) and \(local(after.dueAt))"
        )
      }
    }
    return notes
  }

  private static func list(_ ids: [RunID]) -> String {
    let shown = ids.prefix(5).map { "run \($0)" }.joined(separator: ", ")
    return ids.count > 5 ? "\(shown) and \(ids.count - 5) more" : shown
  }

  /// What will happen to a firing that is still to come, by what is known now.
  private func expected(_ coming: ExplainedFiring) -> WhyAnswer {
    guard let plan, let schedule = plan.schedule else { return WhyAnswer(headline: "not known") }
    // As it is due, with delay and jitter, before it is held for an opening.
    let before = TriggerAccount(accountedThrough: coming.dueAt - Interval(microseconds: 1))
    let firing =
      schedule.nextFiring(of: coming.trigger, after: before)
      ?? Firing(trigger: coming.trigger, dueAt: coming.dueAt, startAt: coming.startAt)
    return WhyAnswer(
      headline:
        "will be due at \(local(coming.dueAt)) (\(schedule.triggers[coming.trigger].label)): \(outlook(coming))",
      gates: GateReport(expected: firing, plan: plan, pause: pause, pool: poolSize),
      notes: coming.notes + ["this is what is known now; every gate is asked at the start"])
  }

  /// "will start at 02:00", or why not, by what is known now.
  func outlook(_ firing: ExplainedFiring) -> String {
    if let pause { return "will be skipped, as the job is paused by \(pause.by) since \(local(pause.since))" }
    if firing.skipped { return "will be skipped" }
    if let held = held(at: firing.dueAt) {
      return "will be merged with run \(held.id), which waits for the same opening"
    }
    if case .none = daemon { return "starts only if a daemon is running then" }
    return firing.startAt == firing.dueAt ? "will start then" : "will start at \(local(firing.startAt))"
  }

  /// The row that is held until an opening, for an instant outside of the windows before that.
  private func held(at instant: Instant) -> Run? {
    guard case .closed = schedule?.gate(at: instant) else { return nil }
    return open.first { $0.claim == .deferred && $0.attempt == 0 && instant < $0.notBefore }
  }
}
