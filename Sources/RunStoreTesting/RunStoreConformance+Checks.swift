import RunLifecycle
import RunStore
import Scheduling

extension RunStoreCheck {
  static let identities = [
    RunStoreCheck("gives a job name one key for ever") { store in
      let first = try store.jobKeys(for: ["a", "b", "a"])
      let second = try store.jobKeys(for: ["c", "b"])
      try expectEqual(first.count, 2, "keys")
      try expectEqual(second["b"], first["b"], "the key of b")
      try expectEqual(Set([first["a"], first["b"], second["c"]]).count, 3, "different keys")
      try expectEqual(try store.jobs().map(\.name), ["a", "b", "c"], "jobs")
      try expectEqual(try store.jobKeys(for: []), [:], "the keys of no job")
    },
    RunStoreCheck("starts with no row, and with a free id that is greater than any") { store in
      try expectEqual(try store.openRuns(), [], "open rows of an empty ledger")
      try expectEqual(try store.runs(RunQuery()), [], "rows of an empty ledger")
      try expectEqual(try store.nextRunID(), RunID(1), "the first id")
      let job = try key("a", store)
      try store.commit([.claim(sample(41, job: job, due: 1), [])])
      try expectEqual(try store.nextRunID(), RunID(42), "the next id")
    },
  ]

