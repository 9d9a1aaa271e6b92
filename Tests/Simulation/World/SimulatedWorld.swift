import RunLifecycle
import RunStore
import RunStoreTesting
import Scheduling

/// A machine in virtual time: the planner, a store that takes its time and sometimes fails, jobs whose
/// runs take their time and sometimes fail, people who edit, start, pause and cancel, files that come, a clock
/// that is set, stalls, restarts, crashes and power cuts.
///
/// What it remembers for ``LedgerAudit`` is what an onlooker would: which `main` was called when, what
/// was committed, when the daemon was there.
public struct SimulatedWorld {
  /// A call of `main`, as the job itself would have written it down.
  struct Call {
    var run: RunID
    var job: JobKey
    var attempt: Int
    var cause: Cause
    /// The version that it ran, and why it may have waited.
    var version: String
    var claim: Claim
    var notBefore: Instant
    /// When the planner wanted it, by the wall clock; the executor may take a while.
    var decidedAt: Instant
    /// The wall clock's reading when `main` was called.
    var startedAt: Instant
    /// By a clock that nobody sets.
    var decided: Instant
    var begun: Instant
    var ended: Instant?
    var end: AttemptEnd.Kind?
  }

  /// A change of the ledger, with the time at which it was decided.
  struct Write: Equatable {
    var decidedAt: Instant
    /// By a clock that nobody sets.
    var decided: Instant
    /// The latest that the wall clock had ever read by then.
    var latest: Instant
    var change: LedgerChange

    /// What was written, in short.
    var line: String {
      switch change {
      case .claim(let run, let moves): "\(decidedAt) claim \(run.line) \(Self.line(moves))"
      case .record(let run, let moves): "\(decidedAt) record \(run.line) \(Self.line(moves))"
      case .update(let run, let moves): "\(decidedAt) update \(run.line) \(Self.line(moves))"
      case .finish(let run, let moves, _): "\(decidedAt) finish \(run.line) \(Self.line(moves))"
      case .keepStep(let step, _): "\(decidedAt) step \(step.name) of \(step.run)"
      case .started(let id, let at, let attempt): "\(decidedAt) started \(id) #\(attempt) at \(at)"
      case .account(let moves): "\(decidedAt) account \(Self.line(moves))"
      case .pause(let job, let pause): "\(decidedAt) job \(job) \(pause == nil ? "resumed" : "paused")"
      }
    }

    /// How the accounts of triggers moved with it.
    var moves: [AccountChange] {
      switch change {
      case .claim(_, let moves), .record(_, let moves), .update(_, let moves), .finish(_, let moves, _),
        .account(let moves):
        moves
      case .keepStep, .started, .pause: []
      }
    }

    private static func line(_ moves: [AccountChange]) -> String {
      moves.map { "[\($0.job) \($0.triggerKey) \($0.account.accountedThrough) \($0.memo ?? "-")]" }.joined()
    }
  }

  /// A time in which a job was paused, by a clock that nobody sets.
  struct PausedTime {
    var job: JobKey
    var from: Instant
    var to: Instant?
  }

  /// What the world said to a question about a run, by a clock that nobody sets.
  struct Answer {
    var run: RunID
    var isRequirement: Bool
    var isYes: Bool
    var at: Instant
  }

  /// A start of the daemon.
  struct Start {
    var id: String
    var boot: String
    /// By a clock that nobody sets.
    var at: Instant
    /// By the wall clock.
    var wall: Instant
  }

  struct Drain {
    /// The start whose daemon drains.
    var start: String
    /// By a clock that nobody sets.
    var at: Instant
    /// By the wall clock.
    var wall: Instant
  }

  /// What the store told the daemon when that started.
  struct Memory {
    /// By the wall clock.
    var at: Instant
    /// How many writes had been committed by then.
    var writes: Int
    var pauses: [JobKey: Pause]
    var accounts: [JobKey: [StoredAccount]]
    var open: [Run]
  }

