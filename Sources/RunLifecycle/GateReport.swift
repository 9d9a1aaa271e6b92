import Scheduling

/// What one gate of SPEC 4.6 said to a start.
public struct GateAnswer: Sendable, Equatable {
  public var gate: StartGate
  /// `nil`: it was not asked, or is asked only at the start.
  public var isOpen: Bool?
  public var said: String
}

/// What the gates said to one start, in the order in which they are asked.
///
/// A ledger row keeps the gate that kept the run from starting, or none for a run that started. What the open ones
/// said follows from that, and from the schedule and the settings, if they are those of the row's version.
public struct GateReport: Sendable, Equatable {
  public private(set) var answers: [GateAnswer]

  /// What they said to a row of the ledger.
  ///
  /// To a row between attempts, or one that a gate ended there, it is what they said to its next attempt.
  ///
  /// - Parameters:
  ///   - plan: What the row's version says; `nil`: it is not known.
  ///   - pool: How many places the job's pool has, if that is known.
  ///   - pause: The pause that the job is in. It holds what waits, whatever that had been asked before.
  public init(of run: Run, plan: JobPlan?, pool: Int? = nil, pause: Pause? = nil) {
    let facts = plan.map { GateFacts(plan: $0, pool: pool) }
    let gates = StartGate.allCases
    let hold = run.state == .waiting && !run.isManual ? pause : nil
    let closed = (hold == nil ? run.gate : .paused).flatMap { gates.firstIndex(of: $0) }
    let reason = hold?.reason ?? run.reason
    // Without a gate, a row that never started was not asked, but in test mode.
    let asked = closed ?? (run.attempt > 0 ? gates.count : run.outcome == .tested ? Self.tested : 0)
    answers = gates.enumerated().map { place, gate in
      if place == closed { return GateAnswer(gate: gate, isOpen: false, said: reason ?? "closed") }
      guard place < asked else { return GateAnswer(gate: gate, isOpen: nil, said: "not asked") }
      return GateAnswer(
        gate: gate, isOpen: true, said: facts?.open(gate, to: run) ?? "what it said then is not kept")
    }
  }

  /// What they would say to a firing that is still to come, by what is known now.
  public init(expected firing: Firing, plan: JobPlan, pause: Pause?, pool: Int? = nil) {
    let facts = GateFacts(plan: plan, pool: pool)
    var isClosed = false
    answers = StartGate.allCases.map { gate in
      guard !isClosed else { return GateAnswer(gate: gate, isOpen: nil, said: "not asked") }
      let answer = facts.expected(gate, firing, pause)
      isClosed = answer.isOpen == false
      return answer
    }
  }

  /// In test mode the gates are asked up to overlap.
  private static let tested = StartGate.allCases.firstIndex(of: .requires) ?? 0
}

/// Why a run that did not do what it should is, or is not, tried again.
public struct RetryAnswer: Sendable, Equatable {
  /// When the next attempt may start; `nil`: there is none.
  public var nextAt: Instant?
  public var said: String

  /// - Parameter policy: What the job says now; `nil`: it is not known.
  /// - Returns: `nil` for a run that needs none: it has not started, is running, or has done what it should.
  public init?(of run: Run, policy: RunPolicy?) {
    guard run.attempt > 0, run.state != .running else { return nil }
    if run.state == .waiting {
      nextAt = run.notBefore
      let of = policy?.retry.map { " of \($0.count + 1)" } ?? ""
      said =
        "attempt \(run.attempt) \(run.attemptOutcome?.rawValue ?? "ended"), attempt \(run.attempt + 1)\(of) follows"
      return
    }
    guard let outcome = run.outcome, outcome.isFailure else { return nil }
    let attempts = run.attempt == 1 ? "its only attempt" : "attempt \(run.attempt)"
    if run.gate != nil || run.reason?.hasPrefix("superseded") == true {
      said = "not tried again after \(attempts): \(run.reason ?? "a gate was closed")"
    } else if outcome == .cancelled {
      said = "not tried again: a run that was cancelled never is"
    } else if run.reason == "fatal" {
      said = "not tried again: the job said so (job.fatal)"
    } else if let policy, let retry = policy.retry {
      said =
        run.attempt > retry.count
        ? "not tried again: retry.count = \(retry.count) is used up"
        : "not tried again after \(attempts): the job was changed, disabled or removed meanwhile"
    } else {
      said = policy == nil ? "not tried again after \(attempts)" : "not tried again: the job has no retry"
    }
  }
}