  static let claims = [
    RunStoreCheck("keeps every field of a row") { store in
      let job = try key("a", store)
      var run = sample(7, job: job, due: 0, cause: .manual("request-1"))
      run.dueAt = run.dueAt + Interval(microseconds: 123_457)
      run.dueUntil = run.dueAt + .hours(1)
      run.count = 61
      run.claim = .madeUp
      run.notBefore = run.dueAt + .minutes(2)
      run.startedAt = run.dueAt + .minutes(3)
      run.attempt = 2
      run.attemptOutcome = .timedOut
      run.reason = "grüße, \"quoted\"\nand a line"
      run.result = "{\"files\":3}"
      run.error = ""
      run.params = "{\"k\":\"v\"}"
      run.testing = true
      try store.commit([.claim(run, [])])
      try expectEqual(try store.openRuns(), [run], "the open row")
      run.state = .ended
      run.outcome = .failed
      run.attemptOutcome = nil
      run.endedAt = run.dueAt + .hours(2)
      run.version = "v2"
      try store.commit([.finish(run, [])])
      try expectEqual(try store.runs(RunQuery(id: run.id)), [run], "the row that has ended")
    },
    RunStoreCheck("reads back every cause and outcome") { store in
      let job = try key("a", store)
      let due = sample(1, due: 0).dueAt
      let causes: [Cause] = [
        .clock(due), .clock(due + Interval(microseconds: 7)), .startup("s:1"), .manual("m"), .boot("b"),
        .load("digest"), .after(RunID(3)), .watch("w"), .webhook("h"),
      ]
      for (index, cause) in causes.enumerated() {
        var run = sample(Int64(index + 1), job: job, due: 0, cause: cause)
        if case .clock(let due) = cause { run.dueAt = due }
        try store.commit([.record(run.ended(Outcome.allCases[index % Outcome.allCases.count]), [])])
      }
      let rows = try store.runs(RunQuery(job: job, limit: 100))
      try expectEqual(rows.map(\.cause), causes.reversed(), "causes")
      try expectEqual(Set(rows.map(\.outcome)).count, Outcome.allCases.count, "outcomes")
    },
    RunStoreCheck("has one row for a job, due instant and cause") { store in
      let job = try key("a", store)
      let other = try key("b", store)
      try store.commit([.claim(sample(1, job: job, due: 5), [])])
      try expectConflict("a second row for an instant") {
        try store.commit([.claim(sample(2, job: job, due: 5), [])])
      }
      try expectConflict("a second row of an id") {
        try store.commit([.claim(sample(1, job: job, due: 6), [])])
      }
      try store.commit([.claim(sample(2, job: other, due: 5), [])])
      try store.commit([.record(sample(3, job: job, due: 5, cause: .manual("x")).ended(.skipped), [])])
      try expectEqual(try store.runs(RunQuery()).map(\.id), [RunID(3), RunID(2), RunID(1)], "rows")
    },
    RunStoreCheck("chains the rows of a job, whatever the caller says") { store in
      let a = try key("a", store)
      let b = try key("b", store)
      var third = sample(3, job: a, due: 3)
      third.previous = RunID(99)
      try store.commit([.claim(sample(1, job: a, due: 1), []), .claim(sample(2, job: b, due: 2), [])])
      try store.commit([.claim(third, [])])
      try store.commit([.update(third, []), .finish(third.ended(.succeeded), [])])
      let rows = try store.runs(RunQuery())
      try expectEqual(rows.map(\.previous), [RunID(1), nil, nil], "previous rows")
    },
    RunStoreCheck("keeps what a row says of its range, its gate and its memory") { store in
      let job = try key("a", store)
      var run = sample(1, job: job, due: 1)
      run.claim = .paused
      (run.gate, run.reason) = (.paused, "paused by root")
      try store.commit([.claim(run, [])])
      (run.dueUntil, run.count) = (run.dueAt + .minutes(5), 6)
      let seen = AccountChange(
        job: job, triggerKey: "x", fingerprint: "f", account: TriggerAccount(accountedThrough: run.dueAt),
        memo: "what it saw")
      try store.commit([.update(run, [seen])])
      try expectEqual(try store.openRuns(), [run], "the row that is open")
      try expectEqual(try store.accounts(of: [job])[job]?.map(\.memo), ["what it saw"], "the memo")
      var ended = run.ended(.skipped)
      ended.peakMemory = 123_456
      try store.commit([.finish(ended, [])])
      try expectEqual(try store.runs(RunQuery()), [ended], "the row that has ended")
    },
    RunStoreCheck("keeps who has paused a job, until that is over") { store in
      let job = try key("a", store)
      let other = try key("b", store)
      let pause = Pause(since: sample(1, due: 3).dueAt, by: "root")
      try store.commit([.pause(job, pause), .pause(other, pause)])
      try store.commit([.pause(other, nil)])
      try expectEqual(try store.jobs().map(\.pause), [pause, nil], "pauses")
    },
    RunStoreCheck("hands a job's past over to the one that it has become") { store in
      let old = try key("old", store)
      let heir = try key("new", store)
      let account = AccountChange(
        job: old, triggerKey: "x", fingerprint: "f",
        account: TriggerAccount(accountedThrough: sample(1, due: 9).dueAt))
      let pause = Pause(since: sample(1, due: 3).dueAt, by: "root")
      try store.commit([
        .record(sample(1, job: old, due: 1).ended(.succeeded), []),
        .claim(sample(2, job: old, due: 2), [account]), .pause(old, pause),
      ])
      try expect(try store.inherit(heir, from: "old"), "nothing was handed over")
      try expectEqual(try store.runs(RunQuery(job: heir)).map(\.id), [RunID(2), RunID(1)], "the heir's rows")
      try expectEqual(try store.runs(RunQuery(job: old)).map(\.id), [], "the old job's rows")
      try expectEqual(try store.lastEnded([heir])[heir]?.id, RunID(1), "the heir's last row")
      try expectEqual(try store.accounts(of: [heir])[heir]?.count, 1, "the heir's accounts")
      try expectEqual(try store.accounts(of: [old])[old]?.count ?? 0, 0, "the old job's accounts")
      try expectEqual(try store.jobs().first { $0.name == "new" }?.pause, pause, "the heir's pause")
      try store.commit([.claim(sample(3, job: heir, due: 3), []), .claim(sample(4, job: old, due: 1), [])])
      try expect(try !store.inherit(heir, from: "old"), "a job with rows of its own has taken over others")
      try expect(try !store.inherit(old, from: "nobody"), "something was handed over from nobody")
    },
    RunStoreCheck("moves accounts with the rows that cover their instants") { store in
      let job = try key("a", store)
      let due = sample(1, due: 0).dueAt
      func change(_ trigger: String, _ through: Instant, _ last: Instant?) -> AccountChange {
        AccountChange(
          job: job, triggerKey: trigger, fingerprint: "f",
          account: TriggerAccount(accountedThrough: through, lastDue: last))
      }
      try store.commit([.account([change("x", due, nil), change("y", due, due)])])
      try store.commit([.claim(sample(1, job: job, due: 1), [change("x", due + .seconds(1), due)])])
      try store.commit([
        .finish(sample(1, job: job, due: 1).ended(.succeeded), [change("y", due + .hours(1), nil)])
      ])
      try store.commit([.record(sample(2, job: job, due: 2).ended(.missed), [change("z", due, nil)])])
      let accounts = try store.accounts(of: []).mapValues { $0.sorted { $0.triggerKey < $1.triggerKey } }
      let kept = accounts[job]?.map {
        "\($0.triggerKey) \($0.account.accountedThrough - due) \($0.account.lastDue != nil)"
      }
      try expectEqual(kept ?? [], ["x 1s true", "y 1h false", "z 0s false"], "accounts")
      try expectEqual(try store.accounts(of: [job])[job]?.count, 3, "accounts of the job")
      try expectEqual(try store.accounts(of: [JobKey(9999)]), [:], "accounts of a job that is not there")
    },
  ]