  enum Happening {
    case wake(number: Int)
    case commit
    case call(Run, decidedAt: Instant, decided: Instant, died: Bool)
    /// The news that it was called come to the ledger, which nobody waits for.
    case startTold(RunID, at: Instant, attempt: Int)
    case end(RunID, AttemptEnd.Kind)
    case answer(PlannerEvent)
    case clockSeen(from: Instant)
    case mischief
    case crash
    case stopRunning
    case wentDown
    case restart
  }

  private struct Entry {
    var at: Instant
    var order: Int
    var incarnation: Int
    var happening: Happening
  }

  static let pools = ["narrow": 1, "wide": 3]

  public let seed: Int
  var random: SeededGenerator
  let store = InMemoryRunStore()
  let place: Place
  let zone: Zone
  var planner: Planner
  /// By a clock that nobody sets.
  var now: Instant
  /// What the wall clock reads beside it.
  var skew = Interval.zero
  /// The steps by which the wall clock was set.
  private(set) var steps: [Interval] = []
  private(set) var jobs: [JobKey: SimulatedJob] = [:]
  private(set) var natures: [JobKey: SimulatedJob.Nature] = [:]
  private(set) var calls: [Call] = []
  /// Every change that was committed, with the time at which it was decided.
  private(set) var committed: [Write] = []
  /// How many events the planner was told.
  private(set) var events = 0
  /// When the daemon was not there, or did not come to look, by the wall clock.
  private(set) var absences: [(from: Instant, to: Instant)] = []
  /// The daemon's starts, the first one too, in order.
  private(set) var starts: [Start] = []
  /// When it was told to drain.
  private(set) var drains: [Drain] = []
  /// What the store told each start but the first.
  private(set) var memories: [Memory] = []
  /// Every version of a job that was ever live.
  private(set) var versions: [JobKey: [JobPlan]] = [:]
  private(set) var pauses: [PausedTime] = []
  /// Which version of a job was live from when on, by a clock that nobody sets; `nil`: none, it was removed.
  private(set) var editions: [JobKey: [(version: String?, from: Instant)]] = [:]
  private(set) var answers: [Answer] = []
  /// The runs whose host fell before `main` was called; several such starts in a row count as an attempt.
  private(set) var startedInVain: Set<RunID> = []
  /// When a run was let on: something was asked about it, or it was started. By the wall clock.
  private(set) var admissions: [RunID: [Instant]] = [:]
  /// When each row was first claimed, by the wall clock: the store may have refused that.
  private(set) var firstClaims: [RunID: Instant] = [:]
  /// When the daemon was killed or went, by a clock that nobody sets.
  private(set) var ends: [Instant] = []
  /// What was still open at the end of the calm, and what the wall clock read then.
  private(set) var leftovers: [Run] = []
  /// Since when nothing goes wrong any more, by the wall clock, and by one that nobody sets.
  private(set) var calmFrom = Instant.distantFuture
  private(set) var calm = Instant.distantFuture
  /// What came for a trigger that watches, until a version without the trigger came.
  private(set) var arrivals: [(job: JobKey, snapshot: String, isCertain: Bool)] = []
  private var filesSeen: [JobKey: String] = [:]
  private var latest: Instant
  private var agenda: [Entry] = []
  private var order = 0
  private var incarnation = 0
  private var isUp = true
  private var isDraining = false
  private var writing: [Write] = []
  private var queue: [Write] = []
  private var wakeAt: Instant?
  private var wakes = 0
  private var wentDownAt: Instant
  private var changes = 0
  private var boots = 1
  /// Why the world cannot go on.
  private(set) var failure: String?
  private(set) var powerCuts = 0
  /// When all jobs were removed, by the wall clock, and by one that nobody sets.
  private(set) var closedAt = Instant.distantFuture
  private(set) var closed = Instant.distantFuture
  private var restarts = 0
  private var wasRemoved: Set<JobKey> = []
  private var faultUntil: Instant?

