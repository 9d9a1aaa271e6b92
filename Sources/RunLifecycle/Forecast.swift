import HeapModule
import Scheduling

/// What the planner would do to jobs in a time to come: their ledger, played in virtual time.
///
/// Nothing is asked of the world: each run takes as long as its job's runs usually do, give or take a fifth; it ends
/// well, but for the share that is to fail; what it requires holds, and its `when` says yes. Which run takes how long
/// and fails hangs on the seed, the job's name, the due instant and the attempt, and on nothing else.
public struct Forecast: Sendable {
  /// A job that takes part.
  public struct Job: Sendable {
    public var plan: JobPlan
    public var accounts: [StoredAccount]
    public var pause: Pause?
    /// How long its runs usually take.
    public var duration: Interval

    /// - Parameter account: how far each trigger is accounted for; `nil`, or in what is played already: it goes live
    ///   at `from`.
    public init(
      plan: JobPlan, account: (Trigger) -> TriggerAccount? = { _ in nil }, pause: Pause? = nil,
      duration: Interval, from: Instant
    ) {
      self.plan = plan
      self.pause = pause
      self.duration = duration
      let schedule = plan.schedule
      accounts = (schedule?.triggers ?? []).enumerated().map { index, trigger in
        let known = account(trigger).flatMap { $0.accountedThrough < from ? $0 : nil }
        return StoredAccount(
          triggerKey: trigger.accountKey, fingerprint: schedule?.fingerprint(of: index) ?? "",
          account: schedule?.account(of: index, known, from: from) ?? TriggerAccount(accountedThrough: from),
          // This content has been live before: the play begins in the middle of a daemon's life.
          memo: trigger.rule == .event(.load) ? plan.version : nil)
      }
    }
  }

  /// What becomes of the rows.
  public enum Row: Sendable, Equatable {
    case started(Run)
    case ended(Run)
    /// It waits for a place in its pool.
    case waitsForPlace(Run)
  }

  private struct End: Comparable {
    var at: Instant
    var run: RunID
    var kind: AttemptEnd.Kind

    static func < (left: End, right: End) -> Bool { (left.at, left.run) < (right.at, right.run) }
    static func == (left: End, right: End) -> Bool { left.run == right.run && left.at == right.at }
  }

  private struct Nature {
    var duration: Interval
    var hash: UInt64
  }

  public private(set) var now: Instant
  private var planner: Planner
  private var ends = Heap<End>()
  private var natures: [JobKey: Nature] = [:]
  /// Ends that were planned and do not come: their runs were stopped.
  private var stopped: Set<RunID> = []
  private let failPercent: Int
  private var seed: UInt64

  /// - Parameters:
  ///   - pools: How many places each concurrency pool has.
  ///   - failPercent: Of a hundred attempts so many fail.
  public init(
    _ jobs: [Job], from: Instant, pools: [String: Int] = [:], seed: UInt64 = 1, failPercent: Int = 0
  ) {
    now = from
    self.seed = seed
    self.failPercent = failPercent
    planner = Planner(
      claimAhead: .zero, node: "simulation", nextRunID: RunID(1), startID: "simulation", pools: pools)
    for job in jobs {
      natures[job.plan.key] = Nature(
        duration: job.duration, hash: job.plan.name.utf8.reduce(seed) { Self.mixed($0 ^ UInt64($1)) })
      _ = planner.handle(
        .jobLive(job.plan, accounts: job.accounts, lastEnded: nil, pause: job.pause, initial: false), at: from
      )
    }
  }

  /// The rows that have not ended, in the order in which they were made.
  public var open: [Run] { (planner.running + planner.waiting).sorted { $0.id < $1.id } }

  /// Plays on until before that instant.
  ///
  /// - Parameter row: told of each row as it moves, and when; false: the play ends there.
  /// - Complexity: O(log jobs) for each row that starts; what is skipped or missed in a row costs no more than one.
  public mutating func play(until end: Instant, row: (Row, Instant) -> Bool) {
    var goesOn = true
    while goesOn {
      let wake = planner.nextWake
      let ending = ends.min
      if let ending, ending.at < end, ending.at <= wake ?? .distantFuture {
        ends.removeMin()
        now = max(now, ending.at)
        guard stopped.isEmpty || stopped.remove(ending.run) == nil else { continue }
        handle(.attemptEnded(ending.run, AttemptEnd(ending.kind, at: now)), &goesOn, row)
      } else if let wake, wake < end {
        now = max(now, wake)
        handle(.timePassed, &goesOn, row)
      } else {
        now = max(now, end)
        return
      }
    }
  }

  private mutating func handle(_ event: PlannerEvent, _ goesOn: inout Bool, _ row: (Row, Instant) -> Bool) {
    var claims: [RunID] = []
    var answers: [PlannerEvent] = []
    for decision in planner.handle(event, at: now) {
      switch decision {
      case .claim(let run, _): claims.append(run.id)
      case .record(let run, _), .finish(let run, _): goesOn = row(.ended(run), now) && goesOn
      case .update(let run, _):
        if run.gate == .pool { goesOn = row(.waitsForPlace(run), now) && goesOn }
      case .start(let run, let limit, _):
        goesOn = row(.started(run), now) && goesOn
        ends.insert(end(of: run, limit: limit))
      case .stop(let id, let cause):
        stopped.insert(id)
        answers.append(.attemptEnded(id, AttemptEnd(.cancelled(Self.words(cause)), at: now)))
      case .checkConditions(let run, _): answers.append(.conditionsChecked(run.id, unmet: nil))
      case .askWhen(let run): answers.append(.whenAnswered(run.id, .yes))
      case .account, .pause, .note: break
      }
    }
    if !claims.isEmpty { handle(.claimed(claims), &goesOn, row) }
    for answer in answers { handle(answer, &goesOn, row) }
  }

  private static func words(_ cause: StopCause) -> String {
    switch cause {
    case .cancelled(let who): "cancelled by \(who)"
    case .replaced(let run): "replaced by run \(run)"
    case .closed(let why), .drained(let why): why
    }
  }

  // MARK: How a run goes

  private func end(of run: Run, limit: Interval?) -> End {
    let nature = natures[run.job] ?? Nature(duration: .zero, hash: seed)
    let due = UInt64(bitPattern: run.dueAt.microseconds)
    let bits = Self.mixed(nature.hash ^ Self.mixed(due &+ UInt64(truncatingIfNeeded: run.attempt)))
    let length = Self.varied(nature.duration, bits)
    if let limit, length > limit { return End(at: now + limit, run: run.id, kind: .timedOut(nil)) }
    let fails = Self.mixed(bits).multipliedFullWidth(by: 100).high < UInt64(max(0, failPercent))
    return End(
      at: now + length, run: run.id,
      kind: fails ? .failed("failed in the simulation") : .succeeded(resultJSON: nil))
  }

  /// Give or take a fifth, in whole milliseconds from one on.
  private static func varied(_ duration: Interval, _ bits: UInt64) -> Interval {
    let milliseconds = UInt64(max(0, duration.microseconds) / 1000)
    let least = milliseconds - milliseconds / 5
    let spread = bits.multipliedFullWidth(by: milliseconds / 5 * 2 + 1).high
    return .milliseconds(max(1, Int64(clamping: least + spread)))
  }

  /// SplitMix64's step. Source: https://prng.di.unimi.it/splitmix64.c
  private static func mixed(_ value: UInt64) -> UInt64 {
    var bits = value &+ 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