  static let changes = [
    RunStoreCheck("lists what is open until it has ended") { store in
      let job = try key("a", store)
      var first = sample(1, job: job, due: 1)
      let second = sample(2, job: job, due: 2)
      try store.commit([.claim(first, []), .claim(second, [])])
      try store.commit([.started(first.id, at: first.dueAt, attempt: 1)])
      first.state = .running
      first.attempt = 1
      first.startedAt = first.dueAt
      try expectEqual(try store.openRuns().map(\.state), [.running, .waiting], "states")
      try expectEqual(try store.openRuns().first?.startedAt, first.dueAt, "the start")
      first.state = .waiting
      first.attemptOutcome = .failed
      first.notBefore = first.dueAt + .minutes(1)
      try store.commit([.update(first, []), .finish(second.ended(.succeeded), [])])
      try expectEqual(try store.openRuns(), [first], "open rows")
    },
    RunStoreCheck("takes no notice of a start that comes too late") { store in
      let job = try key("a", store)
      var run = sample(1, job: job, due: 1)
      try store.commit([.claim(run, [])])
      run.attempt = 1
      run.attemptOutcome = .failed
      try store.commit([.update(run, []), .started(run.id, at: run.dueAt, attempt: 1)])
      try expectEqual(try store.openRuns().map(\.state), [.waiting], "the state")
      try store.commit([.finish(run.ended(.failed), []), .started(run.id, at: run.dueAt, attempt: 2)])
      try expectEqual(try store.runs(RunQuery(id: run.id)).map(\.state), [.ended], "the state")
    },
    RunStoreCheck("lets no row go back") { store in
      let job = try key("a", store)
      let run = sample(1, job: job, due: 1)
      try expectConflict("an update of a row that is not there") { try store.commit([.update(run, [])]) }
      try store.commit([.claim(run, []), .finish(run.ended(.succeeded), [])])
      try expectConflict("an update of a row that has ended") { try store.commit([.update(run, [])]) }
      try expectConflict("a second end") { try store.commit([.finish(run.ended(.failed), [])]) }
      try expectEqual(try store.runs(RunQuery(id: run.id)).map(\.outcome), [.succeeded], "the outcome")
    },
  ]

  static let atomicity = [
    RunStoreCheck("commits all of a transaction or nothing") { store in
      let job = try key("a", store)
      let run = sample(1, job: job, due: 1)
      let account = AccountChange(
        job: job, triggerKey: "x", fingerprint: "f",
        account: TriggerAccount(accountedThrough: run.dueAt, lastDue: nil))
      try store.commit([.claim(run, [])])
      try expectConflict("a transaction with a conflict at its end") {
        try store.commit([
          .claim(sample(2, job: job, due: 2), [account]), .finish(run.ended(.succeeded), []),
          .claim(sample(3, job: job, due: 1), []),
        ])
      }
      try expectEqual(try store.openRuns(), [run], "rows after the conflict")
      try expectEqual(try store.accounts(of: []), [:], "accounts after the conflict")
      try store.commit([])
      try store.commit([.claim(sample(2, job: job, due: 2), [account])])
      try expectEqual(try store.openRuns().last?.previous, run.id, "the chain after the conflict")
    }
  ]

