import RunLifecycle
import RunStore
import Values

/// What jobs keep: key-value stores and steps.
extension RunStoreCheck {
  static let kept = [
    RunStoreCheck("writes what a run leaves with the row that says how it ended") { store in
      let (a, b) = try twoJobs(store)
      try store.commit([.claim(sample(1, job: a, due: 1), []), .claim(sample(2, job: b, due: 1), [])])
      try expectEqual(try store.entry("x", of: a), KeyValueEntry(value: nil, used: 0), "an empty store")
      try store.commit([
        .finish(
          sample(1, job: a, due: 1).ended(.succeeded), [], writes: [write("x", "1"), write("y", "\"zwei\"")]),
        .finish(sample(2, job: b, due: 1).ended(.skipped), [], writes: [write("x", "[]")]),
      ])
      try expectEqual(try store.entry("x", of: a), KeyValueEntry(value: "1", used: 9), "x of a")
      try expectEqual(try store.entry("y", of: a).value, "\"zwei\"", "y of a")
      try expectEqual(try store.entry("x", of: b), KeyValueEntry(value: "[]", used: 3), "x of b")
      try expectEqual(
        try store.entry("z", of: b), KeyValueEntry(value: nil, used: 3), "a key that is not there")
    },
    RunStoreCheck("replaces and removes keys, and keeps count of what a store holds") { store in
      let (a, _) = try twoJobs(store)
      func leave(_ id: Int64, _ writes: [KeyValueWrite]) throws {
        try store.commit([
          .claim(sample(id, job: a, due: id), []),
          .finish(sample(id, job: a, due: id).ended(.succeeded), [], writes: writes),
        ])
      }
      try leave(1, [write("a", "1"), write("b", "22"), write("ä", "3")])
      try expectEqual(try store.entry("a", of: a).used, 8, "bytes")
      try leave(2, [write("a", "4444"), write("b", nil), write("none", nil), write("c", "5")])
      try expectEqual(try store.entry("a", of: a), KeyValueEntry(value: "4444", used: 10), "a")
      try expectEqual(try store.entry("b", of: a).value, nil, "b")
      try leave(3, [write("a", nil), write("c", nil), write("ä", nil), write("c", "6")])
      try expectEqual(try store.entry("c", of: a), KeyValueEntry(value: "6", used: 2), "c")
    },
    RunStoreCheck("lists keys by prefix, in the order of their bytes") { store in
      let (a, b) = try twoJobs(store)
      let keys = ["b", "a/2", "a/10", "a", "é", "e\u{301}", "Z", "a0"]
      try store.commit([
        .claim(sample(1, job: a, due: 1), []), .claim(sample(2, job: b, due: 1), []),
        .finish(sample(1, job: a, due: 1).ended(.succeeded), [], writes: keys.map { write($0, "1") }),
        .finish(sample(2, job: b, due: 1).ended(.succeeded), [], writes: [write("a/3", "1")]),
      ])
      func bytes(_ prefix: String) throws -> [[UInt8]] {
        try store.keys(from: prefix, of: a).map { Array($0.utf8) }
      }
      try expectEqual(
        try bytes(""), ["Z", "a", "a/10", "a/2", "a0", "b", "e\u{301}", "é"].map { Array($0.utf8) },
        "all keys")
      try expectEqual(try store.keys(from: "a/", of: a), ["a/10", "a/2"], "keys with a prefix")
      try expectEqual(try store.keys(from: "a/3", of: a), [], "keys of another job")
      try expectEqual(try bytes("e"), [Array("e\u{301}".utf8)], "prefixes are compared by bytes")
    },
    RunStoreCheck("writes nothing when the row does not fit") { store in
      let (a, _) = try twoJobs(store)
      let run = sample(1, job: a, due: 1)
      let step = KeptStep(run: run.id, job: a, name: "s", result: "[1]")
      try store.commit([.claim(run, []), .keepStep(step, writes: [write("x", "0")])])
      try expectConflict("a transaction with a conflict at its end") {
        try store.commit([
          .keepStep(KeptStep(run: run.id, job: a, name: "t", result: "[]"), writes: [write("y", "1")]),
          .finish(run.ended(.succeeded), [], writes: [write("x", "1"), write("z", "2")]),
          .claim(sample(1, job: a, due: 9), []),
        ])
      }
      try expectEqual(try store.keys(from: "", of: a), ["x"], "keys after the conflict")
      try expectEqual(try store.entry("x", of: a), KeyValueEntry(value: "0", used: 2), "x after the conflict")
      try expectEqual(try store.step("s", of: run.id), "[1]", "the step after the conflict")
      try expectEqual(try store.step("t", of: run.id), nil, "the conflict's step")
    },
    RunStoreCheck("hands a job's key-value store over with its rows") { store in
      let (old, heir) = try twoJobs(store)
      try store.commit([
        .claim(sample(1, job: old, due: 1), []),
        .finish(sample(1, job: old, due: 1).ended(.succeeded), [], writes: [write("x", "1")]),
      ])
      try expect(try store.inherit(heir, from: "a"), "nothing was handed over")
      try expectEqual(try store.entry("x", of: heir), KeyValueEntry(value: "1", used: 2), "the heir's store")
      try expectEqual(
        try store.entry("x", of: old), KeyValueEntry(value: nil, used: 0), "the old job's store")
    },
    RunStoreCheck("keeps the steps of a run until it ends") { store in
      let (a, b) = try twoJobs(store)
      let (run, other) = (sample(1, job: a, due: 1), sample(2, job: b, due: 1))
      func keep(_ run: Run, _ name: String, _ result: String, _ writes: [KeyValueWrite] = []) throws {
        try store.commit([
          .keepStep(KeptStep(run: run.id, job: run.job, name: name, result: result), writes: writes)
        ])
      }
      try expectConflict("a step of a row that is not there") { try keep(run, "s", "[]") }
      try store.commit([.claim(run, []), .claim(other, [])])
      try keep(run, "upload", "[\"a\",null]", [write("x", "1")])
      try keep(run, "send", "[]")
      try keep(other, "upload", "[2]")
      var retry = run
      retry.attempt = 1
      try store.commit([.update(retry, [])])
      try expectEqual(try store.step("upload", of: run.id), "[\"a\",null]", "the step")
      try expectEqual(try store.step("send", of: run.id), "[]", "a step without result")
      try expectEqual(try store.step("other", of: run.id), nil, "a step that was not done")
      try expectEqual(try store.entry("x", of: a).value, "1", "what the step wrote")
      try store.commit([.finish(run.ended(.failed), [])])
      try expectEqual(try store.step("upload", of: run.id), nil, "the step of a run that has ended")
      try expectEqual(try store.entry("x", of: a).value, "1", "what the step of a failed run wrote")
      try expectEqual(try store.step("upload", of: other.id), "[2]", "the step of another run")
      try expectConflict("a step of a row that has ended") { try keep(run, "late", "[]") }
    },
  ]

  private static func write(_ key: String, _ value: String?) -> KeyValueWrite {
    KeyValueWrite(key: key, value: value)
  }

  private static func twoJobs(_ store: any RunStore) throws -> (JobKey, JobKey) {
    let keys = try store.jobKeys(for: ["a", "b"])
    guard let a = keys["a"], let b = keys["b"] else { throw ConformanceFailure(description: "no keys") }
    return (a, b)
  }
}
