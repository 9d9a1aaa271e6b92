import LuaHost
import Synchronization
import Testing
import Values

/// A daemon's side of the conversation: a key-value store and the steps of a run, in memory.
private final class FakeDaemon: Sendable {
  private struct Contents {
    var values: [String: String] = [:]
    var steps: [String: String] = [:]
    var questions: [DaemonQuestion] = []
    var trouble: String?
  }

  private let contents = Mutex(Contents())

  init(_ values: [String: String] = [:], for harness: Harness) {
    contents.withLock { $0.values = values }
    harness.recorder.daemon.withLock {
      $0 = { [self, host = harness.host] state, _, number, question in
        host.answer(state, number: number, answer(question))
      }
    }
  }

  var values: [String: String] { contents.withLock { $0.values } }
  var steps: [String: String] { contents.withLock { $0.steps } }
  var questions: [DaemonQuestion] { contents.withLock { $0.questions } }
  func break_(_ trouble: String) { contents.withLock { $0.trouble = trouble } }

  /// Takes what a run has left.
  func keep(_ writes: [KeyValueWrite]) {
    contents.withLock { contents in for write in writes { contents.values[write.key] = write.value } }
  }

  private func answer(_ question: DaemonQuestion) -> DaemonAnswer {
    contents.withLock { contents in
      contents.questions.append(question)
      if let trouble = contents.trouble { return .failed(trouble) }
      switch question {
      case .entry(let key, let withValue):
        let used = contents.values.reduce(0) { $0 + KeyValueWrite.size(key: $1.key, value: $1.value) }
        let value = contents.values[key]
        return .entry(
          value: withValue ? value : nil, size: value.map { KeyValueWrite.size(key: key, value: $0) } ?? 0,
          used: used)
      case .keys(let prefix): return .keys(contents.values.keys.filter { $0.hasPrefix(prefix) }.sorted())
      case .step(let name): return .step(contents.steps[name])
      case .keepStep(let name, let result, let writes):
        contents.steps[name] = result
        for write in writes { contents.values[write.key] = write.value }
        return .kept
      }
    }
  }
}