  public init(seed: Int) {
    self.seed = seed
    var random = SeededGenerator(seed: seed)
    place = random.pick(Place.all)
    zone = (try? Zone.named(place.zone)) ?? .utc
    now = (try? Instant(parsing: place.start, in: .utc)) ?? Instant(microseconds: 0)
    wentDownAt = now
    latest = now
    self.random = random
    planner = Planner(node: "node", nextRunID: RunID(1), startID: "")
    planner = start(nextRunID: RunID(1))
  }

  /// A daemon that knows of no job yet.
  private mutating func start(nextRunID: RunID) -> Planner {
    let start = Start(id: "start\(incarnation)", boot: "boot\(boots)", at: now, wall: clock)
    starts.append(start)
    return Planner(
      node: "node", nextRunID: nextRunID, startID: start.id, bootID: start.boot, pools: Self.pools)
  }

  /// When the daemon was away or held up, in order.
  public var interruptions: [String] { absences.map { "\($0.from) to \($0.to)" } }

  /// All that was written, in order.
  public var trace: [String] { committed.map(\.line) }

  /// True for a job that was never removed before the end, nor had the daemon a moment's absence.
  func wasAlwaysThere(_ key: JobKey) -> Bool { !wasRemoved.contains(key) && restarts == 0 }

  /// What the wall clock reads.
  var clock: Instant { now + skew }

  /// Plays a wild time, a calm one in which all that is left can end, and on from the removal of all jobs until nothing
  /// can happen any more.
  public mutating func play(for length: Interval = .minutes(16), calm: Interval = .minutes(7)) throws {
    let end = now + length
    let names = (1...Int.random(in: 2...5, using: &random)).map { "job\($0)" }
    for (name, key) in try store.jobKeys(for: names).sorted(by: { $0.value < $1.value }) {
      let others = names.prefix { $0 != name }
      natures[key] = .random(awaiting: Array(others), using: &random)
      change(key)
    }
    for (key, _) in jobs.sorted(by: { $0.key < $1.key }) { goLive(key, initial: true) }
    handle(.timePassed)
    for _ in 0..<seed % 4 {
      plan(.crash, at: now + random.microseconds(0...length.microseconds), always: true)
    }
    for _ in 0..<Int.random(in: 0...14, using: &random) {
      plan(.mischief, at: now + random.microseconds(0...length.microseconds), always: true)
    }
    while failure == nil, let entry = next(until: end) { try take(entry) }
    faultUntil = nil
    now = max(now, end)
    if !isUp { try restart() }
    if isDraining {
      // A daemon that goes comes back, and ends what is left.
      crash()
      try restart()
    }
    for key in jobs.keys.sorted() where pauses.contains(where: { $0.job == key && $0.to == nil }) {
      resume(key)
    }
    calmFrom = clock
    self.calm = now
    let calmEnd = now + calm
    while failure == nil, let entry = next(until: calmEnd) { try take(entry) }
    now = max(now, calmEnd)
    closedAt = clock
    closed = now
    leftovers = try store.openRuns()
    for key in jobs.keys.sorted() { remove(key) }
    while failure == nil, let entry = next(until: .distantFuture) { try take(entry) }
  }

  private mutating func next(until end: Instant) -> Entry? {
    guard let last = agenda.last, last.at <= end else { return nil }
    return agenda.removeLast()
  }

  private mutating func plan(_ happening: Happening, at instant: Instant, always: Bool = false) {
    order += 1
    let entry = Entry(at: instant, order: order, incarnation: always ? -1 : incarnation, happening: happening)
    // The next to happen stands last.
    let later = agenda.lastIndex { ($0.at, $0.order) > (entry.at, entry.order) }
    agenda.insert(entry, at: later.map { $0 + 1 } ?? 0)
  }

