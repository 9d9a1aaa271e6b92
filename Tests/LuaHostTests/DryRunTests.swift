import LuaHost
import Synchronization
import Testing
import Values

@Suite("A dry run", .timeLimit(.minutes(10))) struct DryRunTests {
  private func run(
    _ body: String, dry: Bool = true, answers: DataValue = [:]
  ) async throws -> (end: Harness.End, called: [String], events: [String], writes: [KeyValueWrite]?) {
    let called = Mutex<[String]>([])
    func function(_ name: String, isOutside: Bool, _ inDryRun: InDryRun? = nil) -> HostFunction {
      HostFunction(name: name, isOutside: isOutside, inDryRun: inDryRun) { call in
        if case .pretends = inDryRun {
          let subject = call.arguments.first?.asString ?? ""
          if let reply = call.pretend("send \(subject)", returning: ["code": 0, "dry": true]) {
            return reply
          }
        }
        called.withLock { $0.append(name) }
        return .values([["code": 1]])
      }
    }
    let harness = Harness(modules: [
      HostModule(
        name: "almanac.test",
        functions: [
          function("look", isOutside: false), function("change", isOutside: true),
          function("send", isOutside: true, .pretends),
        ])
    ])
    harness.recorder.daemon.withLock {
      $0 = { [host = harness.host] state, _, number, question in
        let answer: DaemonAnswer =
          switch question {
          case .entry: .entry(value: "1", size: 2, used: 2)
          case .keys: .keys(["n"])
          case .step: .step(nil)
          case .keepStep: .failed("a dry run keeps nothing")
          }
        host.answer(state, number: number, answer)
      }
    }
    let id = try await harness.load(
      """
      local test, kv, job = require "almanac.test", require "almanac.kv", require "almanac.job"
      function main(run)
      \(body)
      end
      """)
    let key = RunKey(harness.nextNumber())
    harness.host.start(
      id, RunStart(key: key, slot: 7, run: [:], timeLimit: 60_000_000_000, dry: dry, answers: answers))
    let end = await harness.end(of: key)
    return (
      end, called.withLock { $0 }, harness.recorder.events.withLock { $0 },
      harness.recorder.written.withLock { $0[key] }
    )
  }

  @Test("logs what would change the world, in place of doing it") func announces() async throws {
    let body = """
      local a, b, c = test.look(), test.change("x", 5, { k = true, smtp = { password = "p" } }, ("y"):rep(200)), test.send("mail")
      return { a.code, b, c.code, c.dry }
      """
    let dry = try await run(body)
    #expect(dry.end.end.result == .table(DataTable(items: [1, true, 0, true])))
    #expect(dry.called == ["look"])
    #expect(
      dry.end.log.map(\.message) == [
        "dry: would call test.change x 5 {\"k\":true,\"smtp\":{\"password\":\"***\"}} (200 bytes)",
        "dry: would send mail",
      ])
    #expect(!dry.events.contains("outside 7"))
    let real = try await run("return { test.change().code, test.send('x').code }", dry: false)
    #expect(real.end.end.result == .table(DataTable(items: [1, 1])))
    #expect(real.end.log.isEmpty)
    #expect(real.events.contains("outside 7"))
  }

  @Test("a test gives answers by what a call would do; the longest intent that matches counts")
  func answers() async throws {
    let outcome = try await run(
      """
      local a, b, c = test.send("mail to ann"), test.send("mail to bob"), test.send("*")
      local none, err = test.send("fax")
      return { a.code, a.dry, b.code, c.code, tostring(none), err, test.change("x"), test.change("y").deep[1] }
      """,
      answers: [
        "send mail*": ["code": 5], "send mail to b*": ["code": 6, "dry": false], "send \\*": ["code": 7],
        "send fax": ["error": "the line is busy"], "call test.change x": "text",
        "call*change y": ["deep": .list([9])],
      ])
    #expect(
      outcome.end.end.result
        == .table(DataTable(items: [5, true, 6, 0, "nil", "the line is busy", "text", 9])))
  }

  @Test("kv and steps work as ever, and nothing of them is kept") func kept() async throws {
    let outcome = try await run(
      """
      kv.set("n", kv.get("n") + 1)
      local s = job.step("s", function() kv.set("m", "in step") return kv.get("n") end)
      kv.delete("m")
      return { s, kv.get("n"), kv.get("m") == nil, #kv.keys() }
      """)
    #expect(outcome.end.end.result == .table(DataTable(items: [2, 2, true, 1])))
    #expect(
      outcome.end.log.map(\.message) == [
        "dry: would set n in kv to 2", "dry: would set m in kv to \"in step\"", "dry: would delete m from kv",
      ])
    #expect(outcome.writes == nil)
  }
}
