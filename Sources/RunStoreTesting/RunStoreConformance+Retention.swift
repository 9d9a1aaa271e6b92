import RunLifecycle
import RunStore
import Scheduling

extension RunStoreCheck {
  static let retention = [
    RunStoreCheck("tells its history from any row on, the oldest first") { store in
      let job = try store.jobKeys(for: ["a"])["a"] ?? JobKey(0)
      try expectEqual(try store.history(after: RunID(0), limit: 10), [], "the history of an empty ledger")
      for id in Int64(1)...3 { try store.commit([.claim(sample(id, job: job, due: id), [])]) }
      let second = sample(2, job: job, due: 2).ended(.succeeded)
      try store.commit([.finish(second, [])])
      let rows = try store.history(after: RunID(1), limit: 10)
      try expectEqual(rows.map(\.id), [RunID(2), RunID(3)], "rows after the first")
      try expectEqual(
        rows.first, HistoryRow(id: RunID(2), job: job, dueAt: second.dueAt, endedAt: second.endedAt),
        "a row that has ended")
      try expectEqual(rows.last?.endedAt, nil, "the end of an open row")
      try expectEqual(try store.history(after: RunID(0), limit: 1).map(\.id), [RunID(1)], "the oldest")
    },
    RunStoreCheck("takes rows out for good, but none that is open") { store in
      let job = try store.jobKeys(for: ["a"])["a"] ?? JobKey(0)
      let account = AccountChange(
        job: job, triggerKey: "x", fingerprint: "f",
        account: TriggerAccount(accountedThrough: sample(1, due: 1).dueAt, lastDue: nil))
      try store.commit([
        .record(sample(1, job: job, due: 1).ended(.failed), [account]),
        .claim(sample(2, job: job, due: 2), []), .record(sample(3, job: job, due: 3).ended(.missed), []),
      ])
      try store.remove([])
      try store.remove([
        ExpiredRow(id: RunID(1), successor: RunID(2)), ExpiredRow(id: RunID(2), successor: RunID(3)),
        ExpiredRow(id: RunID(99), successor: RunID(100)),
      ])
      try expectEqual(try store.runs(RunQuery()).map(\.id), [RunID(3), RunID(2)], "rows")
      try expectEqual(try store.openRuns().map(\.id), [RunID(2)], "open rows")
      try expectEqual(try store.runs(RunQuery(failedOnly: true)), [], "failures")
      try expectEqual(try store.accounts(of: [job])[job]?.count, 1, "accounts")
      try expectEqual(try store.nextRunID(), RunID(4), "the next id")
      try store.commit([.finish(sample(2, job: job, due: 2).ended(.succeeded), [])])
      try expectEqual(try store.lastEnded([job])[job]?.id, RunID(3), "the newest that has ended")
      // What a row was the only one of is free again.
      try store.commit([.record(sample(4, job: job, due: 1).ended(.succeeded), [])])
    },
    RunStoreCheck("keeps a job's chain whole when rows go from its end and from its middle") { store in
      let job = try store.jobKeys(for: ["a"])["a"] ?? JobKey(0)
      for id in Int64(1)...6 {
        try store.commit([.record(sample(id, job: job, due: id).ended(.succeeded), [])])
      }
      func chain() throws -> [Int64] { try store.runs(RunQuery(job: job)).map(\.id.rawValue) }
      try store.remove([ExpiredRow(id: RunID(1), successor: RunID(2))])
      try expectEqual(try chain(), [6, 5, 4, 3, 2], "the chain without its end")
      try store.remove([
        ExpiredRow(id: RunID(3), successor: RunID(4)), ExpiredRow(id: RunID(4), successor: RunID(5)),
      ])
      try expectEqual(try chain(), [6, 5, 2], "the chain without rows of its middle")
      try store.commit([.record(sample(7, job: job, due: 7).ended(.failed), [])])
      try expectEqual(try chain(), [7, 6, 5, 2], "the chain that goes on")
    },
    RunStoreCheck("knows how large it is, and has nothing to give back while it is small") { store in
      let empty = try store.bytesInUse()
      let job = try store.jobKeys(for: ["a"])["a"] ?? JobKey(0)
      for id in Int64(1)...300 {
        try store.commit([.record(sample(id, job: job, due: id).ended(.succeeded), [])])
      }
      let full = try store.bytesInUse()
      try expect(full > empty, "\(full) bytes with 300 rows, \(empty) without")
      for id in Int64(1)..<300 {
        try store.remove([ExpiredRow(id: RunID(id), successor: RunID(id + 1))])
      }
      try expect(try store.bytesInUse() < full, "no fewer bytes with one row than with 300")
      try expectEqual(try store.giveBackSpace(), false, "whether there is more to give back")
    },
  ]
}