  private mutating func take(_ entry: Entry) throws {
    now = max(now, entry.at)
    guard entry.incarnation == incarnation || entry.incarnation == -1 else { return }
    switch entry.happening {
    case .wake(let number):
      // One that an earlier one has taken the place of is no more.
      guard number == wakes else { return }
      wakeAt = nil
      stall()
      handle(.timePassed)
    case .commit: commit()
    case .call(let run, let decidedAt, let decided, let died):
      call(run, decidedAt: decidedAt, decided: decided, died: died)
    case .startTold(let id, let at, let attempt):
      write(.started(id, at: at, attempt: attempt))
      beginCommit()
    case .end(let id, let kind): end(id, kind)
    case .answer(let event):
      note(event)
      handle(event)
    case .clockSeen(let from):
      handle(.clockStepped(from: from, to: clock))
      handle(.timePassed)
    case .mischief: mischief()
    case .crash: if isUp { crash() }
    case .stopRunning: handle(.stopRunning(reason: "the daemon was stopped"))
    case .wentDown: finishDrain()
    case .restart: try restart()
    }
  }

  private mutating func note(_ answer: PlannerEvent) {
    switch answer {
    case .conditionsChecked(let run, let unmet):
      answers.append(Answer(run: run, isRequirement: true, isYes: unmet == nil, at: now))
    case .whenAnswered(let run, let answer):
      answers.append(Answer(run: run, isRequirement: false, isYes: answer == .yes, at: now))
    default: break
    }
  }

  /// True once nothing goes wrong any more.
  private var isCalm: Bool { calmFrom < .distantFuture }

  /// Now and then the daemon is held up, or the machine sleeps.
  private mutating func stall() {
    guard !isCalm, random.chance(1) else { return }
    let from = clock
    now += random.chance(5) ? random.milliseconds(1000...2_000_000) : random.milliseconds(1...3000)
    absences.append((from, clock))
  }
}

/// The daemon's part.
extension SimulatedWorld {
  private mutating func handle(_ event: PlannerEvent) {
    latest = max(latest, clock)
    events += 1
    for decision in planner.handle(event, at: clock) {
      switch decision {
      case .claim(let run, let moves): write(.claim(run, moves))
      case .record(let run, let moves): write(.record(run, moves))
      case .account(let moves): write(.account(moves))
      case .update(let run, let moves): write(.update(run, moves))
      case .finish(let run, let moves): write(.finish(run, moves))
      case .pause(let key, let pause): write(.pause(key, pause))
      case .start(let run, _, _):
        admissions[run.id, default: []].append(clock)
        plan(
          .call(run, decidedAt: clock, decided: now, died: !isCalm && random.chance(3)),
          at: now + random.microseconds(10...2000))
      case .stop(let id, let cause):
        // What is to be stopped has begun by then.
        plan(.end(id, .cancelled("\(cause)")), at: now + random.milliseconds(3...20))
      case .checkConditions(let run, _):
        admissions[run.id, default: []].append(clock)
        let isRefused = !isCalm && random.chance(jobs[run.job]?.refusals ?? 0)
        plan(
          .answer(.conditionsChecked(run.id, unmet: isRefused ? "no network" : nil)),
          at: now + random.milliseconds(0...500))
      case .askWhen(let run):
        admissions[run.id, default: []].append(clock)
        let answer: WhenAnswer =
          !isCalm && random.chance(jobs[run.job]?.refusals ?? 0)
          ? random.pick([.no("no"), .no(nil), .failed("boom")]) : .yes
        plan(.answer(.whenAnswered(run.id, answer)), at: now + random.milliseconds(0...500))
      case .note: break
      }
    }
    beginCommit()
    guard let wake = planner.nextWake.map({ $0 - skew }), wakeAt.map({ wake < $0 }) ?? true else { return }
    wakeAt = wake
    planWake(at: max(wake, now) + random.microseconds(1...1500))
  }

  private mutating func planWake(at instant: Instant) {
    wakes += 1
    plan(.wake(number: wakes), at: instant)
  }

  private mutating func write(_ change: LedgerChange) {
    if case .claim(let run, _) = change, firstClaims[run.id] == nil { firstClaims[run.id] = clock }
    queue.append(Write(decidedAt: clock, decided: now, latest: latest, change: change))
  }

