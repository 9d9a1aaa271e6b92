import Foundation
import RunLifecycle
import RunStore
import RunStoreSQLite
import RunStoreTesting
import Scheduling
import Testing

@Suite("RunStore") struct RunStoreConformanceTests {
  @Test("in memory keeps the contract", arguments: RunStoreCheck.all)
  func inMemory(check: RunStoreCheck) throws {
    try check.run(on: InMemoryRunStore())
  }

  @Test("in SQLite keeps the contract", arguments: RunStoreCheck.all)
  func sqlite(check: RunStoreCheck) throws {
    try withTemporaryFolder { folder in
      try check.run(on: SQLiteRunStore(at: folder + "/ledger.sqlite"))
    }
  }

  @Test("in SQLite keeps the contract when it is opened anew for each call", arguments: RunStoreCheck.all)
  func reopened(check: RunStoreCheck) throws {
    try withTemporaryFolder { folder in
      try check.run(on: ReopeningStore(path: folder + "/ledger.sqlite"))
    }
  }

  @Test("in memory loses in a crash what was not synced")
  func crash() throws {
    let store = InMemoryRunStore(syncsAtOnce: false)
    let key = try #require(try store.jobKeys(for: ["a"])["a"])
    store.sync()
    try store.commit([.claim(row(1, key), [])])
    store.sync()
    try store.commit([.claim(row(2, key), [])])
    store.crash()
    #expect(try store.openRuns().map(\.id) == [RunID(1)])
    #expect(try store.nextRunID() == RunID(2))
  }

  @Test("in memory refuses commits like a full disk")
  func refusal() throws {
    let store = InMemoryRunStore()
    let key = try #require(try store.jobKeys(for: ["a"])["a"])
    store.refuseCommits(1)
    #expect(throws: StoreError.self) { try store.commit([.claim(row(1, key), [])]) }
    try store.commit([.claim(row(1, key), [])])
    #expect(try store.openRuns().count == 1)
  }

  private func row(_ id: Int64, _ job: JobKey) -> Run {
    let due = Instant(microseconds: id * 1_000_000)
    return Run(id: RunID(id), job: job, trigger: "t", cause: .clock(due), dueAt: due, node: "n", version: "v")
  }
}

/// A store that forgets everything between two calls but what is on the disk.
private struct ReopeningStore: RunStore {
  let path: String

  private func fresh<Result>(_ body: (SQLiteRunStore) throws -> Result) throws -> Result {
    let store = try SQLiteRunStore(at: path)
    defer { try? store.close() }
    return try body(store)
  }

  func jobKeys(for names: [String]) throws -> [String: JobKey] { try fresh { try $0.jobKeys(for: names) } }
  func jobs() throws -> [JobRecord] { try fresh { try $0.jobs() } }
  func accounts(of jobs: [JobKey]) throws -> [JobKey: [StoredAccount]] {
    try fresh { try $0.accounts(of: jobs) }
  }
  func inherit(_ heir: JobKey, from name: String) throws -> Bool {
    try fresh { try $0.inherit(heir, from: name) }
  }
  func commit(_ changes: [LedgerChange]) throws { try fresh { try $0.commit(changes) } }
  func openRuns() throws -> [Run] { try fresh { try $0.openRuns() } }
  func nextRunID() throws -> RunID { try fresh { try $0.nextRunID() } }
  func runs(_ query: RunQuery) throws -> [Run] { try fresh { try $0.runs(query) } }
  func lastEnded(_ jobs: [JobKey]) throws -> [JobKey: Run] { try fresh { try $0.lastEnded(jobs) } }
  func verify(byWriting: Bool) throws { try fresh { try $0.verify(byWriting: byWriting) } }
  func history(after id: RunID, limit: Int) throws -> [HistoryRow] {
    try fresh { try $0.history(after: id, limit: limit) }
  }
  func remove(_ rows: [ExpiredRow]) throws { try fresh { try $0.remove(rows) } }
  func bytesInUse() throws -> Int { try fresh { try $0.bytesInUse() } }
  func giveBackSpace() throws -> Bool { try fresh { try $0.giveBackSpace() } }
  func entry(_ key: String, of job: JobKey) throws -> KeyValueEntry {
    try fresh { try $0.entry(key, of: job) }
  }
  func keys(from prefix: String, of job: JobKey) throws -> [String] {
    try fresh { try $0.keys(from: prefix, of: job) }
  }
  func step(_ name: String, of run: RunID) throws -> String? { try fresh { try $0.step(name, of: run) } }
}