  static let queries = [
    RunStoreCheck("lists rows newest first, by job, failure, age and number") { store in
      let a = try key("a", store)
      let b = try key("b", store)
      let outcomes: [Outcome] = [
        .succeeded, .failed, .timedOut, .cancelled, .interrupted, .skipped, .missed, .tested,
      ]
      for id in Int64(1)...16 {
        let run = sample(id, job: id % 2 == 0 ? a : b, due: id)
        try store.commit([.record(run.ended(outcomes[Int(id - 1) / 2]), [])])
      }
      func ids(_ query: RunQuery) throws -> [Int64] { try store.runs(query).map(\.id.rawValue) }
      try expectEqual(try ids(RunQuery(limit: 3)), [16, 15, 14], "the newest")
      try expectEqual(try ids(RunQuery(before: RunID(14), limit: 2)), [13, 12], "older ones")
      try expectEqual(try ids(RunQuery(job: a, limit: 3)), [16, 14, 12], "of a job")
      try expectEqual(try ids(RunQuery(job: a, before: RunID(12), limit: 2)), [10, 8], "older ones of a job")
      try expectEqual(try ids(RunQuery(failedOnly: true)), [10, 9, 8, 7, 6, 5, 4, 3], "failures")
      try expectEqual(try ids(RunQuery(job: b, failedOnly: true, limit: 2)), [9, 7], "failures of a job")
      try expectEqual(try ids(RunQuery(failedOnly: true, before: RunID(6))), [5, 4, 3], "older failures")
      try expectEqual(try ids(RunQuery(id: RunID(5))), [5], "one")
      try expectEqual(try ids(RunQuery(id: RunID(99))), [], "none")
      try expectEqual(try ids(RunQuery(job: JobKey(999))), [], "of a job that is not there")
      try expectEqual(try ids(RunQuery(limit: 0)), [], "at most none")
    },
    RunStoreCheck("finds the rows of a job that reach into a time") { store in
      let job = try key("a", store)
      var range = sample(1, job: job, due: 0).ended(.missed)
      range.dueUntil = range.dueAt + .hours(1)
      range.endedAt = range.dueUntil
      var long = sample(2, job: job, due: 7200).ended(.failed)
      long.endedAt = long.dueAt + .minutes(10)
      let open = sample(3, job: job, due: 10_000)
      let other = sample(4, job: try key("b", store), due: 0).ended(.succeeded)
      try store.commit([.record(range, []), .record(long, []), .claim(open, []), .record(other, [])])
      let start = range.dueAt
      func ids(_ from: Int64, _ to: Int64, failedOnly: Bool = false, limit: Int = 9) throws -> [Int64] {
        let span = start + .seconds(from)...start + .seconds(to)
        return try store.runs(RunQuery(job: job, failedOnly: failedOnly, within: span, limit: limit)).map(
          \.id.rawValue)
      }
      try expectEqual(try ids(-20, -1), [], "before the first")
      try expectEqual(try ids(0, 0), [1], "at the first instant of a range")
      try expectEqual(try ids(1800, 1801), [1], "inside a range")
      try expectEqual(try ids(3600, 3600), [1], "at the last instant of a range")
      try expectEqual(try ids(3601, 7199), [], "between two rows")
      try expectEqual(try ids(7500, 7560), [2], "while a run was running")
      try expectEqual(try ids(50_000, 60_000), [3], "long after the instant of an open row")
      try expectEqual(try ids(0, 60_000), [3, 2, 1], "all of them, newest first")
      try expectEqual(try ids(0, 60_000, limit: 1), [3], "one of them")
      try expectEqual(try ids(0, 60_000, failedOnly: true), [2], "failures")
      let all = try store.runs(RunQuery(within: start...start)).map(\.id.rawValue)
      try expectEqual(all, [4, 1], "of all jobs")
      try expectEqual(
        try store.runs(RunQuery(job: JobKey(999), within: start...start)), [], "of a job that is not there")
    },
    RunStoreCheck("knows the newest row of a job that has ended") { store in
      let a = try key("a", store)
      let b = try key("b", store)
      try store.commit([
        .record(sample(1, job: a, due: 1).ended(.failed), []),
        .record(sample(2, job: a, due: 2).ended(.succeeded), []),
        .claim(sample(3, job: a, due: 3), []), .claim(sample(4, job: b, due: 3), []),
      ])
      try expectEqual(
        try store.lastEnded([a, b]).mapValues(\.id), [a: RunID(2)], "the newest that has ended")
      try expectEqual(try store.jobs().map(\.lastEnded?.id), [RunID(2), nil], "of all jobs")
      try expectEqual(try store.lastEnded([]), [:], "of none")
    },
  ]

  private static func key(_ name: String, _ store: any RunStore) throws -> JobKey {
    guard let key = try store.jobKeys(for: [name])[name] else {
      throw ConformanceFailure(description: "no key for \(name)")
    }
    return key
  }
}