  private mutating func beginCommit() {
    guard writing.isEmpty, !queue.isEmpty else { return }
    (writing, queue) = (queue, [])
    plan(
      .commit, at: now + random.microseconds(!isCalm && random.chance(2) ? 100_000...400_000 : 150...15_000))
  }

  private mutating func commit() {
    let batch = writing
    writing = []
    var claims: [RunID] = []
    for case .claim(let run, _) in batch.map(\.change) { claims.append(run.id) }
    if let until = faultUntil, now >= until { faultUntil = nil }
    if (!isCalm && random.chance(2)) || faultUntil != nil {
      // As the runner does: claims are given back, the rest is tried again before anything else.
      queue.insert(contentsOf: batch.filter { if case .claim = $0.change { false } else { true } }, at: 0)
      if faultUntil != nil { now += .milliseconds(500) }
      if !claims.isEmpty { handle(.claimFailed(claims, reason: "the disk is full")) }
      return beginCommit()
    }
    guard !steps.isEmpty else {
      apply(batch)
      if !claims.isEmpty { handle(.claimed(claims)) }
      return beginCommit()
    }
    // A clock that was set back may read an instant twice: the store takes it once.
    var taken: [PlannerEvent] = []
    for write in batch {
      switch write.change {
      case .claim(let run, _) where (try? store.commit([write.change])) == nil:
        taken.append(.claimTaken([run.id]))
        claims.removeAll { $0 == run.id }
      case .record(let run, let moves) where (try? store.commit([write.change])) == nil:
        taken.append(.recordTaken(run, moves))
      case .claim, .record: committed.append(write)
      default: apply([write])
      }
    }
    if !claims.isEmpty { handle(.claimed(claims)) }
    for event in taken { handle(event) }
    beginCommit()
  }

  private mutating func apply(_ batch: [Write]) {
    do { try store.commit(batch.map(\.change)) } catch { failure = "at \(now): \(error)"; return }
    committed += batch
  }

  private mutating func call(_ run: Run, decidedAt: Instant, decided: Instant, died: Bool) {
    if died {
      startedInVain.insert(run.id)
      return handle(.attemptEnded(run.id, AttemptEnd(.notStarted("its host fell"), at: clock)))
    }
    calls.append(
      Call(
        run: run.id, job: run.job, attempt: run.attempt, cause: run.cause, version: run.version,
        claim: run.claim, notBefore: run.notBefore, decidedAt: decidedAt,
        startedAt: clock, decided: decided, begun: now))
    handle(.attemptStarted(run.id, at: clock))
    if random.chance(30) {
      plan(
        .startTold(run.id, at: clock, attempt: run.attempt),
        at: now + random.milliseconds(0...(random.chance(20) ? 2000 : 50)))
    }
    guard let job = jobs[run.job] ?? nil else { return end(run.id, .succeeded(resultJSON: nil)) }
    let kind: AttemptEnd.Kind =
      !isCalm && random.chance(job.failures)
      ? random.pick([
        .failed("no"), .timedOut(nil), .interrupted("its host fell"), .retryAfter(.seconds(3), nil),
        .fatal("no"),
      ])
      : random.pick([
        .succeeded(resultJSON: "\"ok\""), .succeeded(resultJSON: nil), .skipped("nothing to do"),
      ])
    plan(.end(run.id, kind), at: now + random.milliseconds(0...(isCalm ? 20 : job.longestRun)))
  }

  private mutating func end(_ id: RunID, _ kind: AttemptEnd.Kind) {
    // It may have been stopped, or have ended, before.
    guard let index = calls.lastIndex(where: { $0.run == id && $0.ended == nil }) else { return }
    (calls[index].ended, calls[index].end) = (now, kind)
    handle(.attemptEnded(id, AttemptEnd(kind, at: clock)))
  }

