import Jobs
import Notifying
import RunLifecycle
import Scheduling
import Testing

@testable import Runner

@Suite("NotificationRules") struct NotificationRulesTests {
  private let now = Instant(microseconds: 1_800_000_000_000_000)

  private func settings(
    _ on: Set<NotifySettings.Event>? = nil, ping: String? = nil, longRunning: Interval? = nil
  ) -> NotifySettings {
    var settings = NotifySettings()
    settings.on = on
    settings.webhook = ["http://h/"]
    settings.ping = ping
    settings.longRunning = longRunning
    return settings
  }

  private func run(_ outcome: Outcome?, id: Int64 = 1, attempt: Int = 1, job: Int32 = 1) -> Run {
    Run(
      id: RunID(id), job: JobKey(job), trigger: "manual", cause: .manual("\(id)"), dueAt: now,
      attempt: attempt,
      state: outcome == nil ? .running : .ended, outcome: outcome, node: "n", version: "v")
  }

  @Test(
    "what an end leads to",
    arguments: [
      // By default, failures and recoveries are told.
      (Outcome.succeeded, false, nil, nil as Set<NotifySettings.Event>?), (.succeeded, true, .recovered, nil),
      (.failed, false, .failed, nil),
      (.failed, true, .failed, nil), (.timedOut, false, .failed, nil), (.interrupted, false, .failed, nil),
      (.cancelled, false, nil, nil), (.missed, false, nil, nil), (.skipped, false, nil, nil),
      (.tested, true, nil, nil),
      // Else what is named.
      (.missed, false, .missed, [.missed]), (.failed, false, nil, [.missed]),
      (.succeeded, false, .succeeded, [.succeeded]), (.succeeded, true, .succeeded, [.succeeded]),
      (.succeeded, true, .recovered, [.succeeded, .recovered]),
    ] as [(Outcome, Bool, NotifySettings.Event?, Set<NotifySettings.Event>?)])
  func ends(
    outcome: Outcome, wasFailing: Bool, event: NotifySettings.Event?, on: Set<NotifySettings.Event>?
  ) {
    var rules = NotificationRules()
    rules.learn(JobKey(1), from: [run(wasFailing ? .failed : .succeeded)])
    let verdict = rules.ended(run(outcome, id: 2), settings(on), at: now)
    #expect(verdict.message?.event == event)
    #expect(verdict.ping == nil)
  }

  @Test(
    "what a dead-man switch hears",
    arguments: [
      (Outcome.succeeded, 1, Ping.Kind.success), (.failed, 1, .fail), (.timedOut, 2, .fail),
      (.interrupted, 1, .fail),
      (.cancelled, 1, .fail), (.skipped, 1, .success), (.skipped, 0, nil), (.missed, 0, nil),
      (.tested, 0, nil),
    ] as [(Outcome, Int, Ping.Kind?)])
  func pings(outcome: Outcome, attempt: Int, ping: Ping.Kind?) {
    var rules = NotificationRules()
    let settings = settings([], ping: "http://h/uuid")
    #expect(rules.ended(run(outcome, attempt: attempt), settings, at: now).ping == ping)
  }

  @Test("the start is told once a run, not once an attempt")
  func starts() {
    var rules = NotificationRules()
    let settings = settings([.started], ping: "http://h/uuid")
    let first = rules.started(run(nil), settings, at: now)
    #expect(first.message?.event == .started && first.ping == .start)
    #expect(rules.started(run(nil, attempt: 2), settings, at: now) == NotificationRules.Verdict())
  }

  @Test("rows that tell nothing of the job's health do not hide a failure")
  func memory() {
    var rules = NotificationRules()
    #expect(rules.isNew(JobKey(1)))
    rules.learn(JobKey(1), from: [run(.skipped, id: 3), run(.cancelled, id: 2), run(.timedOut, id: 1)])
    #expect(!rules.isNew(JobKey(1)))
    _ = rules.ended(run(.missed, id: 4), settings(), at: now)
    _ = rules.ended(run(.skipped, id: 5), settings(), at: now)
    #expect(rules.ended(run(.succeeded, id: 6), settings(), at: now).message?.event == .recovered)
    #expect(rules.ended(run(.succeeded, id: 7), settings(), at: now).message == nil)
  }

  @Test("a job that fails again and again is told of five times, then now and then, with what was held back")
  func throttle() {
    var rules = NotificationRules()
    func tell(after seconds: Int64, job: Int32 = 1) -> Int? {
      rules.ended(run(.failed, job: job), settings(), at: now + .seconds(seconds)).message?.heldBack
    }
    #expect((0..<5).map { tell(after: $0) } == [0, 0, 0, 0, 0])
    #expect((5..<500).allSatisfy { tell(after: $0) == nil })
    #expect(tell(after: 601) == 495)
    #expect(tell(after: 602) == nil)
    // Another job, and other news of the same, are not held back with it.
    #expect(tell(after: 602, job: 2) == 0)
    #expect(
      rules.ended(run(.succeeded, id: 2), settings(), at: now + .seconds(603)).message?.event == .recovered)
    #expect(tell(after: 100_000) == 1)
  }

  @Test("nobody is told where nobody is named, nor of long runs without a limit")
  func nobody() {
    var rules = NotificationRules()
    var alone = NotifySettings()
    alone.on = Set(NotifySettings.Event.allCases)
    #expect(rules.ended(run(.failed), alone, at: now) == NotificationRules.Verdict())
    #expect(rules.ranLong(run(nil), settings(), at: now).message == nil)
    #expect(rules.ranLong(run(nil), settings(longRunning: .hours(1)), at: now).message?.event == .longRunning)
    #expect(rules.ended(run(.failed), .off, at: now) == NotificationRules.Verdict())
  }
}
