import Scheduling
import Testing

@testable import RunLifecycle

@Suite("Cause") struct CauseTests {
  @Test(
    "reads its own text",
    arguments: [
      Cause.clock(Instant(microseconds: 1_795_000_000_000_000)),
      .clock(Instant(microseconds: 1_795_000_000_123_456)),
      .clock(Instant(microseconds: -1)), .startup("2026:1"), .manual("r"), .boot("b"), .load("d"),
      .after(RunID(7)),
      .watch("w"), .webhook("h:1"),
    ])
  func roundTrip(cause: Cause) {
    #expect(Cause(cause.description) == cause)
  }

  @Test("says when in words that people know")
  func text() throws {
    #expect(
      Cause.clock(try Instant(parsing: "2026-11-21T02:00", in: .utc)).description
        == "clock:2026-11-21T02:00:00.000Z")
  }

  @Test("refuses what is none", arguments: ["", "clock", "clock:", "clock:soon", "after:x", "tide:high"])
  func refusal(text: String) {
    #expect(Cause(text) == nil)
  }
}

@Suite("RetryPolicy.interval") struct RetryPolicyTests {
  @Test(
    "grows by backoff up to its cap",
    arguments: [
      (1.0, nil, 1, 60), (1.0, nil, 9, 60), (2.0, nil, 1, 60), (2.0, nil, 4, 480), (2.0, 300, 4, 300),
      (1.5, nil, 3, 135),
      (0.5, nil, 3, 15),
    ] as [(Double, Int64?, Int, Int64)])
  func interval(backoff: Double, cap: Int64?, attempt: Int, seconds: Int64) {
    let policy = RetryPolicy(
      count: 9, interval: .seconds(60), backoff: backoff, maxInterval: cap.map { .seconds($0) })
    #expect(policy.interval(after: attempt, of: RunID(1)) == .seconds(seconds))
  }

  @Test("never overflows", arguments: [(1e300, 1000), (10.0, Int.max), (.infinity, 3), (.nan, 3), (-2.0, 4)])
  func extremes(backoff: Double, attempt: Int) {
    let policy = RetryPolicy(count: 9, interval: .days(300_000), backoff: backoff)
    #expect(policy.interval(after: attempt, of: RunID(1)) >= .zero)
  }
}

@Suite("Transition.disposition") struct TransitionTests {
  static let end = Instant(microseconds: 1_000_000)

  @Test(
    "finishes what is not to be tried again",
    arguments: [
      (AttemptEnd.Kind.succeeded(resultJSON: "1"), Outcome.succeeded), (.tested, .tested),
      (.skipped(nil), .skipped),
      (.cancelled("by me"), .cancelled), (.fatal("bad"), .failed),
    ])
  func finishes(kind: AttemptEnd.Kind, outcome: Outcome) {
    let transition = Transition(
      retry: RetryPolicy(count: 9, interval: .seconds(1)), timeLimit: nil, run: RunID(1), mayRetry: true)
    guard
      case .finish(let verdict) = transition.disposition(
        after: AttemptEnd(kind, at: Self.end), attempt: 1, unstarted: 0)
    else {
      Issue.record("\(kind) did not finish")
      return
    }
    #expect(verdict.outcome == outcome)
  }

  @Test(
    "tries again while attempts are left, and the job is",
    arguments: [
      (AttemptEnd.Kind.failed("no"), Outcome.failed, 60), (.timedOut(nil), .timedOut, 60),
      (.interrupted("host"), .interrupted, 60), (.retryAfter(.seconds(5), "busy"), .failed, 5),
    ] as [(AttemptEnd.Kind, Outcome, Int64)])
  func retries(kind: AttemptEnd.Kind, outcome: Outcome, seconds: Int64) {
    func disposition(attempt: Int, mayRetry: Bool = true) -> Disposition {
      Transition(
        retry: RetryPolicy(count: 2, interval: .seconds(60)), timeLimit: nil, run: RunID(1),
        mayRetry: mayRetry
      )
      .disposition(after: AttemptEnd(kind, at: Self.end), attempt: attempt, unstarted: 0)
    }
    for attempt in 1...2 {
      guard case .retry(let at, let verdict) = disposition(attempt: attempt) else {
        Issue.record("\(kind) is not tried again")
        return
      }
      #expect(at == Self.end + .seconds(seconds) && verdict.outcome == outcome)
    }
    guard case .finish = disposition(attempt: 3), case .finish = disposition(attempt: 1, mayRetry: false)
    else {
      Issue.record("\(kind) is tried for ever")
      return
    }
  }
}
