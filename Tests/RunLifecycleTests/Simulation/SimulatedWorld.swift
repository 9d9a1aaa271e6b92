import RunLifecycle
import RunStore
import RunStoreTesting
import Scheduling

/// A machine in virtual time: the planner, a store that takes its time and sometimes fails, jobs whose
/// runs take their time and sometimes fail, people who edit, start and cancel, stalls and crashes.
///
/// What it remembers for ``LedgerAudit`` is what an onlooker would: which `main` was called when, what
/// was committed, when the daemon was there.
struct SimulatedWorld {
  /// A call of `main`, as the job itself would have written it down.
  struct Call {
    var run: RunID
    var job: JobKey
    var attempt: Int
    /// When the planner wanted it; the executor may take a while.
    var decidedAt: Instant
    var startedAt: Instant
    var endedAt: Instant?
  }

  /// A change of the ledger, with the time at which it was decided.
  struct Write {
    var decidedAt: Instant
    var change: LedgerChange
  }

  private enum Happening {
    case wake
    case commit
    case call(Run, decidedAt: Instant, died: Bool)
    case end(RunID, AttemptEnd.Kind)
    case mischief
    case crash
    case restart
  }

  private struct Entry {
    var at: Instant
    var order: Int
    var incarnation: Int
    var happening: Happening
  }

  static let start = Instant(microseconds: 1_600_003_200_000_000)  // 13:20 UTC
  var random: SeededGenerator
  let store = InMemoryRunStore()
  var planner: Planner
  var now = Self.start
  private(set) var jobs: [JobKey: SimulatedJob] = [:]
  private(set) var calls: [Call] = []
  /// Every change that was committed, with the time at which it was decided.
  private(set) var committed: [Write] = []
  /// When the daemon was not there, or did not come to look.
  private(set) var absences: [(from: Instant, to: Instant)] = []
  /// Every version of a job that was ever live.
  private(set) var versions: [JobKey: [JobPlan]] = [:]
  private var agenda: [Entry] = []
  private var order = 0
  private var incarnation = 0
  private var isUp = true
  private var writing: [Write] = []
  private var queue: [Write] = []
  private var wakeAt: Instant?
  private var wentDownAt = Self.start
  private var changes = 0

  init(seed: Int) {
    random = SeededGenerator(seed: seed)
    planner = Planner(node: "node", nextRunID: RunID(1), startID: "start0")
  }

  /// Plays until the jobs are removed, and on until nothing can happen any more.
  mutating func play(for length: Interval, crashes: Int) throws {
    let end = now + length
    let names = (1...Int.random(in: 2...5, using: &random)).map { "job\($0)" }
    for (_, key) in try store.jobKeys(for: names).sorted(by: { $0.key < $1.key }) { change(key) }
    for (key, _) in jobs.sorted(by: { $0.key < $1.key }) { goLive(key, initial: true) }
    handle(.timePassed)
    for _ in 0..<crashes { plan(.crash, at: now + random.microseconds(0...length.microseconds)) }
    for _ in 0..<Int.random(in: 0...8, using: &random) {
      plan(.mischief, at: now + random.microseconds(0...length.microseconds), always: true)
    }
    while let entry = next(until: end) { try take(entry) }
    if !isUp { try restart() }
    now = max(now, end)
    for key in jobs.keys.sorted() { remove(key) }
    while let entry = next(until: .distantFuture) { try take(entry) }
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
    guard entry.incarnation == incarnation || entry.incarnation == -1 else {
      // A crash strikes whoever is there.
      if case .crash = entry.happening, isUp { crash() }
      return
    }
    switch entry.happening {
    case .wake:
      wakeAt = nil
      // Now and then the daemon is held up, or the machine sleeps.
      if random.chance(1) {
        let from = now
        now += random.chance(5) ? random.milliseconds(1000...2_000_000) : random.milliseconds(1...3000)
        absences.append((from, now))
      }
      handle(.timePassed)
    case .commit: commit()
    case .call(let run, let decidedAt, let died): call(run, decidedAt: decidedAt, died: died)
    case .end(let id, let kind): end(id, kind)
    case .mischief: mischief()
    case .crash: crash()
    case .restart: try restart()
    }
  }
}

/// The daemon's part.
extension SimulatedWorld {
  private mutating func handle(_ event: PlannerEvent) {
    for decision in planner.handle(event, at: now) {
      switch decision {
      case .claim(let run, let moves): write(.claim(run, moves))
      case .record(let run, let moves): write(.record(run, moves))
      case .account(let moves): write(.account(moves))
      case .update(let run, let moves): write(.update(run, moves))
      case .finish(let run, let moves): write(.finish(run, moves))
      case .start(let run, _, _):
        plan(.call(run, decidedAt: now, died: random.chance(3)), at: now + random.microseconds(10...2000))
      case .stop(let id, let cause):
        plan(.end(id, .cancelled("\(cause)")), at: now + random.milliseconds(0...20))
      case .pause(let key, let pause): write(.pause(key, pause))
      case .checkConditions, .askWhen, .note: break
      }
    }
    beginCommit()
    if let wake = planner.nextWake, wakeAt.map({ wake < $0 }) ?? true {
      wakeAt = wake
      plan(.wake, at: max(wake, now) + random.microseconds(1...1500))
    }
  }