@Suite("almanac.kv", .timeLimit(.minutes(10))) struct KeyValueTests {
  let harness = Harness()

  /// Runs a `main` with `kv` and `job` at hand, and returns its end and what it has left.
  private func run(_ body: String) async throws -> (end: RunEnd, writes: [KeyValueWrite]) {
    let id = try await harness.load(
      """
      local kv, job, json = require "almanac.kv", require "almanac.job", nil
      function main(run)
      \(body)
      end
      """)
    let key = harness.start(id)
    let end = await harness.end(of: key)
    harness.host.close(id)
    return (end.end, harness.recorder.written.withLock { $0[key] ?? [] })
  }

  @Test("a run reads what was kept, and what it has written itself") func readsItsWrites() async throws {
    let daemon = FakeDaemon(["n": "41", "gone": "1", "list/b": "[1,2]", "text": "\"ü\""], for: harness)
    let (end, writes) = try await run(
      """
      local found = { kv.get("n"), kv.get("none"), kv.get("none", "default"), kv.get("text") }
      kv.set("n", kv.get("n") + 1)
      kv.delete("gone")
      kv.set("list/a", { x = { 1.5, true } })
      kv.set("flag", false)
      local keys, pairs = table.concat(kv.keys(), " "), {}
      for key, value in kv.pairs("list/") do pairs[#pairs + 1] = key .. type(value) end
      return { kv.get("n"), kv.get("gone") == nil, kv.get("flag"), kv.get("list/a").x[1], keys,
        table.concat(pairs, " "), kv.incr("n"), kv.incr("new", 2.5), kv.get("flag", true),
        found[1], found[2] == nil, found[3], found[4] }
      """)
    #expect(
      end.result
        == .table(
          DataTable(items: [
            42, true, false, .double(1.5), "flag list/a list/b n text", "list/atable list/btable", 43,
            .double(2.5), false,
            41, true, "default", "ü",
          ])))
    #expect(
      writes == [
        .init(key: "flag", value: "false"), .init(key: "gone", value: nil),
        .init(key: "list/a", value: "{\"x\":[1.5,true]}"), .init(key: "n", value: "43"),
        .init(key: "new", value: "2.5"),
      ])
    #expect(daemon.values["n"] == "41", "nothing is kept before the run has ended")
  }

  @Test(
    "only a run that succeeds or skips leaves what it wrote",
    arguments: [
      ("return 1", true), ("job.skip('nothing new')", true), ("error('x')", false),
      ("return nil, 'why'", false), ("job.retry_after(5)", false), ("job.fatal('x')", false),
    ])
  func leaves(ending: String, kept: Bool) async throws {
    _ = FakeDaemon(for: harness)
    let (_, writes) = try await run("kv.set('a', 1) \(ending)")
    #expect(writes == (kept ? [KeyValueWrite(key: "a", value: "1")] : []))
  }

  @Test(
    "what cannot be kept raises, and says why",
    arguments: [
      ("kv.set('k', print)", "kv.set: \"k\": a function has no form in JSON"),
      (
        "kv.set('k', { a = { 0/0 } })",
        "kv.set: \"k\": a number that is not finite has no form in JSON at a[1]"
      ),
      ("kv.set('k', '\\xff')", "kv.set: \"k\": a string that is not valid UTF-8 has no form in JSON"),
      ("kv.set('k', nil)", "kv.set: \"k\": there is no value; kv.delete removes a key"),
      ("kv.set('k', 1, { ttl = 60 })", "kv.set: \"k\": it takes no options"),
      ("kv.set('k')", "kv.set: \"k\": there is no value; kv.delete removes a key"),
      ("kv.set('', 1)", "kv.set: a key has 1 to 512 bytes and no zero among them; this one has 0"),
      (
        "kv.set(('k'):rep(513), 1)",
        "kv.set: a key has 1 to 512 bytes and no zero among them; this one has 513"
      ),
      ("kv.set(5, 1)", "kv.set: the key must be a string, not integer"),
      ("kv.get('\\xff')", "kv.get: the key must be a string of valid UTF-8"),
      ("kv.keys({})", "kv.keys: the prefix must be a string, not table"),
      ("kv.set('k', 'x') kv.incr('k')", "kv.incr: \"k\" holds a string, not a number"),
      (
        "kv.set('k', ('x'):rep(1 << 20))",
        "kv.set: \"k\": the value has 1048578 bytes as JSON, and may have 1MB; write it to a file in job.output(...)"
      ),
    ])
  func refusals(call: String, message: String) async throws {
    _ = FakeDaemon(for: harness)
    let (end, _) = try await run(call)
    #expect(end.failure == "jobs/test.lua:3: \(message)")
  }

  @Test("a store has a limit, which counts what is replaced only once") func storeLimit() async throws {
    let megabyte = String(repeating: "x", count: (1 << 20) - 4)
    var values: [String: String] = [:]
    for number in 10..<73 { values["\(number)"] = "\"\(megabyte)\"" }
    _ = FakeDaemon(values, for: harness)
    let (end, writes) = try await run(
      """
      local mega = ("x"):rep((1 << 20) - 4)
      for round = 1, 3 do
        for key = 10, 14 do kv.set(tostring(key), mega) end
      end
      kv.set("73", mega)
      local ok, err = pcall(kv.set, "74", mega)
      kv.delete("10")
      kv.set("74", mega)
      return err
      """)
    #expect(
      end.result?.asString
        == "jobs/test.lua:8: kv.set: \"74\": the job's store would hold 68157440 bytes, and it may hold 64MB: "
        + "delete what is no longer needed")
    #expect(writes.count == 7)
  }

  @Test("what one run writes has a limit, too") func pendingLimit() async throws {
    _ = FakeDaemon(for: harness)
    let (end, _) = try await run("for i = 1, 20 do kv.set('k' .. i, ('x'):rep((1 << 20) - 2)) end")
    #expect(
      end.failure
        == "jobs/test.lua:3: kv.set: \"k16\": more than 16MB were written that are not kept yet; "
        + "job.step keeps what is written in it when it ends")
  }

  @Test("initialize may read, and not write; a file's top level neither") func whereItIsThere() async throws {
    _ = FakeDaemon(["n": "7"], for: harness)
    let id = harness.nextNumber()
    _ = try await harness.evaluate(
      id,
      Harness.source(
        """
        local kv = require "almanac.kv"
        local _, early = pcall(kv.get, "n")
        function initialize()
          local _, late = pcall(kv.set, "n", 1)
          return kv.get("n") .. "; " .. early .. "; " .. late
        end
        function main() return kv.get("n") end
        """))
    #expect(
      try await harness.initialize(id)
        == "7; jobs/test.lua:2: kv.get is not available at a file's top level: use it in main; jobs/test.lua:4: kv.set belongs to a run: use it in main"
    )
    #expect(await harness.run(id).end.result == 7)
  }

  @Test("a daemon that cannot read raises: that is not a key without a value") func trouble() async throws {
    FakeDaemon(for: harness).break_("the ledger cannot be read: disk I/O error")
    for call in ["kv.get('k')", "kv.set('k', 1)", "kv.keys()", "job.step('s', print)"] {
      let (end, _) = try await run(call)
      #expect(end.failure?.hasSuffix("the ledger cannot be read: disk I/O error") == true, "\(end)")
    }
  }

  @Test("a run that waits for an answer ends at its limit, and a late answer does no harm")
  func lateAnswer() async throws {
    let asked = Mutex<[(StateID, UInt64)]>([])
    harness.recorder.daemon.withLock {
      $0 = { state, _, number, _ in asked.withLock { $0.append((state, number)) } }
    }
    let id = try await harness.load("function main() return require('almanac.kv').get('k') end")
    // On a machine that is busy with everything else, `main` may not get to ask in a short time.
    for milliseconds in [100, 1000, 10_000] where asked.withLock({ $0.isEmpty }) {
      let end = await harness.run(id, timeLimit: .milliseconds(milliseconds))
      #expect(end.end == .timedOut)
    }
    for (state, number) in asked.withLock({ $0 }) {
      harness.host.answer(state, number: number, .entry(value: "1", size: 2, used: 2))
      harness.host.answer(state, number: number + 1, .kept)
    }
    #expect(asked.withLock { $0.count } == 1)
  }
}

