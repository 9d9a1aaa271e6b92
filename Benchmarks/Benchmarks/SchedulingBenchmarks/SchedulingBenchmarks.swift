import Benchmark
import Scheduling

/// Run with `swift package --disable-sandbox benchmark` in this package's folder.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(metrics: [.wallClock, .throughput], scalingFactor: .kilo)

  Benchmark("next due of */15 2-4 * * mon-fri in Europe/Vienna (under 300 ns)") { benchmark in
    let vienna = try Zone.named("Europe/Vienna")
    let expression = try CronExpression(parsing: "*/15 2-4 * * mon-fri")
    var instant = try Instant(parsing: "2026-01-01", in: vienna)
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { instant = expression.next(after: instant, in: vienna) ?? instant }
    blackHole(instant)
  }

  Benchmark("next firing of a schedule with it (under 300 ns)") { benchmark in
    let vienna = try Zone.named("Europe/Vienna")
    let expression = try CronExpression(parsing: "*/15 2-4 * * mon-fri")
    let schedule = try Schedule(triggers: [Trigger(.cron(expression))], zone: vienna, jobName: "benchmark")
    var account = TriggerAccount(accountedThrough: try Instant(parsing: "2026-01-01", in: vienna))
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      account.accountedThrough = schedule.nextFiring(of: 0, after: account)?.dueAt ?? account.accountedThrough
    }
    blackHole(account)
  }

  Benchmark("next 29 February on a Monday, 28 years off (under 20 µs)") { benchmark in
    let vienna = try Zone.named("Europe/Vienna")
    let expression = try CronExpression(parsing: "0 0 29 2 mon", dayMatch: .and)
    let from = try Instant(parsing: "2044-03-01", in: vienna)
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(expression.next(after: from, in: vienna)) }
  }

  Benchmark("parsing */15 2-4 * * mon-fri (under 2 µs)") { benchmark in
    for _ in benchmark.scaledIterations { blackHole(try CronExpression(parsing: "*/15 2-4 * * mon-fri")) }
  }

  Benchmark("parsing a long expression of seven fields (under 2 µs)") { benchmark in
    let text = "0,30 5-55/10 8-18 1,15,L-3 jan-mar,sep mon-fri,sun#2 2026-2030/2"
    for _ in benchmark.scaledIterations { blackHole(try CronExpression(parsing: text)) }
  }

  Benchmark("counting a year of missed minutes") { benchmark in
    let vienna = try Zone.named("Europe/Vienna")
    let expression = try CronExpression(parsing: "* * * * *")
    let schedule = try Schedule(triggers: [Trigger(.cron(expression))], zone: vienna, jobName: "benchmark")
    let start = try Instant(parsing: "2026-01-01", in: vienna)
    let account = TriggerAccount(accountedThrough: start)
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      blackHole(schedule.firings(of: 0, after: account, through: start + .days(365)))
    }
  }

  Benchmark("gate of a window", configuration: .init(scalingFactor: .kilo)) { benchmark in
    let vienna = try Zone.named("Europe/Vienna")
    let window = try Window(from: TimeOfDay(parsing: "22:00"), to: TimeOfDay(parsing: "02:00"))
    let schedule = try Schedule(
      triggers: [Trigger(.every(.minutes(10)))], windows: [window], zone: vienna, jobName: "benchmark")
    let instant = try Instant(parsing: "2026-01-01T23:00", in: vienna)
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(schedule.gate(at: instant)) }
  }

  Benchmark("loading a zone from its file", configuration: .init(scalingFactor: .one)) { benchmark in
    for _ in benchmark.scaledIterations {
      Zone.forgetCache()
      blackHole(try Zone.named("Europe/Vienna"))
    }
  }
}
