import RunLifecycle
import RunStore
import Scheduling
import Synchronization
import Values

/// A ledger in memory, for tests and simulations.
///
/// It can do what a disk does to a program: refuse a commit, and lose what was not synced.
public final class InMemoryRunStore: RunStore {
  private struct Contents: Sendable {
    var live = Ledger()
    /// What a crash leaves; `nil` while every commit is synced at once.
    var synced: Ledger?
    var refusals = 0
  }

  private let contents = Mutex(Contents())

  /// - Parameter syncsAtOnce: False: commits are lost by ``crash()`` unless ``sync()`` came first.
  public init(syncsAtOnce: Bool = true) {
    if !syncsAtOnce { contents.withLock { $0.synced = $0.live } }
  }

  /// Makes the next commits fail, as a full disk does.
  public func refuseCommits(_ count: Int) { contents.withLock { $0.refusals = count } }

  /// Makes all that was committed last.
  public func sync() { contents.withLock { if $0.synced != nil { $0.synced = $0.live } } }

  /// Loses what was committed since the last ``sync()``.
  public func crash() { contents.withLock { if let synced = $0.synced { $0.live = synced } } }

  public func jobKeys(for names: [String]) throws -> [String: JobKey] {
    contents.withLock { contents in
      var keys: [String: JobKey] = [:]
      for name in names { keys[name] = contents.live.key(for: name) }
      return keys
    }
  }

  public func jobs() throws -> [JobRecord] {
    contents.withLock { contents in
      contents.live.names.sorted { $0.value < $1.value }.map { key, name in
        JobRecord(
          key: key, name: name, lastEnded: contents.live.lastEnded(key), pause: contents.live.pauses[key])
      }
    }
  }

  public func accounts(of jobs: [JobKey]) throws -> [JobKey: [StoredAccount]] {
    contents.withLock { contents in
      let wanted = Set(jobs)
      return contents.live.accounts.filter { wanted.isEmpty || wanted.contains($0.key) }
        .mapValues { $0.values.sorted { $0.triggerKey < $1.triggerKey } }
    }
  }

  public func inherit(_ heir: JobKey, from name: String) throws -> Bool {
    contents.withLock { $0.live.inherit(heir, from: name) }
  }

  public func commit(_ changes: [LedgerChange]) throws {
    try contents.withLock { contents throws(StoreError) in
      guard contents.refusals == 0 else {
        contents.refusals -= 1
        throw StoreError(.fault, "the disk is full")
      }
      try contents.live.apply(changes)
    }
  }

  public func openRuns() throws -> [Run] {
    contents.withLock { $0.live.runs.values.filter { $0.state != .ended }.sorted { $0.id < $1.id } }
  }

  public func nextRunID() throws -> RunID {
    contents.withLock { RunID(($0.live.runs.keys.max()?.rawValue ?? 0) + 1) }
  }

  public func runs(_ query: RunQuery) throws -> [Run] {
    contents.withLock { contents in
      let found = contents.live.runs.values.filter(query.matches).sorted { $0.id > $1.id }
      return Array(found.prefix(max(0, query.limit)))
    }
  }

  public func lastEnded(_ jobs: [JobKey]) throws -> [JobKey: Run] {
    contents.withLock { contents in
      var found: [JobKey: Run] = [:]
      for job in jobs { found[job] = contents.live.lastEnded(job) }
      return found
    }
  }

  public func entry(_ key: String, of job: JobKey) throws -> KeyValueEntry {
    contents.withLock { contents in
      let values = contents.live.keyValues[job] ?? [:]
      return KeyValueEntry(
        value: values[ExactText(key)],
        used: values.reduce(0) { $0 + KeyValueWrite.size(key: $1.key.text, value: $1.value) })
    }
  }

  public func keys(from prefix: String, of job: JobKey) throws -> [String] {
    contents.withLock { contents in
      (contents.live.keyValues[job] ?? [:]).keys.filter { $0.text.utf8.starts(with: prefix.utf8) }
        .sorted().map(\.text)
    }
  }

