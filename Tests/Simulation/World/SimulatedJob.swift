import RunLifecycle
import Scheduling

/// A job of the simulation: its plan, and how its runs go.
struct SimulatedJob {
  var plan: JobPlan
  /// Of a hundred attempts so many fail.
  var failures: Int
  var longestRun: Int64
  /// Of a hundred answers to what it requires, and to its `when`, so many are no.
  var refusals: Int

  /// What stays the same in all versions of a job, so that an onlooker can tell what it may do.
  struct Nature {
    var overlap: Overlap?
    var pool: String?
    /// The jobs whose ends it may wait for.
    var awaited: [String]

    static func random(awaiting others: [String], using random: inout SeededGenerator) -> Nature {
      let overlap: Overlap? = random.pick([
        nil, nil, .skip, .queue(limit: 1), .queue(limit: 3), .queue(limit: nil), .parallel(limit: 2),
        .parallel(limit: 4), .replace,
      ])
      return Nature(
        overlap: overlap,
        pool: random.chance(30) ? random.pick(Array(SimulatedWorld.pools.keys.sorted())) : nil,
        awaited: others)
    }
  }

  static func random(
    _ key: JobKey, _ nature: Nature, version: Int, in zone: Zone, at now: Instant,
    using random: inout SeededGenerator
  ) -> SimulatedJob {
    var triggers: [Trigger] = []
    for _ in 0..<random.pick([1, 1, 1, 2, 3]) {
      let trigger = trigger(nature, in: zone, at: now, using: &random)
      if !triggers.contains(where: { $0.written == trigger.written }) { triggers.append(trigger) }
    }
    if random.chance(10) { triggers = [Trigger(.restartAfter(.seconds(random.pick([3, 20, 90]))))] }
    let windows = random.chance(40) ? [window(in: zone, at: now, using: &random)] : []
    let schedule = try? Schedule(
      triggers: triggers, windows: windows, blackout: blackout(in: zone, at: now, using: &random), zone: zone,
      jobName: "job\(key)")
    return SimulatedJob(
      plan: JobPlan(
        key: key, name: "job\(key)", version: "v\(version)", schedule: schedule,
        policy: policy(nature, using: &random)),
      failures: random.pick([0, 10, 50, 100]), longestRun: random.pick([5, 500, 5_000, 90_000]),
      refusals: random.pick([0, 0, 30, 100]))
  }

  private static func policy(_ nature: Nature, using random: inout SeededGenerator) -> RunPolicy {
    var policy = RunPolicy()
    policy.overlap = nature.overlap
    policy.pool = nature.pool
    policy.priority = random.pick([0, 5, 9])
    policy.enabled = !random.chance(5)
    policy.testing = random.chance(4)
    policy.runOnStartup = random.chance(10)
    policy.lateWithin = .seconds(random.pick([2, 10, 60, 600]))
    policy.catchUp = random.pick([.none, .none, .newest, .newest, .all])
    if policy.catchUp != .none, random.chance(30) {
      policy.catchUpWithin = .minutes(random.pick([1, 5, 30]))
    }
    if random.chance(50) {
      policy.retry = RetryPolicy(
        count: random.pick([1, 2, 4]), interval: .seconds(random.pick([1, 7, 40])),
        backoff: random.pick([1, 2]), maxInterval: random.pick([nil, .seconds(60)]),
        jitter: .seconds(random.pick([0, 0, 5])))
    }
    if random.chance(15) {
      var requires = Requirements()
      requires.network = true
      if random.chance(50) { requires.wait = .seconds(random.pick([2, 30])) }
      policy.requires = requires
    }
    policy.hasWhen = random.chance(10)
    if random.chance(3) { policy.archiveAfter = .minutes(random.pick([1, 10])) }
    return policy
  }