  /// The daemon is killed, or the power fails. What was being written may have come to the disk, or not.
  private mutating func crash() {
    incarnation += 1
    ends.append(now)
    if !isDraining { wentDownAt = clock }
    (isUp, isDraining) = (false, false)
    if !writing.isEmpty, random.chance(50) {
      apply(writing)
      writing = []
    }
    if let lost = (writing + queue).map(\.decidedAt).min() { wentDownAt = min(wentDownAt, lost) }
    (writing, queue, wakeAt, faultUntil) = ([], [], nil, nil)
    for index in calls.indices where calls[index].ended == nil {
      (calls[index].ended, calls[index].end) = (now, .interrupted("crash"))
    }
    plan(
      .restart,
      at: now + (random.chance(70) ? random.milliseconds(20...5000) : random.milliseconds(5000...3_000_000)))
  }

  /// A drain that has come to its end: all is written before the process goes.
  private mutating func finishDrain() {
    guard writing.isEmpty, queue.isEmpty, !calls.contains(where: { $0.ended == nil }) else {
      return plan(.wentDown, at: now + .milliseconds(100))
    }
    crash()
  }

  private mutating func restart() throws {
    incarnation += 1
    restarts += 1
    isUp = true
    absences.append((wentDownAt, clock))
    let hadPowerCut = random.chance(20)
    if hadPowerCut { boots += 1 }
    powerCuts += hadPowerCut ? 1 : 0
    planner = start(nextRunID: try store.nextRunID())
    let accounts = try store.accounts(of: [])
    for key in accounts.keys.sorted() where jobs[key] == nil {
      // Removed when nobody could write it down.
      write(.account((accounts[key] ?? []).map { .retiring($0, of: key) }))
    }
    let records = try store.jobs()
    let openRuns = try store.openRuns()
    memories.append(
      Memory(
        at: clock, writes: committed.count,
        pauses: records.reduce(into: [:]) { $0[$1.key] = $1.pause }, accounts: accounts, open: openRuns))
    for index in pauses.indices where pauses[index].to == nil {
      // One that had not come to the disk is forgotten: who asked was not told.
      if records.first(where: { $0.key == pauses[index].job })?.pause == nil { pauses[index].to = now }
    }
    for key in jobs.keys.sorted() {
      let pause = records.first { $0.key == key }?.pause
      if pause != nil, !pauses.contains(where: { $0.job == key && $0.to == nil }) {
        pauses.append(PausedTime(job: key, from: now))
      }
      goLive(key, initial: true, accounts: accounts[key] ?? [])
    }
    for run in openRuns {
      let last = calls.last { $0.run == run.id }
      let known = last.map { Evidence.mainCalled(attempt: $0.attempt, at: $0.startedAt) } ?? .mainNotCalled
      handle(.recovered(run, evidence: hadPowerCut ? .unknown : known))
    }
    // A watcher finds what is not in the trigger's memory.
    for key in jobs.keys.sorted() {
      if let seen = filesSeen[key],
        accounts[key]?.first(where: { $0.triggerKey == Self.watchKey })?.memo != seen
      {
        tellWatched(key, seen)
      }
    }
    handle(.timePassed)
  }
}

/// What people and the world do.
extension SimulatedWorld {
  static let watchKey = "watch = \"inbox/*\""

  private mutating func mischief() {
    guard let key = jobs.keys.sorted().randomElement(using: &random) else { return }
    switch random.pick([0, 0, 1, 2, 2, 3, 4, 5, 5, 6, 6, 7, 8, 9, 9]) {
    case 0:
      change(key)
      if isUp { goLive(key, initial: false) }
    case 1 where isUp && jobs.count > 1:
      wasRemoved.insert(key)
      remove(key)
      if random.chance(50) {
        change(key)
        now += random.milliseconds(0...2000)
        goLive(key, initial: false)
      }
    case 2 where isUp:
      changes += 1
      handle(.manual(request: "request\(changes)", job: key, params: nil, testing: random.chance(10)))
    case 3 where isUp:
      if let run = planner.openRuns(of: key).randomElement(using: &random) {
        handle(.cancel(run.id, by: "somebody"))
      }
    case 5 where isUp:
      if pauses.contains(where: { $0.job == key && $0.to == nil }) {
        resume(key)
      } else {
        pauses.append(PausedTime(job: key, from: now))
        handle(.pause(key, by: "somebody"))
      }
    case 6 where isUp: tellWatched(key, "files\(changes)")
    case 7 where isUp && !isDraining:
      isDraining = true
      drains.append(Drain(start: starts.last?.id ?? "", at: now, wall: clock))
      // What falls due from here on is the next start's.
      wentDownAt = clock
      handle(.drain)
      plan(.stopRunning, at: now + .seconds(5))
      plan(.wentDown, at: now + .seconds(6))
    case 8 where isUp && random.chance(50): setClock()
    case 9:
      let length = random.milliseconds(500...20_000)
      faultUntil = now + length
      absences.append((clock, clock + length))
    default:
      // Saved without a change.
      if isUp { goLive(key, initial: false) }
    }
  }

