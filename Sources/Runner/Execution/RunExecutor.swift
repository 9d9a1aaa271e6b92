import CLinux
import HostProtocol
import KillPoints
import RunLifecycle
import Scheduling
import Values

/// Carries attempts to their hosts and back: one attempt goes
/// *start → (state made, if there is none) → slot → host → report → end*.
final class RunExecutor {
  /// An attempt that a host has.
  private final class Flight {
    let run: Run
    let version: JobVersion
    let host: HostConnection
    let slot: Int32
    let stopGrace: Int64
    /// When the host is ended because it has not ended the attempt by itself, monotonic nanoseconds; or, at first,
    /// when it is looked at whether it stands still.
    var hostEndsAt: Int64?
    /// Whether it was looked at.
    var isOverdue = false
    /// Why it is being stopped, if it is.
    var stopping: AttemptEnd.Kind?

    init(
      run: Run, version: JobVersion, host: HostConnection, slot: Int32, stopGrace: Int64, hostEndsAt: Int64?
    ) {
      self.run = run
      self.version = version
      self.host = host
      self.slot = slot
      self.stopGrace = stopGrace
      self.hostEndsAt = hostEndsAt
    }
  }

  /// What the host is given beyond limit and grace to end a run or to say that it cannot, nanoseconds: on a
  /// busy machine it may have to wait for a processor.
  static let margin: Int64 = 1_000_000_000
  /// The same for a host whose process is stopped, and so will not say anything.
  private static let shortMargin: Int64 = 50_000_000

  private let loop: EventLoop
  let makeState: (JobVersion) -> Void
  private let argument: (Run, JobVersion) -> DataValue
  private let dryAnswers: (Run) -> DataValue
  private let onEnd: (Run, AttemptEnd, _ startedAt: Instant?, _ release: @escaping () -> Void) -> Void
  private let onRetired: (JobVersion) -> Void
  private var flights: [RunID: Flight] = [:]
  /// The questions that hosts have, by their numbers.
  var asked: [UInt64: AskedWhen] = [:]
  var lastQuestion: UInt64 = 0
  /// Where the attempts are that wait for a state.
  private var waiting: [RunID: JobVersion] = [:]
  /// Versions with attempts that found their host full.
  private var crowdedOut: [JobVersion] = []
  private let maxIdleStates: Int?
  private var idleStates = IdleStates()
  /// When the flights are looked at for stuck ones.
  private var nextLook: Int64?
  private var lookTimer: Int?

  /// - Parameters:
  ///   - maxIdleStates: how many states may wait for their jobs' next runs; `nil` for all.
  ///   - makeState: makes the state of a version that has none; ``stateIsReady(_:)`` or
  ///     ``stateFailed(_:_:)`` follows.
  ///   - argument: the table that `main` is given.
  ///   - dryAnswers: of a dry run, what calls return; `null` for any other.
  ///   - onEnd: an attempt has ended; `release` is to be called when that is durable.
  ///   - onRetired: nothing runs any more in a version that is no longer live.
  init(
    loop: EventLoop, maxIdleStates: Int?, makeState: @escaping (JobVersion) -> Void,
    argument: @escaping (Run, JobVersion) -> DataValue, dryAnswers: @escaping (Run) -> DataValue,
    onEnd: @escaping (Run, AttemptEnd, Instant?, @escaping () -> Void) -> Void,
    onRetired: @escaping (JobVersion) -> Void
  ) {
    self.loop = loop
    self.maxIdleStates = maxIdleStates
    self.makeState = makeState
    self.argument = argument
    self.dryAnswers = dryAnswers
    self.onEnd = onEnd
    self.onRetired = onRetired
  }

  var count: Int { flights.count + waiting.count }

  // MARK: Start

  /// A run of the version is claimed and starts in a moment: its state is made, if there is none.
  func expect(_ version: JobVersion) {
    version.isExpected = true
    idleStates.remove(version)
    if case .none = version.home, maxIdleStates != nil { makeState(version) }
  }

  /// What was expected has ended, perhaps without a start.
  func settle(_ version: JobVersion) {
    version.isExpected = false
    noteIfIdle(version)
  }

  func start(_ run: Run, of version: JobVersion, timeLimit: Interval?, stopGrace: Interval) {
    // What a dry run leaves in the job's globals is not for other runs.
    let version = run.isDry ? version.beside : version.seat
    version.waiting.append(
      JobVersion.Waiting(
        run: run, timeLimit: timeLimit?.nanoseconds ?? 0, stopGrace: stopGrace.nanoseconds))
    waiting[run.id] = version
    switch version.home {
    case .ready: startWaiting(version)
    case .loading: break
    case .none: makeState(version)
    }
  }

  func stateIsReady(_ version: JobVersion) {
    startWaiting(version)
    noteIfIdle(version)
  }

  /// The host that the version's state was in has ended, and nothing ran in it.
  func stateIsGone(_ version: JobVersion) {
    idleStates.remove(version)
    version.home = .none
  }

