import Files
import Glibc
import RunLifecycle
import RunStore
import RunStoreSQLite
import Runner
import Values

/// The ledger and the logs, read beside the daemon or without one.
struct LedgerReader {
  let store: SQLiteRunStore
  let logs: SQLiteLogStore
  let names: [JobKey: String]
  let keys: [String: JobKey]
  let pauses: [JobKey: RunLifecycle.Pause]

  /// `nil` where nothing was ever recorded.
  init?(_ state: StateDirectory) throws {
    guard access(state.ledgerPath, R_OK) == 0 else {
      if errno == ENOENT { return nil }
      let failure = SystemFailure()
      let remedy = failure.code == EACCES ? "run this command as the daemon's user, or " : ""
      throw CommandFailure(
        "cannot read \(state.ledgerPath): \(failure); \(remedy)name another directory with --state")
    }
    store = try SQLiteRunStore(readOnlyAt: state.ledgerPath)
    logs = try SQLiteLogStore(readOnlyAt: state.logsPath)
    let records = try store.jobs()
    names = Dictionary(uniqueKeysWithValues: records.map { ($0.key, $0.name) })
    keys = Dictionary(uniqueKeysWithValues: records.map { ($0.name, $0.key) })
    pauses = records.reduce(into: [:]) { $0[$1.key] = $1.pause }
  }

  /// True for the number of a row that is not there though later ones are: retention has removed it.
  func hasForgotten(_ id: RunID) throws -> Bool { try id >= RunID(1) && id < store.nextRunID() }

  /// True if there were rows before the oldest one that a listing shows (of a job, or of all).
  func hasForgotten(before oldest: Run?, of job: JobKey?) throws -> Bool {
    guard let oldest else { return false }
    if job == nil { return oldest.id > RunID(1) }
    return try oldest.previous.map { try store.runs(RunQuery(id: $0)).isEmpty } ?? false
  }

  func view(_ run: Run) -> RunView { RunView(run, job: names[run.job] ?? "?") }

  /// The key of a job that has left traces, or why there is none.
  func key(of job: String) throws -> JobKey {
    if let key = keys[job] { return key }
    throw CommandFailure(noSuchJobText(job, among: Array(keys.keys)), status: ExitStatus.noJob)
  }
}