  public func step(_ name: String, of run: RunID) throws -> String? {
    contents.withLock { $0.live.steps[run]?[ExactText(name)] }
  }

  public func verify(byWriting: Bool) throws {
    try contents.withLock { contents throws(StoreError) in
      if byWriting, contents.refusals > 0 { throw StoreError(.fault, "the disk is full") }
    }
  }

  // MARK: Retention

  public func history(after id: RunID, limit: Int) throws -> [HistoryRow] {
    contents.withLock { contents in
      contents.live.runs.values.filter { $0.id > id }.sorted { $0.id < $1.id }.prefix(limit).map { run in
        HistoryRow(
          id: run.id, job: run.job, dueAt: run.dueAt,
          endedAt: run.state == .ended ? run.endedAt ?? run.dueAt : nil)
      }
    }
  }

  public func remove(_ rows: [ExpiredRow]) throws {
    contents.withLock { contents in for row in rows { contents.live.remove(row) } }
  }

  public func bytesInUse() throws -> Int {
    contents.withLock { $0.live.runs.count * MemoryLayout<Run>.size }
  }

  public func giveBackSpace() throws -> Bool { false }
}

/// The ledger as a value: what a store holds, and the rules by which it changes.
struct Ledger: Sendable {
  private struct Identity: Hashable {
    var dueAt: Instant
    var job: JobKey
    var cause: Cause
  }

  private(set) var names: [JobKey: String] = [:]
  private(set) var accounts: [JobKey: [String: StoredAccount]] = [:]
  private(set) var pauses: [JobKey: Pause] = [:]
  private(set) var runs: [RunID: Run] = [:]
  private(set) var keyValues: [JobKey: [ExactText: String]] = [:]
  private(set) var steps: [RunID: [ExactText: String]] = [:]
  private var heads: [JobKey: RunID] = [:]
  private var identities: Set<Identity> = []
  /// How to take back what the transaction has done so far.
  private var undo: [Undo] = []

  private enum Undo: Sendable {
    case run(RunID, Run?)
    case head(JobKey, RunID?)
    case identity(Identity)
    case account(JobKey, String, StoredAccount?)
    case keyValue(JobKey, ExactText, String?)
    case steps(RunID, [ExactText: String]?)
    case pause(JobKey, Pause?)
  }

  mutating func key(for name: String) -> JobKey {
    if let known = names.first(where: { $0.value == name }) { return known.key }
    let key = JobKey(Int32(names.count + 1))
    names[key] = name
    return key
  }

  func lastEnded(_ job: JobKey) -> Run? {
    var next = heads[job]
    while let id = next, let run = runs[id] {
      if run.state == .ended { return run }
      next = run.previous
    }
    return nil
  }

  mutating func inherit(_ heir: JobKey, from name: String) -> Bool {
    guard let old = names.first(where: { $0.value == name })?.key, old != heir, heads[heir] == nil else {
      return false
    }
    heads[heir] = heads.removeValue(forKey: old)
    pauses[heir] = pauses.removeValue(forKey: old)
    accounts[heir] = accounts.removeValue(forKey: old)
    keyValues[heir] = keyValues.removeValue(forKey: old)
    for (id, run) in runs where run.job == old {
      runs[id]?.job = heir
      identities.remove(Identity(dueAt: run.dueAt, job: old, cause: run.cause))
      identities.insert(Identity(dueAt: run.dueAt, job: heir, cause: run.cause))
    }
    return true
  }

  /// Carries all changes out, or none.
  mutating func apply(_ changes: [LedgerChange]) throws(StoreError) {
    undo.removeAll(keepingCapacity: true)
    do throws(StoreError) {
      for change in changes { try apply(change) }
    } catch {
      for step in undo.reversed() { take(back: step) }
      throw error
    }
  }