  private static func trigger(
    _ nature: Nature, in zone: Zone, at now: Instant, using random: inout SeededGenerator
  ) -> Trigger {
    let period: Int64 = random.pick([1, 2, 5, 15, 60, 300])
    var trigger: Trigger
    switch random.pick([0, 1, 2, 2, 3, 4, 5, 6, 7, 8]) {
    case 0: trigger = Trigger(.every(.seconds(period)))
    case 1: trigger = Trigger(.every(.seconds(period)), startAt: Instant(microseconds: 1_600_000_000_000_000))
    case 2:
      let text = random.pick([
        "* * * * *", "*/5 * * * *", "7,37 * * * *", "30 1-3 * * *", "*/20 2 * * *", "*/2 0-22 * * 0,3",
        "*/10 * * * 1-5",
      ])
      trigger =
        (try? CronExpression(parsing: text)).map { Trigger(.cron($0)) } ?? Trigger(.every(.seconds(period)))
    case 3:
      let instants = (0..<3).map { _ in now + .seconds(Int64.random(in: -600...3600, using: &random)) }
      trigger = Trigger(.at(instants))
    case 4: trigger = Trigger(.event(random.pick(EventKind.allCases)))
    case 5 where !nature.awaited.isEmpty:
      let jobs = random.chance(30) ? nature.awaited : [random.pick(nature.awaited)]
      trigger = Trigger(
        .after(
          jobs.map { AfterCondition(job: $0, outcomes: random.pick([["succeeded"], ["failed"], []])) }))
    case 6: trigger = Trigger(.watch(WatchRule(pattern: "inbox/*", folder: "/jobs")))
    case 8:
      let times = [-2, 1, 6, 35].map { time(now + .minutes($0), in: zone) }
      trigger =
        random.chance(50)
        ? Trigger(.daily(DailyRule(at: times)))
        : Trigger(.weekly(WeeklyRule(on: [.sunday, .thursday, .friday], at: times)))
    default:
      trigger = Trigger(
        .every(.seconds(period * 60)), startAt: Instant(microseconds: 1_600_000_000_000_000),
        repetition: Repetition(
          every: .seconds(random.pick([10, 30])), duration: .seconds(random.pick([60, 240])),
          stopAtEnd: random.chance(50)))
      if period < 5 { trigger.repetition = nil }
    }
    if random.chance(20) { trigger.delay = .seconds(random.pick([1, 30])) }
    if random.chance(15) { trigger.jitter = .milliseconds(random.pick([400, 20_000])) }
    if random.chance(20) { trigger.outsideWindow = random.pick([.defer, .skip]) }
    return trigger
  }

  /// A window that opens, closes, is over or is yet to come, in local time.
  private static func window(in zone: Zone, at now: Instant, using random: inout SeededGenerator) -> Window {
    let (from, to): (Int64, Int64) = random.pick([(10, 20), (5, 40), (45, 1441), (-660, 25), (-2, 3)])
    let onClose = random.pick(Window.OnClose.allCases)
    let start = time(now + .minutes(from), in: zone)
    let end = time(now + .minutes(to), in: zone)
    guard let window = try? Window(from: start, to: end == start ? start.next : end, onClose: onClose) else {
      fatalError("a window of the simulation makes no sense: \(start) to \(end)")
    }
    return window
  }

  /// Now and then a holiday, or a time of maintenance that is near.
  private static func blackout(
    in zone: Zone, at now: Instant, using random: inout SeededGenerator
  ) -> Blackout {
    guard random.chance(12) else { return .none }
    let whole = Instant(microseconds: now.microseconds / 1_000_000 * 1_000_000)
    let begin = whole + .minutes(random.pick([-5, 2, 7]))
    let span = Blackout.Entry.span(from: begin, to: begin + .minutes(random.pick([3, 9])))
    let today = (try? LocalDate(parsing: String(now.description(in: zone).prefix(10)))).map {
      Blackout.Entry.days($0, through: $0)
    }
    return Blackout([random.chance(70) ? span : today ?? span])
  }

  private static func time(_ instant: Instant, in zone: Zone) -> TimeOfDay {
    let text = instant.description(in: zone).dropFirst(11).prefix(5)
    guard let time = try? TimeOfDay(parsing: String(text)) else { fatalError("\(text) is no time of day") }
    return time
  }
}

extension TimeOfDay {
  /// One minute later, on another day if need be.
  fileprivate var next: TimeOfDay {
    let minutes = (seconds / 60 + 1) % 1440
    return TimeOfDay(hour: minutes / 60, minute: minutes % 60) ?? self
  }
}