@Suite("job.step", .timeLimit(.minutes(10))) struct StepTests {
  let harness = Harness()

  private func load(_ body: String) async throws -> StateID {
    try await harness.load(
      """
      local kv, job = require "almanac.kv", require "almanac.job"
      calls = 0
      function main(run)
      \(body)
      end
      """)
  }

  @Test("is done once, and gives its results again to a later attempt") func once() async throws {
    let daemon = FakeDaemon(for: harness)
    let id = try await load(
      """
      local a, b, c = job.step("pages", function(...)
        calls = calls + 1
        job.sleep(0.01)
        return { n = calls, [5] = "five" }, nil, select("#", ...)
      end, 1, nil, nil)
      job.step("nothing", function() calls = calls + 1 end)
      if run.attempt == 1 then error("later") end
      return { a.n, a["5"], b == nil, c, calls }
      """)
    #expect(await harness.run(id, ["attempt": 1]).end.failure == "jobs/test.lua:10: later")
    #expect(daemon.steps == ["pages": "[{\"5\":\"five\",\"n\":1},null,3]", "nothing": "[]"])
    #expect(
      await harness.run(id, ["attempt": 2]).end.result == .table(DataTable(items: [1, "five", true, 3, 2])))
  }

  @Test("keeps what was written inside with it, whatever becomes of the run") func keepsWrites() async throws
  {
    let daemon = FakeDaemon(["a": "0"], for: harness)
    let id = try await load(
      """
      kv.set("a", 1)
      kv.set("b", 1)
      job.step("s", function() kv.set("a", kv.get("a") + 10) kv.delete("gone") end)
      kv.set("c", 1)
      if run.fails then error("x") end
      return kv.get("a")
      """)
    let failed = harness.start(id, ["fails": true])
    _ = await harness.end(of: failed)
    #expect(daemon.values == ["a": "11"])
    #expect(harness.recorder.written.withLock { $0[failed] } == nil)
    _ = FakeDaemon(for: harness)
    let done = harness.start(id, ["fails": false])
    #expect(await harness.end(of: done).end.result == 11)
    #expect(
      harness.recorder.written.withLock { $0[done] } == [
        .init(key: "b", value: "1"), .init(key: "c", value: "1"),
      ])
  }

  @Test(
    "a function that fails leaves nothing, and its error goes on",
    arguments: [
      ("error({ code = 5 })", "{\"code\":5}"), ("return nil, 'refused'", "refused"),
      ("return print", "a function has no form in JSON at [1]"),
      ("return ('x'):rep(1 << 20)", "may have 1MB; write it to a file"), ("job.skip('skipped')", ""),
    ])
  func failing(body: String, error: String) async throws {
    let daemon = FakeDaemon(["a": "1"], for: harness)
    let id = try await load(
      """
      local ok, value, err = pcall(job.step, "s", function() kv.set("a", 2) \(body) end)
      local text = ok and err or value
      if type(text) == "table" then text = '{"code":' .. text.code .. '}' end
      return text .. "|" .. kv.get("a")
      """)
    let end = await harness.run(id).end
    #expect(daemon.steps.isEmpty)
    #expect(daemon.values == ["a": "1"])
    guard error != "" else { return #expect(end == .skipped("skipped")) }
    let result = try #require(end.result?.asString)
    #expect(result.hasSuffix("|1"))
    #expect(result.contains(error), "\(result)")
  }

  @Test(
    "misuse raises",
    arguments: [
      (
        "job.step('a', print) job.step('a', print)",
        "job.step \"a\": this attempt has done a step of that name: give each its own, such as \"a \" .. i"
      ),
      (
        "job.step('a', function() job.step('b', print) end)",
        "job.step \"b\": it begins inside of step \"a\", and steps do not nest"
      ),
      ("job.step('a')", "job.step: a function is needed after the name, not a nil"),
      ("job.step(nil, print)", "job.step: a step's name is a string of 1 to 200 bytes"),
      ("job.step(('x'):rep(201), print)", "job.step: a step's name is a string of 1 to 200 bytes"),
    ])
  func misuse(call: String, message: String) async throws {
    _ = FakeDaemon(for: harness)
    let id = try await load(call)
    #expect(await harness.run(id).end.failure == "jobs/test.lua:4: \(message)")
  }
}
