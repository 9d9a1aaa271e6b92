import Scheduling

/// One row of the ledger: the whole story of one due instant, of one manual start, or of a range of due
/// instants that were skipped or missed for the same reason.
public struct Run: Sendable, Equatable, Identifiable {
  public var id: RunID
  public var job: JobKey
  /// What fired, as the user named or wrote it: `Trigger.label`, `startup`, `manual`.
  public var trigger: String
  public var cause: Cause
  /// The nominal due instant; of a range, the first.
  public var dueAt: Instant
  /// The last due instant of a range.
  public var dueUntil: Instant?
  /// How many due instants the row covers.
  public var count: Int
  /// Why it may wait before its first attempt.
  public var claim: Claim
  /// The next attempt may not start before: due instant with delay and jitter, the window's opening, or
  /// the end of the retry interval.
  public var notBefore: Instant
  /// When the first attempt started; of a run that has had none, `nil`.
  public var startedAt: Instant?
  public var endedAt: Instant?
  /// The number of the latest attempt: 0 until the first start.
  public var attempt: Int
  public var state: RunState
  /// How the run ended; `nil` while it is open.
  public var outcome: Outcome?
  /// How the latest attempt that ended did, in an open row.
  public var attemptOutcome: Outcome?
  public var reason: String?
  /// The gate that kept the run from starting, or that it waits for.
  public var gate: StartGate?
  /// What `main` returned, as JSON.
  public var result: String?
  public var error: String?
  public var node: String
  /// The most bytes that the job's Lua state took in any attempt.
  public var peakMemory: Int64?
  /// Digest of the job's files that the run belongs to.
  public var version: String
  /// Parameters of a manual run, as JSON.
  public var params: String?
  /// Test mode was asked for by who started it.
  public var testing: Bool
  /// The job's row before this one. The store sets it.
  public var previous: RunID?

  public init(
    id: RunID, job: JobKey, trigger: String, cause: Cause, dueAt: Instant, dueUntil: Instant? = nil,
    count: Int = 1, claim: Claim = .onTime, notBefore: Instant? = nil, startedAt: Instant? = nil,
    endedAt: Instant? = nil, attempt: Int = 0, state: RunState = .waiting, outcome: Outcome? = nil,
    attemptOutcome: Outcome? = nil, reason: String? = nil, result: String? = nil, error: String? = nil,
    node: String, version: String, params: String? = nil, testing: Bool = false, previous: RunID? = nil
  ) {
    self.id = id
    self.job = job
    self.trigger = trigger
    self.cause = cause
    self.dueAt = dueAt
    self.dueUntil = dueUntil
    self.count = count
    self.claim = claim
    self.notBefore = notBefore ?? dueAt
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.attempt = attempt
    self.state = state
    self.outcome = outcome
    self.attemptOutcome = attemptOutcome
    self.reason = reason
    gate = nil
    self.result = result
    self.error = error
    peakMemory = nil
    self.node = node
    self.version = version
    self.params = params
    self.testing = testing
    self.previous = previous
  }

  /// When the next attempt is due, for a run that waits between attempts.
  public var retryAt: Instant? { state == .waiting && attempt > 0 ? notBefore : nil }

  /// True for a run in which nothing in the world changes. What such a run is, is in its cause, so that it
  /// stays one after a crash.
  public var isDry: Bool {
    if case .manual(let request) = cause { request.hasSuffix(Cause.dryRequestSuffix) } else { false }
  }

  /// True for a start that a person or a program asked for: it passes most gates by.
  public var isManual: Bool {
    if case .manual = cause { true } else { false }
  }

  /// Who asked for a manual run; `nil` where nobody did, or the request does not say.
  public var requestedBy: String? {
    guard case .manual(let request) = cause, let slash = request.lastIndex(of: "/") else { return nil }
    return String(request[..<slash])
  }
}
