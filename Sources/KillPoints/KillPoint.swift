import Glibc
import Synchronization

/// A place in the program at which the fault campaign ends the process, as `kill -9` would.
///
/// Only debug builds can: started with `ALMANAC_KILL_AT=ledger-committed:3`, they end when they come to that
/// place for the third time. In a release build ``pass()`` is empty and inlined: no code of it is left.
///
/// The campaign goes to each of them (`make campaign`); `docs/reliability.md` says what came of it.
public enum KillPoint: String, CaseIterable, Sendable {
  // The databases.
  /// A step of a migration is taken, and not committed.
  case inMigration = "in-migration"
  case migrated
  /// All changes of a transaction are made, and not committed.
  case inLedgerTransaction = "in-ledger-transaction"
  case ledgerCommitted = "ledger-committed"
  case inLogTransaction = "in-log-transaction"
  case logCommitted = "log-committed"
  /// The lines of rows that expire have gone, the rows have not.
  case linesRemoved = "lines-removed"
  case rowsRemoved = "rows-removed"
  /// A ledger that was removed is written again, and not open.
  case ledgerLinked = "ledger-linked"
  case checkpointed

  // Taking over from the daemon before.
  case recoveryRead = "recovery-read"
  case rowRecovered = "row-recovered"
  /// All that was open is dealt with; the evidence is still there.
  case evidenceSettling = "evidence-settling"
  case evidenceSettled = "evidence-settled"

  // The folder of jobs.
  case folderScanned = "folder-scanned"
  /// A version has come through its host, and is not live.
  case jobLoaded = "job-loaded"
  /// It is live, and its accounts are not written.
  case jobLive = "job-live"
  /// The planner knows the job no more, the store does not know of that.
  case jobRemoved = "job-removed"
  /// A job has taken over what is kept under its former name, and knows nothing of it.
  case jobRenamed = "job-renamed"

  // A run.
  /// The claim is durable, and nothing has started.
  case claimDurable = "claim-durable"
  /// The start stands in the host's queue, not sent.
  case startQueued = "start-queued"
  /// What a turn of the loop has decided was handed over.
  case turnEnded = "turn-ended"
  /// The run has started; its row is about to say so.
  case startUnrecorded = "start-unrecorded"
  /// In the host: the evidence says that `main` was called, and it was not.
  case mainUncalled = "main-uncalled"
  /// In the host: the run has ended, and nobody knows.
  case endUntold = "end-untold"
  /// The host has told of the end, and nothing was decided.
  case endHeard = "end-heard"
  /// The end is decided, and not written.
  case endUnrecorded = "end-unrecorded"
  /// The end is durable; what waited for that (evidence, answers, messages) still waits.
  case endRecorded = "end-recorded"
  /// A host has fallen, and its runs are not dealt with.
  case hostFell = "host-fell"

  // Messages.
  /// A file is written, and not on the disk.
  case messageWritten = "message-written"
  case messageKept = "message-kept"
  /// It has arrived; its file is still there.
  case messageSent = "message-sent"

  // The end.
  case draining
  case drained
}

extension KillPoint {
  /// The variable that arms a place: `NAME:N`.
  public static let variable = "ALMANAC_KILL_AT"

  #if KILL_POINTS
  private static let armed: (point: KillPoint, times: Int)? = {
    guard let text = getenv(variable).map({ String(cString: $0) }), !text.isEmpty else { return nil }
    let parts = text.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let point = KillPoint(rawValue: String(parts[0])), let times = Int(parts[1]),
      times > 0
    else {
      fatalError("\(variable): \"\(text)\" is not the name of a place and how often (NAME:N)")
    }
    return (point, times)
  }()
  private static let passed = Atomic(0)

  /// Ends the process if the campaign has asked for that.
  public func pass() {
    guard let armed = Self.armed, armed.point == self else { return }
    if Self.passed.add(1, ordering: .relaxed).newValue == armed.times { kill(getpid(), SIGKILL) }
  }
  #else
  /// Nothing: only debug builds have places to be killed at.
  @inlinable @inline(__always) public func pass() {}
  #endif
}