  private mutating func write(_ change: LedgerChange) { queue.append(Write(decidedAt: now, change: change)) }

  private mutating func beginCommit() {
    guard writing.isEmpty, !queue.isEmpty else { return }
    (writing, queue) = (queue, [])
    plan(.commit, at: now + random.microseconds(random.chance(2) ? 100_000...400_000 : 150...15_000))
  }

  private mutating func commit() {
    let batch = writing
    writing = []
    var claims: [RunID] = []
    for case .claim(let run, _) in batch.map(\.change) { claims.append(run.id) }
    if random.chance(2) {
      // As the runner does: claims are given back, the rest is tried again before anything else.
      queue.insert(contentsOf: batch.filter { if case .claim = $0.change { false } else { true } }, at: 0)
      if !claims.isEmpty { handle(.claimFailed(claims, reason: "the disk is full")) }
      return beginCommit()
    }
    do { try store.commit(batch.map(\.change)) } catch { fatalError("at \(now): \(error)") }
    committed += batch
    if !claims.isEmpty { handle(.claimed(claims)) }
    beginCommit()
  }

  private mutating func call(_ run: Run, decidedAt: Instant, died: Bool) {
    if died { return handle(.attemptEnded(run.id, AttemptEnd(.notStarted("its host fell"), at: now))) }
    calls.append(Call(run: run.id, job: run.job, attempt: run.attempt, decidedAt: decidedAt, startedAt: now))
    handle(.attemptStarted(run.id, at: now))
    if random.chance(30) { write(.started(run.id, at: now, attempt: run.attempt)) }
    guard let job = jobs[run.job] ?? nil else { return end(run.id, .succeeded(resultJSON: nil)) }
    let kind: AttemptEnd.Kind =
      random.chance(job.failures)
      ? random.pick([
        .failed("no"), .timedOut(nil), .interrupted("its host fell"), .retryAfter(.seconds(3), nil),
        .fatal("no"),
      ])
      : random.pick([
        .succeeded(resultJSON: "\"ok\""), .succeeded(resultJSON: nil), .skipped("nothing to do"),
      ])
    plan(.end(run.id, kind), at: now + random.milliseconds(0...job.longestRun))
  }

  private mutating func end(_ id: RunID, _ kind: AttemptEnd.Kind) {
    // It may have been stopped, or have ended, before.
    guard let index = calls.lastIndex(where: { $0.run == id && $0.endedAt == nil }) else { return }
    calls[index].endedAt = now
    handle(.attemptEnded(id, AttemptEnd(kind, at: now)))
  }

  private mutating func crash() {
    incarnation += 1
    isUp = false
    wentDownAt = now
    (writing, queue, wakeAt) = ([], [], nil)
    for index in calls.indices where calls[index].endedAt == nil { calls[index].endedAt = now }
    plan(
      .restart,
      at: now + (random.chance(70) ? random.milliseconds(20...5000) : random.milliseconds(5000...3_000_000)))
  }

  private mutating func restart() throws {
    incarnation += 1
    isUp = true
    absences.append((wentDownAt, now))
    planner = Planner(node: "node", nextRunID: try store.nextRunID(), startID: "start\(incarnation)")
    let accounts = try store.accounts(of: [])
    for key in accounts.keys.sorted() where jobs[key] == nil {
      // Removed when nobody could write it down.
      write(.account((accounts[key] ?? []).map { .retiring($0, of: key) }))
    }
    for key in jobs.keys.sorted() { goLive(key, initial: true, accounts: accounts[key] ?? []) }
    for run in try store.openRuns() {
      let last = calls.last { $0.run == run.id }
      handle(
        .recovered(
          run, evidence: last.map { .mainCalled(attempt: $0.attempt, at: $0.startedAt) } ?? .mainNotCalled))
    }
    handle(.timePassed)
  }
}

/// What people do.
extension SimulatedWorld {
  private mutating func mischief() {
    guard let key = jobs.keys.sorted().randomElement(using: &random) else { return }
    switch random.pick([0, 0, 1, 2, 3, 4]) {
    case 0:
      change(key)
      if isUp { goLive(key, initial: false) }
    case 1 where isUp && jobs.count > 1:
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
      if let run = planner.openRuns(of: key).first { handle(.cancel(run.id, by: "somebody")) }
    default:
      // Saved without a change.
      if isUp { goLive(key, initial: false) }
    }
  }

  private mutating func change(_ key: JobKey) {
    changes += 1
    let job = SimulatedJob.random(key, version: changes, at: now, using: &random)
    jobs[key] = job
    versions[key, default: []].append(job.plan)
  }

  private mutating func goLive(_ key: JobKey, initial: Bool, accounts: [StoredAccount] = []) {
    guard let plan = jobs[key]?.plan else { return }
    handle(.jobLive(plan, accounts: accounts, lastEnded: nil, initial: initial))
  }

  private mutating func remove(_ key: JobKey) {
    jobs[key] = nil
    handle(.jobRemoved(key))
  }
}
