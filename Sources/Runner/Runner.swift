import CLinux
import HostProtocol
import Jobs
import KillPoints
import Logging
import RunLifecycle
import RunStore
import Scheduling
import Values

/// The loop that runs jobs: what happens becomes an event, the planner makes decisions of it, and
/// these are carried out.
///
/// Planning, claiming, executing and recording are decided on one thread, the loop's; the store is
/// written on another, and Lua runs in other processes. `almanac serve` is a runner over a folder of
/// jobs, `almanac run` one over a single job. The life of a run, step by step:
///
/// | what | where |
/// | --- | --- |
/// | the instant comes near | ``planAhead()`` → `Planner` → ``carryOut(_:)`` |
/// | claimed | `LedgerWriter`, answered by `PlannerEvent.claimed` |
/// | executed | ``RunExecutor`` → a host → ``attemptEnded(_:_:startedAt:release:)`` |
/// | recorded | ``carryOut(_:)`` → `LedgerWriter` |
public final class Runner: @unchecked Sendable {
  var configuration: RunnerConfiguration
  let logger: Logger
  let store: any RunStore
  let logs: any LogStore
  let loop: EventLoop
  let startedAt: Instant

  // Everything that follows belongs to the loop's thread.

  var planner: Planner
  lazy var pool = makePool()
  lazy var rocks = makeRocks()
  lazy var loader = makeLoader()
  lazy var executor = makeExecutor()
  lazy var ledger = LedgerWriter(store: store, loop: loop)
  lazy var reader = StoreReader(store: store, loop: loop)
  lazy var logWriter = makeLogWriter()
  lazy var notifications = makeNotifications()
  var longRunTimer: Int?
  lazy var history = makeHistorySweeper()
  lazy var conditions = Conditions(loop: loop)
  lazy var pathWatcher = makePathWatcher()
  var control: ControlServer?
  var watcher: FolderWatcher?

  /// What the jobs folder holds: the live definitions, and what was refused.
  var catalog = Catalog()
  var live: [JobKey: JobVersion] = [:]
  var keys: [String: JobKey] = [:]
  /// What was refused for the sake of other jobs, or of the configuration.
  var objected: [String: JobDefinition] = [:]
  /// How often in a row the rocks of a job could not be had.
  var rockTries: [String: Int] = [:]
  /// How many sources of each job are being loaded.
  var loading: [String: Int] = [:]
  /// How many of the sources found at the start are not through yet.
  var initialLoads = 0
  var announced = false
  /// Who waits for a look at the whole folder, and who for what came of one.
  var scanRequests: [() -> Void] = []
  var scanAnswers: [() -> Void] = []

  /// What the store knew of a job at the start, until it goes live.
  var stored = StoredJobs()
  var formerEvidence: FormerEvidence?

  var pending = PendingWork()
  /// Who waits for the row that came of a request to be durable, and for the end of a run.
  var requests: [String: (Result<Run, RunnerError>) -> Void] = [:]
  var endings: [RunID: [(Run) -> Void]] = [:]
  /// The runs that have not ended, as they are now.
  var openRuns: [RunID: Run] = [:]
  /// What calls return in dry runs, by the request.
  var dryAnswers: [String: DataValue] = [:]
  /// What runs leave in their jobs' key-value stores whose end is about to be told.
  var leftBehind: [RunID: [KeyValueWrite]] = [:]

  var statistics = RunnerStatistics()
  var troubles = Troubles()
  var singleRun: RunID?
  var singleRunResult: Result<Run, SingleRunError>?
  var drain = Drain.no
  /// What is due later than this is left to the next start.
  var drainLimit: Instant?
  var nextRequest = 0
  /// The wall clock's lead over the monotonic one, microseconds.
  var clockOffset: Int64 = 0
  /// Of each zone that jobs are, or were, in, a text that changes when its rules do, as they were read.
  var zoneStamps: [String: String] = [:]

  /// How long before its instant a row may be claimed. A disk that usually syncs in half a millisecond
  /// takes a hundred now and then; no start is to wait for that.
  static let claimAhead = Interval.milliseconds(200)

  /// How the end of the runner comes about.
  enum Drain {
    case no
    /// Nothing new starts; what runs has until then (monotonic nanoseconds).
    case running(until: Int64)
    /// What still runs is being stopped.
    case stopping
    case done
  }

  public init(
    _ configuration: RunnerConfiguration, store: any RunStore, logs: any LogStore, logger: Logger
  ) throws {
    self.configuration = configuration
    self.store = store
    self.logs = logs
    self.logger = logger
    loop = try EventLoop()
    startedAt = wallNow()
    planner = Planner(
      claimAhead: Self.claimAhead, node: configuration.node, nextRunID: try store.nextRunID(),
      startID: "\(startedAt.microseconds)", bootID: Machine.bootID, pools: configuration.pools,
      testMode: configuration.testMode)
  }

  /// Runs on the calling thread until it is drained.
  ///
  /// - Throws: what keeps it from starting. Whatever goes wrong later is logged and survived.
  public func run() throws {
    try begin()
    loop.run()
    end()
  }

  /// Lets nothing new start, and ends when what runs has ended, or has used up its grace. Called
  /// again, it does not wait any longer. From any thread.
  public func stop() { loop.post { [self] in beginDrain() } }

  /// Runs the configuration's single job, and returns its row once that is recorded.
  public func runOnce() throws -> Run {
    try run()
    switch singleRunResult {
    case .success(let run): return run
    case .failure(let error): throw error
    case nil: throw RunnerError("stopped before the job could be run")
    }
  }

  // MARK: Turns of the loop

  /// Gives the planner an event and carries its decisions out.
  func handle(_ event: PlannerEvent) { carryOut(planner.handle(event, at: wallNow())) }

  func planAhead() { handle(.timePassed) }

  /// After everything of a turn is decided: one transaction, one write to each host, the next instant.
  func endTurn() {
    commitPending()
    pool.flush()
    KillPoint.turnEnded.pass()
    loop.arm(nextWake?.microseconds)
    finishDrainIfDone()
  }

  /// When the planner has something to do. What was claimed for the moment in which a drain begins still
  /// starts; nothing later does.
  var nextWake: Instant? {
    guard let next = planner.nextWake else { return nil }
    return drainLimit.map { next <= $0 } ?? true ? next : nil
  }
}
