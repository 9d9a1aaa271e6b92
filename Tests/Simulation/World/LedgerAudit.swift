import RunLifecycle
import RunStore
import Scheduling

/// Holds the ledger that a simulation left against what was due and what was called, without asking the
/// planner anything.
public struct LedgerAudit {
  let world: SimulatedWorld
  let rows: [Run]
  let rowOf: [RunID: Run]
  /// Each row as it was first written, and when that was decided, by the wall clock and by one that nobody sets.
  let claims: [RunID: (run: Run, at: Instant, decided: Instant)]
  let versions: [JobKey: [String: JobPlan]]
  /// By account key and fingerprint, one behind the other.
  let triggers: [JobKey: [String: (schedule: Schedule, index: Int)]]
  let walker: BruteForceWalker
  /// When runs were let on past the overlap gate, as ``checkSkips()`` finds out.
  var admitted: [RunID: [Instant]] = [:]
  var findings: [String] = []
  /// How many due instants were looked for.
  var instants = 0

  init(_ world: SimulatedWorld) throws {
    self.world = world
    rows = try world.store.runs(RunQuery(limit: .max)).reversed()
    rowOf = Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })
    var claims: [RunID: (run: Run, at: Instant, decided: Instant)] = [:]
    for write in world.committed {
      switch write.change {
      case .claim(let run, _), .record(let run, _): claims[run.id] = (run, write.decidedAt, write.decided)
      default: break
      }
    }
    self.claims = claims
    versions = world.versions.mapValues { Dictionary($0.map { ($0.version, $0) }) { first, _ in first } }
    triggers = world.versions.mapValues { plans in
      var found: [String: (schedule: Schedule, index: Int)] = [:]
      for schedule in plans.compactMap(\.schedule) {
        for index in schedule.triggers.indices {
          found[schedule.triggers[index].accountKey + schedule.fingerprint(of: index)] = (schedule, index)
        }
      }
      return found
    }
    walker = BruteForceWalker(place: world.place)
  }

  /// What an audit has found, and how much it has looked at.
  public struct Report: Sendable {
    /// All that is wrong, in words.
    public var findings: [String] = []
    /// How many events the planner was told.
    public var events = 0
    /// How many due instants were held against the ledger.
    public var instants = 0
  }

  /// One seed in so many is played twice.
  private static let repeated = 50

  /// Plays the world of a seed, and audits what it leaves.
  public static func report(onSeed seed: Int) -> Report {
    var world = SimulatedWorld(seed: seed)
    do {
      try world.play()
      var report = try report(on: world)
      if seed.isMultiple(of: repeated) {
        var again = SimulatedWorld(seed: seed)
        try again.play()
        if again.trace != world.trace { report.findings.append("played again, it left another trace") }
      }
      return report
    } catch {
      return Report(findings: ["the world came to an end: \(error)"], events: world.events)
    }
  }

  /// Audits the ledger of a world that has been played.
  static func report(on world: SimulatedWorld) throws -> Report {
    if let failure = world.failure { return Report(findings: [failure], events: world.events) }
    var audit = try LedgerAudit(world)
    audit.checkRows()
    audit.checkCalls()
    audit.checkArrivals()
    audit.checkAttempts()
    audit.checkGates()
    audit.checkWrites()
    audit.checkLines()
    audit.checkPriorities()
    audit.checkManual()
    audit.checkFollowers()
    audit.checkLife()
    audit.checkSkips()
    audit.checkMemories()
    for (key, plans) in world.versions.sorted(by: { $0.key < $1.key }) { audit.checkCoverage(of: key, plans) }
    return Report(findings: audit.findings, events: world.events, instants: audit.instants)
  }

  /// The versions of a job that were live at some time from one instant to another, by a clock that nobody sets.
  func plans(of job: JobKey, from: Instant, to: Instant) -> [JobPlan] {
    let editions = world.editions[job] ?? []
    var found: [JobPlan] = []
    for (index, edition) in editions.enumerated() where edition.from <= to {
      let next = index + 1 < editions.count ? editions[index + 1].from : .distantFuture
      guard next >= from, let version = edition.version, let plan = versions[job]?[version] else { continue }
      found.append(plan)
    }
    return found
  }

  /// True if the daemon was not there, or slow to look, in some of that time.
  func wasHeldUp(_ from: Instant, _ to: Instant) -> Bool {
    world.absences.contains { $0.from < to && from < $0.to } || world.ends.contains { from <= $0 && $0 <= to }
  }

  private mutating func checkRows() {
    let calls = Dictionary(grouping: world.calls, by: \.run)
    for row in rows {
      if row.state != .ended || row.outcome == nil || row.endedAt == nil {
        findings.append(
          "run \(row.id) is still open: \(row.state), \(row.cause), not before \(row.notBefore)")
      }
      let numbers = (calls[row.id] ?? []).map(\.attempt)
      // After a power cut only the clock tells whether an attempt had begun. One that was set back a moment before
      // says that it had not.
      let mayRepeat = world.powerCuts > 0 && world.steps.contains { $0 < .zero }
      if zip(numbers, numbers.dropFirst()).contains(where: { mayRepeat ? $0 > $1 : $0 >= $1 }) {
        findings.append("run \(row.id) called main for attempts \(numbers)")
      }
      switch row.outcome {
      case .succeeded, .failed, .timedOut:
        if numbers.isEmpty, row.gate != .when {
          findings.append("run \(row.id) is \(row.outcome?.rawValue ?? ""), but main was not called")
        }
      case .missed, .tested:
        if !numbers.isEmpty {
          findings.append("run \(row.id) is \(row.outcome?.rawValue ?? ""), but main was called")
        }
      default: break
      }
      // The last may have started in vain, three times in a row.
      if let last = numbers.last, row.attempt != last, row.outcome != .interrupted, world.powerCuts == 0 {
        findings.append("run \(row.id) says \(row.attempt) attempts, but main was called for \(numbers)")
      }
    }
  }

  private mutating func checkCalls() {
    let byID = Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })
    for call in world.calls {
      guard let row = byID[call.run] else {
        findings.append("run \(call.run) called main, but has no row")
        continue
      }
      if call.startedAt < row.dueAt, world.steps.isEmpty {
        findings.append("run \(row.id) started before it was due")
      }
      let isPaused = world.pauses.contains {
        $0.job == call.job && $0.from < call.decided && $0.to.map { call.decided < $0 } ?? true
      }
      if isPaused, !row.isManual { findings.append("run \(row.id) started while its job was paused") }
    }
    for (key, nature) in world.natures.sorted(by: { $0.key < $1.key }) { checkOverlap(of: key, nature) }
    for (pool, size) in SimulatedWorld.pools.sorted(by: { $0.key < $1.key }) {
      checkConcurrency(of: world.calls.filter { world.natures[$0.job]?.pool == pool }, size, "pool \(pool)")
    }
    checkSuccession()
  }

  private mutating func checkOverlap(of key: JobKey, _ nature: SimulatedJob.Nature) {
    var limit = 1
    if case .parallel(let most) = nature.overlap { limit = most ?? .max }
    checkConcurrency(of: world.calls.filter { $0.job == key }, limit, "job \(key)")
  }

  /// No more calls of `main` at the same time than may be.
  private mutating func checkConcurrency(of calls: [SimulatedWorld.Call], _ limit: Int, _ what: String) {
    var edges: [(at: Instant, step: Int, run: RunID)] = []
    for call in calls {
      edges.append((call.begun, 1, call.run))
      edges.append((call.ended ?? .distantFuture, -1, call.run))
    }
    var running = 0
    for edge in edges.sorted(by: { ($0.at, $0.step) < ($1.at, $1.step) }) {
      running += edge.step
      if running > limit { findings.append("\(what): run \(edge.run) was one too many") }
    }
  }

  /// A run whose place another one has taken does not go on.
  private mutating func checkSuccession() {
    var latest: [JobKey: RunID] = [:]
    var called: Set<RunID> = []
    for call in world.calls {
      let other = latest.updateValue(call.run, forKey: call.job)
      let isFirst = called.insert(call.run).inserted
      guard let other, other > call.run, !isFirst, !call.cause.bringsPayload else { continue }
      if case .parallel = world.natures[call.job]?.overlap { continue }
      findings.append("run \(call.run) went on after run \(other) had taken its place")
    }
  }

  /// Each arrival of files made one run due.
  private mutating func checkArrivals() {
    for arrival in world.arrivals where arrival.isCertain {
      let count = rows.count { $0.job == arrival.job && $0.cause == .watch(arrival.snapshot) }
      if count != 1 {
        findings.append("job \(arrival.job): \(arrival.snapshot) came, and \(count) runs were due by that")
      }
    }
  }

  /// A stretch of time in which one trigger was live, unchanged.
  private struct Life {
    var plan: JobPlan
    var trigger: Int
    var account: TriggerAccount
    /// It was live for certain up to this instant, perhaps up to the second.
    var certainly: Instant
    var perhaps: Instant
  }

  private mutating func checkCoverage(of key: JobKey, _ plans: [JobPlan]) {
    // A clock that is set back moves what counts elapsed time.
    let wasSetBack = world.steps.contains { $0 < .zero }
    var due: [Instant: Bool] = [:]
    for life in lives(of: key, plans) {
      guard let schedule = life.plan.schedule else { continue }
      if case .restartAfter = schedule.triggers[life.trigger].rule { return }
      if wasSetBack, case .every = schedule.triggers[life.trigger].rule { return }
      for instant in walker.due(life.trigger, of: schedule, after: life.account, through: life.perhaps) {
        due[instant] = instant <= life.certainly || due[instant] == true
      }
    }
    self.instants += due.count
    var free = due
    // A single instant is in its own row, whatever range another row has by a clock that was set back.
    let clockRows = rows.filter { $0.job == key && $0.cause.kind == "clock" }
    for row in clockRows where row.dueUntil == nil {
      if free.removeValue(forKey: row.dueAt) == nil || row.count != 1 { tell(row, of: key, found: 0) }
    }
    // By a clock that is set back ranges may be read again, over rows that are there already.
    let instants = (wasSetBack ? due : free).keys.sorted()
    for row in clockRows {
      guard let end = row.dueUntil else { continue }
      let range = instants.firstIndex(after: row.dueAt - .microsecond)..<instants.firstIndex(after: end)
      let left = instants[range].filter { free[$0] != nil }
      let found = wasSetBack ? range.count : left.count
      if row.count > found || row.count < max(1, left.count { due[$0] == true }) {
        tell(row, of: key, found: found)
      }
      for instant in left { free[instant] = nil }
    }
    for instant in free.keys.sorted() where due[instant] == true {
      findings.append("job \(key): \(instant) is in no row")
    }
  }

  private mutating func tell(_ row: Run, of key: JobKey, found: Int) {
    findings.append(
      "job \(key): run \(row.id) (\(row.outcome?.rawValue ?? ""), \(row.reason ?? "")) covers \(row.count) instants"
        + " \(row.dueAt)...\(row.dueUntil ?? row.dueAt), of which \(found) were due and not in another row")
  }

  /// When each trigger was live, as the accounts that were committed tell.
  private func lives(of key: JobKey, _ plans: [JobPlan]) -> [Life] {
    var open: [String: (fingerprint: String, account: TriggerAccount, through: Instant)] = [:]
    var lives: [Life] = []
    func close(_ trigger: String, at instant: Instant, latest: Instant, whileAway: Bool = false) {
      guard let (fingerprint, account, through) = open.removeValue(forKey: trigger) else { return }
      for plan in plans {
        guard let schedule = plan.schedule else { continue }
        for index in schedule.triggers.indices
        where schedule.triggers[index].accountKey == trigger && schedule.fingerprint(of: index) == fingerprint
        {
          var certainly = certainlyLive(until: instant)
          // What its account had not come to is known to nobody when a schedule goes while no daemon is there.
          if whileAway { certainly = min(certainly, through) }
          lives.append(
            Life(
              plan: plan, trigger: index, account: account, certainly: certainly,
              perhaps: max(instant, world.steps.isEmpty ? instant : latest) + .milliseconds(100)))
          return
        }
      }
    }
    for write in world.committed {
      for move in write.moves where move.job == key {
        // An account that goes back was in the future, by a clock that is right again: it counts anew.
        let goesOn =
          open[move.triggerKey].map {
            $0.fingerprint == move.fingerprint && $0.through <= move.account.accountedThrough
          } ?? false
        guard !goesOn else {
          open[move.triggerKey]?.through = move.account.accountedThrough
          continue
        }
        let isRetired = move.fingerprint == StoredAccount.retired
        close(
          move.triggerKey, at: isRetired ? write.decidedAt : move.account.accountedThrough,
          latest: write.latest, whileAway: world.starts.contains { $0.wall == write.decidedAt })
        if !isRetired {
          open[move.triggerKey] = (move.fingerprint, move.account, move.account.accountedThrough)
        }
      }
    }
    for trigger in open.keys.sorted() { close(trigger, at: world.clock, latest: world.clock) }
    return lives
  }

  /// A change that a crash or a slow commit came before may have taken effect that much earlier.
  private func certainlyLive(until instant: Instant) -> Instant {
    var certain = instant - .seconds(2)
    for absence in world.absences.sorted(by: { $0.to > $1.to })
    where absence.to + .seconds(2) >= certain && absence.from < certain {
      certain = absence.from - .seconds(4)
    }
    return certain
  }
}

extension Array<Instant> {
  /// In a sorted array, the place of the first element that comes after an instant.
  fileprivate func firstIndex(after instant: Instant) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] <= instant { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension Interval {
  fileprivate static let microsecond = Interval(microseconds: 1)
}
