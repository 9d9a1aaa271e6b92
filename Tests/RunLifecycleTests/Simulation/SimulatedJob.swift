import RunLifecycle
import Scheduling

/// A job of the simulation: its plan, and how its runs go.
struct SimulatedJob {
  var plan: JobPlan
  /// Of a hundred attempts so many fail.
  var failures: Int
  var longestRun: Int64

  static func random(_ key: JobKey, version: Int, at now: Instant, using random: inout SeededGenerator)
    -> SimulatedJob
  {
    var triggers: [Trigger] = []
    for _ in 0..<random.pick([1, 1, 1, 2, 3]) { triggers.append(trigger(at: now, using: &random)) }
    if random.chance(10) { triggers = [Trigger(.restartAfter(.seconds(random.pick([3, 20, 90]))))] }
    let windows = random.chance(40) ? [window(using: &random)] : []
    var policy = RunPolicy()
    policy.enabled = !random.chance(5)
    policy.testing = random.chance(4)
    policy.runOnStartup = random.chance(10)
    policy.lateWithin = .seconds(random.pick([2, 10, 60, 600]))
    policy.catchUp = random.chance(40) ? .newest : .none
    if random.chance(50) {
      policy.retry = RetryPolicy(
        count: random.pick([1, 2, 4]), interval: .seconds(random.pick([1, 7, 40])),
        backoff: random.pick([1, 2]))
    }
    let schedule = try? Schedule(triggers: triggers, windows: windows, zone: .utc, jobName: "job\(key)")
    return SimulatedJob(
      plan: JobPlan(key: key, name: "job\(key)", version: "v\(version)", schedule: schedule, policy: policy),
      failures: random.pick([0, 10, 50, 100]), longestRun: random.pick([5, 500, 5_000, 90_000]))
  }

  private static func trigger(at now: Instant, using random: inout SeededGenerator) -> Trigger {
    let period: Int64 = random.pick([1, 2, 5, 15, 60, 300])
    var trigger: Trigger
    switch random.pick([0, 1, 2, 3, 4]) {
    case 0: trigger = Trigger(.every(.seconds(period)))
    case 1: trigger = Trigger(.every(.seconds(period)), startAt: Instant(microseconds: 1_600_000_000_000_000))
    case 2:
      let minute = random.pick(["* * * * *", "*/5 * * * *", "7,37 * * * *"])
      trigger =
        (try? CronExpression(parsing: minute)).map { Trigger(.cron($0)) }
        ?? Trigger(.every(.seconds(period)))
    case 3:
      let instants = (0..<3).map { _ in now + .seconds(Int64.random(in: -600...3600, using: &random)) }
      trigger = Trigger(.at(instants))
    default: trigger = Trigger(.event(.startup))
    }
    if random.chance(20) { trigger.delay = .seconds(random.pick([1, 30])) }
    if random.chance(15) { trigger.jitter = .milliseconds(random.pick([400, 20_000])) }
    if random.chance(20) { trigger.outsideWindow = random.pick([.defer, .skip]) }
    return trigger
  }

  private static func window(using random: inout SeededGenerator) -> Window {
    // The simulation begins at 13:20; these open, close, are over and are yet to come.
    let times = random.pick([("13:30", "13:40"), ("13:25", "14:00"), ("14:05", "13:21"), ("02:00", "13:45")])
    guard let from = try? TimeOfDay(parsing: times.0), let to = try? TimeOfDay(parsing: times.1),
      let window = try? Window(from: from, to: to)
    else { fatalError("a window of the simulation makes no sense") }
    return window
  }
}