  /// Somebody sets the clock; the daemon sees it within a second.
  private mutating func setClock() {
    let step = random.pick([1, -1]) as Int64 * random.pick([2, 90, 90, 600, 600, 5000, 15_000])
    steps.append(.seconds(step))
    let from = clock
    skew = skew + .seconds(step)
    if step > 0 { absences.append((from, clock)) }
    plan(.clockSeen(from: from), at: now + random.milliseconds(0...900))
    wakeAt = nil
    planWake(at: now + random.milliseconds(0...900))
  }

  private mutating func tellWatched(_ key: JobKey, _ seen: String) {
    changes += 1
    let watches = jobs[key]?.plan.schedule?.triggers.contains { $0.accountKey == Self.watchKey } ?? false
    guard watches, let plan = jobs[key]?.plan else { return }
    filesSeen[key] = seen
    if !arrivals.contains(where: { $0.job == key && $0.snapshot == seen }) {
      let isArchived = plan.policy.archiveAfter != nil
      arrivals.append((key, seen, plan.policy.enabled && !isArchived && !isDraining))
    }
    handle(.watched(key, triggerKey: Self.watchKey, snapshot: seen, params: nil, memo: seen))
  }

  private mutating func change(_ key: JobKey) {
    guard let nature = natures[key] else { return }
    changes += 1
    let job = SimulatedJob.random(key, nature, version: changes, in: zone, at: clock, using: &random)
    jobs[key] = job
    versions[key, default: []].append(job.plan)
    forgetFiles(of: key)
  }

  private mutating func goLive(_ key: JobKey, initial: Bool, accounts: [StoredAccount] = []) {
    guard let plan = jobs[key]?.plan, !isDraining else { return }
    editions[key, default: []].append((plan.version, now))
    let isPaused = pauses.contains { $0.job == key && $0.to == nil }
    handle(
      .jobLive(
        plan, accounts: accounts, lastEnded: nil, pause: isPaused ? Pause(since: clock, by: "somebody") : nil,
        initial: initial))
  }

  private mutating func resume(_ key: JobKey) {
    for index in pauses.indices where pauses[index].job == key && pauses[index].to == nil {
      pauses[index].to = now
    }
    handle(.resume(key, by: "somebody"))
  }

  private mutating func remove(_ key: JobKey) {
    editions[key, default: []].append((nil, now))
    jobs[key] = nil
    forgetFiles(of: key)
    handle(.jobRemoved(key))
  }

  /// What came is known to be due only as long as nothing about the job has changed.
  private mutating func forgetFiles(of key: JobKey) {
    filesSeen[key] = nil
    for index in arrivals.indices where arrivals[index].job == key {
      let isTold = committed.contains { write in
        if case .claim(let run, _) = write.change {
          run.cause == .watch(arrivals[index].snapshot)
        } else {
          false
        }
      }
      if !isTold { arrivals[index].isCertain = false }
    }
  }
}

extension Run {
  /// The row in short.
  fileprivate var line: String {
    "\(id) job \(job) \(cause) x\(count) until \(dueUntil?.description ?? "-") \(claim) #\(attempt) \(state)"
      + " \(outcome?.rawValue ?? "-") not before \(notBefore): \(reason ?? "-")"
  }
}
