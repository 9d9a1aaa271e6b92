import RunLifecycle
import Scheduling
import Values

/// Where the ledger lives.
///
/// Calls are synchronous and may wait for the disk. ``commit(_:)`` is called by one thread at a time, the
/// daemon's writer; the rest may be called by any. The promises below are checked for every store by the
/// conformance suite in `RunStoreTesting`.
public protocol RunStore: Sendable {
  /// The keys of these jobs, made where a job has none yet, in one durable transaction.
  func jobKeys(for names: [String]) throws -> [String: JobKey]

  /// Every job that was ever seen, by name.
  func jobs() throws -> [JobRecord]

  /// How far the triggers of these jobs are accounted for; of all jobs, if none is named.
  func accounts(of jobs: [JobKey]) throws -> [JobKey: [StoredAccount]]

  /// Hands all that is kept of a job over to another one that has no rows yet: its rows, accounts, pause and
  /// key-value store.
  /// False, and nothing is changed, if that one has rows, or there is no job of that name.
  func inherit(_ heir: JobKey, from name: String) throws -> Bool

  /// Carries all changes out, in their order, in one durable transaction, or throws and none of them.
  ///
  /// When it returns, a power cut loses nothing of it. A row that exists already (its id, or job, due
  /// instant and cause are the same), and an update, a finish or a step of a row that does not exist or has
  /// ended, are conflicts. A `started` that comes too late to say something new changes nothing.
  func commit(_ changes: [LedgerChange]) throws

  /// All rows that have not ended, in the order of their ids.
  func openRuns() throws -> [Run]

  /// The id that the next row may have: greater than any id that was ever in a row.
  func nextRunID() throws -> RunID

  /// Rows, newest first.
  func runs(_ query: RunQuery) throws -> [Run]

  /// The newest row of each job that has ended; jobs without one are left out.
  func lastEnded(_ jobs: [JobKey]) throws -> [JobKey: Run]

  /// What a job's key-value store has under a key.
  func entry(_ key: String, of job: JobKey) throws -> KeyValueEntry

  /// The keys of a job's key-value store that begin with `prefix`, in the order of their bytes.
  func keys(from prefix: String, of job: JobKey) throws -> [String]

  /// The result of a step of an open run, if it has been kept.
  func step(_ name: String, of run: RunID) throws -> String?

  /// Throws what would keep the next start from finding what is committed, such as a file that was removed. What
  /// can be mended is mended.
  ///
  /// - Parameter byWriting: whether something is really written, to see whether it can be.
  func verify(byWriting: Bool) throws

  // MARK: Retention

  /// The rows that follow this id, in the order of their ids, at most so many.
  func history(after id: RunID, limit: Int) throws -> [HistoryRow]

  /// Takes rows out, in one transaction, and closes the gaps in their jobs' chains. Rows that are open or
  /// not there are passed over.
  ///
  /// May be called beside ``commit(_:)``, by another thread.
  func remove(_ rows: [ExpiredRow]) throws

  /// How many bytes the ledger takes, without what is free for new rows.
  func bytesInUse() throws -> Int

  /// Gives the file system back some of what rows that were removed have left, beyond what new rows will
  /// soon need. True if there is more to give.
  func giveBackSpace() throws -> Bool
}

/// One change of the ledger.
public enum LedgerChange: Sendable, Equatable {
  /// Inserts a waiting row and moves accounts.
  case claim(Run, [AccountChange])
  /// An attempt of an open row has started; what it waited for is no more.
  case started(RunID, at: Instant, attempt: Int)
  /// Replaces an open row, which stays open, and moves accounts.
  case update(Run, [AccountChange])
  /// Replaces an open row by one that has ended, moves accounts, writes what the run leaves in its job's
  /// key-value store, and drops the run's steps.
  case finish(Run, [AccountChange], writes: [KeyValueWrite] = [])
  /// Keeps a step of an open row, and writes what it leaves in the job's key-value store.
  case keepStep(KeptStep, writes: [KeyValueWrite])
  /// Inserts a row that has ended, and moves accounts.
  case record(Run, [AccountChange])
  case account([AccountChange])
  /// The job is paused, or no longer.
  case pause(JobKey, Pause?)
}

/// A job as the store knows it.
public struct JobRecord: Sendable, Equatable {
  public var key: JobKey
  public var name: String
  /// The newest row that has ended.
  public var lastEnded: Run?
  public var pause: Pause?

  public init(key: JobKey, name: String, lastEnded: Run? = nil, pause: Pause? = nil) {
    self.key = key
    self.name = name
    self.lastEnded = lastEnded
    self.pause = pause
  }
}