  private mutating func take(back step: Undo) {
    switch step {
    case .run(let id, let run): runs[id] = run
    case .head(let job, let head): heads[job] = head
    case .identity(let identity): identities.remove(identity)
    case .account(let job, let trigger, let account):
      accounts[job, default: [:]][trigger] = account
      if accounts[job]?.isEmpty == true { accounts[job] = nil }
    case .keyValue(let job, let key, let value): keyValues[job, default: [:]][key] = value
    case .steps(let run, let steps): self.steps[run] = steps
    case .pause(let job, let pause): pauses[job] = pause
    }
  }

  private mutating func apply(_ change: LedgerChange) throws(StoreError) {
    switch change {
    case .claim(let run, let moves), .record(let run, let moves):
      try insert(run)
      move(moves)
    case .started(let id, let at, let attempt):
      guard var run = runs[id], run.state == .waiting, run.attempt < attempt else { return }
      run.state = .running
      run.attempt = attempt
      run.startedAt = run.startedAt ?? at
      (run.reason, run.gate) = (nil, nil)
      put(run)
    case .update(let run, let moves):
      try replace(run)
      move(moves)
    case .finish(let run, let moves, let writes):
      try replace(run)
      move(moves)
      keep(writes, of: run.job)
      undo.append(.steps(run.id, steps.removeValue(forKey: run.id)))
    case .keepStep(let step, let writes):
      guard let run = runs[step.run], run.state != .ended else {
        throw StoreError(.conflict, "run \(step.run): there is no open row to keep a step of")
      }
      undo.append(.steps(run.id, steps[run.id]))
      steps[run.id, default: [:]][ExactText(step.name)] = step.result
      keep(writes, of: step.job)
    case .account(let moves): move(moves)
    case .pause(let job, let pause):
      undo.append(.pause(job, pauses[job]))
      pauses[job] = pause
    }
  }

  /// Takes a row out for good.
  mutating func remove(_ row: ExpiredRow) {
    guard let run = runs[row.id], run.state == .ended else { return }
    runs[run.id] = nil
    identities.remove(Identity(dueAt: run.dueAt, job: run.job, cause: run.cause))
    // The row before it, if it is still there, is from now on the successor's.
    guard let previous = run.previous, runs[previous] != nil, runs[row.successor]?.previous == run.id else {
      return
    }
    runs[row.successor]?.previous = previous
  }

  private mutating func keep(_ writes: [KeyValueWrite], of job: JobKey) {
    for write in writes {
      let key = ExactText(write.key)
      undo.append(.keyValue(job, key, keyValues[job]?[key]))
      keyValues[job, default: [:]][key] = write.value
    }
  }

  private mutating func insert(_ run: Run) throws(StoreError) {
    let identity = Identity(dueAt: run.dueAt, job: run.job, cause: run.cause)
    guard runs[run.id] == nil, identities.insert(identity).inserted else {
      throw StoreError(.conflict, "run \(run.id): there is a row for job \(run.job), \(run.cause) already")
    }
    undo.append(.identity(identity))
    undo.append(.head(run.job, heads[run.job]))
    var run = run
    run.previous = heads[run.job]
    heads[run.job] = run.id
    put(run)
  }

  private mutating func replace(_ run: Run) throws(StoreError) {
    guard let old = runs[run.id], old.state != .ended else {
      throw StoreError(.conflict, "run \(run.id): there is no open row to change")
    }
    var run = run
    run.previous = old.previous
    put(run)
  }

  private mutating func put(_ run: Run) {
    undo.append(.run(run.id, runs[run.id]))
    runs[run.id] = run
  }

  private mutating func move(_ changes: [AccountChange]) {
    for change in changes {
      undo.append(.account(change.job, change.triggerKey, accounts[change.job]?[change.triggerKey]))
      accounts[change.job, default: [:]][change.triggerKey] = StoredAccount(
        triggerKey: change.triggerKey, fingerprint: change.fingerprint, account: change.account,
        memo: change.memo)
    }
  }
}