  /// The version cannot be brought to life (again): the attempts that wait for it fail.
  func stateFailed(_ version: JobVersion, _ why: String) {
    answerAll(version.questions, of: version, .failed("the job did not load: \(why)"))
    let starts = version.waiting
    version.waiting = []
    for start in starts {
      waiting[start.run.id] = nil
      end(start.run, .failed("the job did not load: \(why)"), at: wallNow(), startedAt: nil) {}
    }
  }

  func startWaiting(_ version: JobVersion) {
    guard version.busy == nil, version.question == nil, case .ready(let host, let state) = version.home
    else { return }
    idleStates.remove(version)
    if !version.questions.isEmpty { return ask(version.questions.removeFirst(), version, host, state) }
    guard let next = version.waiting.first else { return }
    guard let slot = host.evidence.takeSlot(run: UInt64(next.run.id.rawValue), attempt: next.run.attempt)
    else {
      crowdedOut.append(version)
      return
    }
    version.waiting.removeFirst()
    waiting[next.run.id] = nil
    version.busy = next.run.id
    idleStates.remove(version)
    let limit = next.timeLimit == 0 ? nil : next.timeLimit &+ next.stopGrace &+ Self.shortMargin
    let flight = Flight(
      run: next.run, version: version, host: host, slot: slot, stopGrace: next.stopGrace,
      hostEndsAt: limit.map { clinux_monotonic_ns() &+ $0 })
    flights[next.run.id] = flight
    host.send(
      .start(
        state,
        AttemptStart(
          run: UInt64(next.run.id.rawValue), slot: slot, argument: argument(next.run, version),
          timeLimitNanoseconds: next.timeLimit, stopGraceNanoseconds: next.stopGrace,
          dryAnswers: dryAnswers(next.run))))
    KillPoint.startQueued.pass()
    watch(until: flight.hostEndsAt)
  }

  // MARK: Stop

  /// Has the run stopped; its end, of the given kind, follows within its grace.
  func stop(_ run: RunID, as kind: AttemptEnd.Kind, reason: String) {
    guard let flight = flights[run], flight.stopping == nil else { return }
    flight.stopping = kind
    flight.hostEndsAt = clinux_monotonic_ns() &+ flight.stopGrace &+ Self.shortMargin
    flight.isOverdue = false
    flight.host.send(.stop(run: UInt64(run.rawValue), reason: reason))
    watch(until: flight.hostEndsAt)
  }

  /// Takes back an attempt that waits for its state. True if there was one.
  func withdraw(_ run: RunID) -> Bool {
    guard let version = waiting.removeValue(forKey: run) else { return false }
    version.waiting.removeAll { $0.run.id == run }
    retireIfIdle(version)
    return true
  }

  // MARK: End

  func ended(_ report: AttemptReport, on host: HostConnection) {
    let id = RunID(rawValue: Int64(bitPattern: report.run))
    guard let flight = flights[id], flight.host === host else { return }
    if report.stateLost || flight.version.definition.freshState { loseState(flight.version) }
    let kind: AttemptEnd.Kind
    switch report.end {
    case .stopped(let reason): kind = flight.stopping ?? .cancelled(reason)
    case .succeeded(let result): kind = .succeeded(resultJSON: result)
    case .failed(let failure): kind = .failed(failure.description)
    case .skipped(let reason): kind = .skipped(reason)
    case .retryAfter(let wait, let reason): kind = .retryAfter(Interval(microseconds: wait), reason)
    case .fatal(let message): kind = .fatal(message)
    case .timedOut: kind = .timedOut(nil)
    case .overCPULimit:
      kind = .timedOut(flight.version.definition.cpuLimit.map { "cpu_limit of \($0) exceeded" })
    }
    finish(
      flight, kind, at: Instant(microseconds: report.endedAt), peakMemory: report.peakMemoryBytes)
  }

  /// The job that brought the host down, if one of its runs did.
  func culprit(on host: HostConnection, _ death: HostConnection.Death) -> JobVersion? {
    culpritFlight(on: host, death)?.version ?? culpritQuestion(on: host, death)?.version
  }

  private func culpritFlight(on host: HostConnection, _ death: HostConnection.Death) -> Flight? {
    guard case .slot(let slot) = death.culprit else { return nil }
    return flights.values.first { $0.host === host && $0.slot == slot }
  }

  /// Ends what ran in a host that has ended.
  func fell(with host: HostConnection, _ death: HostConnection.Death) {
    let culprit = culpritFlight(on: host, death)
    let now = wallNow()
    for flight in flights.values.filter({ $0.host === host }).sorted(by: { $0.run.id < $1.run.id }) {
      flight.version.home = .none
      finish(flight, kind(of: flight, culprit: culprit, death), at: now)
    }
    questionsFell(with: host, death)
  }

  private func kind(of flight: Flight, culprit: Flight?, _ death: HostConnection.Death) -> AttemptEnd.Kind {
    if let stopping = flight.stopping { return stopping }
    let stage = flight.host.evidence.stage(of: flight.slot)
    if flight === culprit {
      if flight.host.blamed != nil {
        return .timedOut("it could not be stopped within its limit and grace, so its host process was ended")
      }
      return .failed("it brought down its host process, which \(death.how)")
    }
    let blame = culprit.map { ", brought down by job \($0.version.name)" } ?? ""
    let what = "its host process \(death.how)\(blame)"
    if stage < .mainCalled { return .notStarted(what) }
    if stage < .calledOutside { return .fell(what) }
    return .interrupted(what)
  }

