import RunLifecycle
import RunStore
import RunStoreTesting
import Scheduling

/// Plays one job through the planner in virtual time: commits are immediate, runs take as long and end as
/// a test says. What has happened is told by the ledger, in short: `02:00 succeeded`.
struct PlannerHarness {
  var planner: Planner
  let store = InMemoryRunStore()
  let key: JobKey
  var now: Instant
  /// How long a run takes, and how it ends; the number is the attempt.
  var ending: (Run) -> (after: Interval, AttemptEnd.Kind) = { _ in (.seconds(1), .succeeded(resultJSON: nil))
  }
  /// What the world says of requirements, and jobs' `when`.
  var unmet: (Run, Requirements) -> String? = { _, _ in nil }
  var when: (Run) -> WhenAnswer = { _ in .yes }
  var bootID = "boot1"
  let pools: [String: Int]
  private(set) var starts: [Run] = []
  private(set) var notes: [String] = []
  private(set) var stops: [(run: RunID, cause: StopCause)] = []
  private var ends: [(at: Instant, run: RunID, kind: AttemptEnd.Kind)] = []

  init(_ now: String, pools: [String: Int] = [:]) throws {
    self.now = try Instant(parsing: now, in: .utc)
    self.pools = pools
    planner = Planner(node: "n", nextRunID: RunID(1), startID: "first", bootID: bootID, pools: pools)
    guard let key = try store.jobKeys(for: ["job"])["job"] else {
      fatalError("the store has no key for the job")
    }
    self.key = key
  }

  /// Every day at this hour.
  static func daily(_ hour: Int) -> Trigger {
    guard let time = TimeOfDay(hour: hour, minute: 0) else { fatalError("\(hour) is no hour") }
    return Trigger(.daily(DailyRule(at: [time])))
  }

  func plan(
    _ triggers: [Trigger], named name: String = "job", window: (String, String)? = nil,
    onClose: Window.OnClose = .finish, version: String = "v1", _ edit: (inout RunPolicy) -> Void = { _ in }
  ) throws -> JobPlan {
    var policy = RunPolicy()
    edit(&policy)
    let windows =
      try window.map {
        [try Window(from: TimeOfDay(parsing: $0.0), to: TimeOfDay(parsing: $0.1), onClose: onClose)]
      } ?? []
    let schedule = try Schedule(triggers: triggers, windows: windows, zone: .utc, jobName: name)
    let key = try store.jobKeys(for: [name])[name] ?? key
    return JobPlan(key: key, name: name, version: version, schedule: schedule, policy: policy)
  }

  mutating func goLive(_ plan: JobPlan, initial: Bool = true) throws {
    let accounts = try store.accounts(of: [plan.key])[plan.key] ?? []
    let pause = try store.jobs().first { $0.key == plan.key }?.pause
    try handle(.jobLive(plan, accounts: accounts, lastEnded: nil, pause: pause, initial: initial))
  }

  mutating func handle(_ event: PlannerEvent) throws {
    var claims: [RunID] = []
    var answers: [PlannerEvent] = []
    for decision in planner.handle(event, at: now) {
      switch decision {
      case .claim(let run, let moves):
        do {
          try store.commit([.claim(run, moves)])
          claims.append(run.id)
        } catch let error as StoreError where error.kind == .conflict {
          answers.append(.claimTaken([run.id]))
        }
      case .record(let run, let moves):
        do { try store.commit([.record(run, moves)]) } catch let error as StoreError
          where error.kind == .conflict
        {
          answers.append(.recordTaken(run, moves))
        }
      case .account(let moves): try store.commit([.account(moves)])
      case .update(let run, let moves): try store.commit([.update(run, moves)])
      case .finish(let run, let moves): try store.commit([.finish(run, moves)])
      case .start(let run, _, _):
        starts.append(run)
        try store.commit([.started(run.id, at: now, attempt: run.attempt)])
        let (after, kind) = ending(run)
        ends.append((now + after, run.id, kind))
      case .stop(let id, let cause):
        stops.append((id, cause))
        guard let index = ends.firstIndex(where: { $0.run == id }) else { break }
        if case .cancelled(let who) = cause {
          ends[index] = (now + .seconds(1), id, .cancelled("cancelled by \(who)"))
        } else {
          ends[index] = (now + .seconds(1), id, .cancelled("\(cause)"))
        }
      case .pause(let job, let pause): try store.commit([.pause(job, pause)])
      case .checkConditions(let run, let wanted):
        answers.append(.conditionsChecked(run.id, unmet: unmet(run, wanted)))
      case .askWhen(let run): answers.append(.whenAnswered(run.id, when(run)))
      case .note(_, _, _, let text): notes.append(text)
      }
    }
    if !claims.isEmpty { try handle(.claimed(claims)) }
    for answer in answers { try handle(answer) }
  }

  /// Lets time pass up to this instant.
  mutating func run(until text: String) throws {
    let end = try Instant(parsing: text, in: .utc)
    while true {
      let ending = ends.indices.min { ends[$0].at < ends[$1].at }
      let endAt = ending.map { ends[$0].at }
      let wake = planner.nextWake.map { max($0, now) }
      guard let next = [endAt, wake].compactMap({ $0 }).min(), next <= end else { break }
      now = max(now, next)
      if let ending, endAt == next {
        let (_, id, kind) = ends.remove(at: ending)
        try handle(.attemptEnded(id, AttemptEnd(kind, at: now)))
      } else {
        try handle(.timePassed)
      }
    }
    now = end
  }

  /// The daemon is killed and comes back at this instant.
  mutating func restart(at text: String, _ plans: JobPlan?..., evidence: Evidence = .mainNotCalled) throws {
    now = try Instant(parsing: text, in: .utc)
    ends = []
    planner = Planner(
      node: "n", nextRunID: try store.nextRunID(), startID: "second", bootID: bootID, pools: pools)
    for plan in plans.compactMap({ $0 }) { try goLive(plan) }
    for run in try store.openRuns() { try handle(.recovered(run, evidence: evidence)) }
    try handle(.timePassed)
  }

  /// The ledger from the oldest row on: due instants, how many if several, attempts if several, outcome, reason.
  func ledger(reasons: Bool = false) throws -> [String] {
    let names = Dictionary(uniqueKeysWithValues: try store.jobs().map { ($0.key, $0.name) })
    return try store.runs(RunQuery(limit: .max)).reversed().map { run in
      var text = names.count > 1 ? "\(names[run.job] ?? "?") " : ""
      text += Self.time(run.dueAt)
      if let until = run.dueUntil { text += "...\(Self.time(until)) x\(run.count)" }
      if run.attempt > 1 { text += " #\(run.attempt)" }
      text += " \(run.outcome?.rawValue ?? run.state.rawValue)"
      if reasons, let reason = run.reason { text += ": \(reason)" }
      return text
    }
  }

  /// When attempts started.
  var startTimes: [String] { starts.map { Self.time($0.startedAt ?? $0.dueAt) } }

  private static func time(_ instant: Instant) -> String {
    String(instant.description.dropFirst(11).prefix(8))
  }
}
