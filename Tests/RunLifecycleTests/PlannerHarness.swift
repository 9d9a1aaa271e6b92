import RunLifecycle
import RunStore
import RunStoreTesting
import Scheduling

/// Plays one job through the planner in virtual time: commits are immediate, runs take as long and end as
/// a test says. What has happened is told by the ledger, in short: `02:00 succeeded`.
struct PlannerHarness {
  var planner = Planner(node: "n", nextRunID: RunID(1), startID: "first")
  let store = InMemoryRunStore()
  let key: JobKey
  var now: Instant
  /// How long a run takes, and how it ends; the number is the attempt.
  var ending: (Run) -> (after: Interval, AttemptEnd.Kind) = { _ in (.seconds(1), .succeeded(resultJSON: nil))
  }
  private(set) var starts: [Run] = []
  private(set) var notes: [String] = []
  private(set) var stops: [RunID] = []
  private var ends: [(at: Instant, run: RunID, kind: AttemptEnd.Kind)] = []

  init(_ now: String) throws {
    self.now = try Instant(parsing: now, in: .utc)
    guard let key = try store.jobKeys(for: ["job"])["job"] else {
      fatalError("the store has no key for the job")
    }
    self.key = key
  }

  func plan(
    _ triggers: [Trigger], window: (String, String)? = nil, version: String = "v1",
    _ edit: (inout RunPolicy) -> Void = { _ in }
  ) throws -> JobPlan {
    var policy = RunPolicy()
    edit(&policy)
    let windows =
      try window.map { [try Window(from: TimeOfDay(parsing: $0.0), to: TimeOfDay(parsing: $0.1))] } ?? []
    let schedule = try Schedule(triggers: triggers, windows: windows, zone: .utc, jobName: "job")
    return JobPlan(key: key, name: "job", version: version, schedule: schedule, policy: policy)
  }

  mutating func goLive(_ plan: JobPlan, initial: Bool = true) throws {
    let accounts = try store.accounts(of: [key])[key] ?? []
    try handle(.jobLive(plan, accounts: accounts, lastEnded: nil, initial: initial))
  }

  mutating func handle(_ event: PlannerEvent) throws {
    var claims: [RunID] = []
    for decision in planner.handle(event, at: now) {
      switch decision {
      case .claim(let run, let moves):
        try store.commit([.claim(run, moves)])
        claims.append(run.id)
      case .record(let run, let moves): try store.commit([.record(run, moves)])
      case .account(let moves): try store.commit([.account(moves)])
      case .update(let run): try store.commit([.update(run)])
      case .finish(let run, let moves): try store.commit([.finish(run, moves)])
      case .start(let run, _, _):
        starts.append(run)
        try store.commit([.started(run.id, at: now, attempt: run.attempt)])
        let (after, kind) = ending(run)
        ends.append((now + after, run.id, kind))
      case .stop(let id, _): stops.append(id)
      case .note(_, _, _, let text): notes.append(text)
      }
    }
    if !claims.isEmpty { try handle(.claimed(claims)) }
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
  mutating func restart(at text: String, _ plan: JobPlan?, evidence: Evidence = .mainNotCalled) throws {
    now = try Instant(parsing: text, in: .utc)
    ends = []
    planner = Planner(node: "n", nextRunID: try store.nextRunID(), startID: "second")
    if let plan { try goLive(plan) }
    for run in try store.openRuns() { try handle(.recovered(run, evidence: evidence)) }
    try handle(.timePassed)
  }

  /// The ledger from the oldest row on: due instants, how many if several, attempts if several, outcome, reason.
  func ledger(reasons: Bool = false) throws -> [String] {
    try store.runs(RunQuery(limit: .max)).reversed().map { run in
      var text = Self.time(run.dueAt)
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