  private func finish(
    _ flight: Flight, _ kind: AttemptEnd.Kind, at instant: Instant, peakMemory: Int64? = nil
  ) {
    flights[flight.run.id] = nil
    let version = flight.version
    version.busy = nil
    version.isExpected = false
    let started = flight.host.evidence.startedAt(flight.slot)
    let evidence = flight.host.evidence
    end(
      flight.run, kind, at: instant, startedAt: started == 0 ? nil : Instant(microseconds: started),
      peakMemory: peakMemory
    ) { [weak self] in
      evidence.freeSlot(flight.slot)
      self?.makeRoom()
    }
    goOn(version)
  }

  /// What ran in the state has ended.
  func goOn(_ version: JobVersion) {
    retireIfIdle(version)
    if case .ready = version.home {
      startWaiting(version)
      noteIfIdle(version)
    } else if case .none = version.home, !version.isRetired || !version.isIdle {
      makeState(version)
    }
  }

  private func end(
    _ run: Run, _ kind: AttemptEnd.Kind, at instant: Instant, startedAt: Instant?, peakMemory: Int64? = nil,
    release: @escaping () -> Void
  ) {
    onEnd(run, AttemptEnd(kind, at: instant, peakMemory: peakMemory), startedAt, release)
  }

  private func makeRoom() {
    guard !crowdedOut.isEmpty else { return }
    let versions = crowdedOut
    crowdedOut = []
    for version in versions { startWaiting(version) }
  }

  // MARK: States

  /// The version is no longer live: its state goes as soon as nothing runs in it.
  func retire(_ version: JobVersion) {
    version.isRetired = true
    retireIfIdle(version)
  }

  private func retireIfIdle(_ version: JobVersion) {
    guard version.isRetired, version.isIdle else { return }
    closeState(version)
    onRetired(version)
  }

  private func closeState(_ version: JobVersion) {
    idleStates.remove(version)
    guard case .ready(let host, let state) = version.home else { return }
    host.send(.close(state))
    version.home = .none
  }

  /// The host has closed the state by itself, or it must be made anew for the next run.
  func loseState(_ version: JobVersion) { closeState(version) }

  /// Closes the states that have been idle for longest, where there are more than may be.
  private func noteIfIdle(_ version: JobVersion) {
    guard let maxIdleStates, version.isIdle, !version.isExpected,
      case .ready = version.home
    else { return }
    idleStates.insert(version)
    while idleStates.count > maxIdleStates, let oldest = idleStates.removeOldest() { closeState(oldest) }
  }

  // MARK: Stuck hosts

  /// Sees to it that a host is ended when it has not ended an attempt by then. The look at the flights
  /// is taken only when the earliest of their instants has come, and at most every 25 ms.
  func watch(until instant: Int64?) {
    guard let instant, instant < (nextLook ?? .max) else { return }
    if let lookTimer { loop.cancelTimer(lookTimer) }
    nextLook = instant
    let wait = max(25, (instant &- clinux_monotonic_ns()) / 1_000_000 + 1)
    lookTimer = loop.after(milliseconds: wait) { [weak self] in self?.look() }
  }

  private func look() {
    nextLook = nil
    lookTimer = nil
    let now = clinux_monotonic_ns()
    endHostOfStuckQuestion(at: now)
    if let due = flights.values.first(where: { $0.hostEndsAt.map { $0 <= now } ?? false }) {
      if due.isOverdue || due.host.isStopped {
        due.host.kill(blaming: .slot(due.slot))
      } else {
        due.isOverdue = true
        due.hostEndsAt = now &+ Self.margin
      }
    }
    watch(until: (flights.values.compactMap(\.hostEndsAt) + asked.values.map(\.hostEndsAt)).min())
  }

  /// The host says that it cannot end the run by itself.
  func isStuck(_ run: UInt64, on host: HostConnection) {
    guard let flight = flights[RunID(rawValue: Int64(bitPattern: run))], flight.host === host else { return }
    host.kill(blaming: .slot(flight.slot))
  }

  /// When the run's `main` was called, as long as it runs.
  func startedAt(_ run: RunID) -> Instant? {
    guard let flight = flights[run] else { return nil }
    let started = flight.host.evidence.startedAt(flight.slot)
    return started == 0 ? nil : Instant(microseconds: started)
  }
}

extension Interval {
  /// As hosts are told it: nothing below zero, and room to add to the greatest.
  var nanoseconds: Int64 {
    let (product, overflow) = max(0, microseconds).multipliedReportingOverflow(by: 1000)
    return overflow ? Int64.max / 4 : min(product, Int64.max / 4)
  }
}

/// The wall clock's reading.
func wallNow() -> Instant { Instant(microseconds: clinux_wall_us()) }
