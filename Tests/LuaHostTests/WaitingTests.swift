import LuaHost
import Synchronization
import Testing
import Values

@Suite("Waiting", .timeLimit(.minutes(10))) struct WaitingTests {
  /// What became of the calls that are never answered.
  final class Unanswered: Sendable {
    let calls = Atomic(0)
    let cancellations = Atomic(0)
  }

  /// Functions that answer at once, later, from another thread before they have returned, twice, or never.
  static func modules(_ unanswered: Unanswered) -> [HostModule] {
    [
      HostModule(
        name: "almanac.wait",
        functions: [
          HostFunction(name: "now", isOutside: false) { .values($0.arguments) },
          HostFunction(name: "later", isOutside: true) { call in
            Task {
              try? await Task.sleep(for: .milliseconds(5))
              call.resume(.values(call.arguments))
              call.resume(.trouble("a second answer"))
            }
            return .waiting
          },
          HostFunction(name: "race", isOutside: false) { call in
            Task.detached { call.resume(.values(call.arguments)) }
            return .waiting
          },
          HostFunction(name: "before", isOutside: false) { call in
            call.resume(.values(call.arguments))
            return .waiting
          },
          HostFunction(name: "trouble", isOutside: false) { call in
            Task { call.resume(.trouble("no route to host")) }
            return .waiting
          },
          HostFunction(name: "misuse", isOutside: false) { call in
            Task { call.resume(.misuse("wrong argument")) }
            return .waiting
          },
          HostFunction(name: "never", isOutside: false) { call in
            call.onCancel { unanswered.cancellations.add(1, ordering: .relaxed) }
            unanswered.calls.add(1, ordering: .relaxed)
            return .waiting
          },
        ])
    ]
  }

  let unanswered = Unanswered()
  let harness: Harness

  init() { harness = Harness(modules: Self.modules(unanswered)) }

  @Test(
    "gives the answer wherever the call stands",
    arguments: [
      "return f(7)",
      "local ok, x = pcall(f, 7) return x",
      "local ok, x = xpcall(f, print, 7) return x",
      "local ok, x = pcall(pcall, f, 7) return select(2, pcall(f, 7))",
      "return coroutine.wrap(function() return f(7) end)()",
      "return coroutine.wrap(f)(7)",
      "local ok, x = coroutine.resume(coroutine.create(function() local y = f(3) return y + f(4) end)) return x",
      "return coroutine.wrap(function() return coroutine.wrap(function() return f(7) end)() end)()",
      "local n = 0 for x in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(f(i)) end end) do n = n + x end return n + 1",
      """
      local co = coroutine.wrap(function(a) local b = coroutine.yield(f(a)) return f(a + b) end)
      assert(co(3) == 3)
      return co(4)
      """,
      "for x in (function() return f(7) end) do return x end",
      "local t = setmetatable({}, {__index = function(_, k) return f(k) end}) return t[7]",
      "local t = setmetatable({}, {__add = function(_, k) return f(k) end}) return t + 7",
      "local mt = {__lt = function() return f(true) end} return setmetatable({}, mt) < setmetatable({}, mt) and 7",
      "local t = setmetatable({}, {__concat = function() return f(7) end}) return t .. 'x'",
      "local x do local y <close> = setmetatable({}, {__close = function() x = f(7) end}) end return x",
      "return load('return (...)(7)')(f)",
      "local x pcall(function() local y <close> = setmetatable({}, {__close = function() x = f(7) end}) error('e') end) return x",
    ], ["now", "later", "race", "before"])
  func givesAnswer(body: String, function: String) async throws {
    let end = try await harness.run(body: "local f = require 'almanac.wait'.\(function)\n\(body)")
    #expect(end.end == .succeeded(result: .int(7)))
  }

  @Test("gives trouble as nil and a text, misuse as an error with the caller's line") func failures()
    async throws
  {
    let end = try await harness.run(
      body: """
        local wait = require "almanac.wait"
        function main()
          local x, err = wait.trouble()
          local ok, raised = pcall(function()
            wait.misuse()
          end)
          return { tostring(x), err, raised }
        end
        """)
    #expect(
      end.end.result
        == .table(DataTable(items: ["nil", "no route to host", "jobs/test.lua:5: wrong argument"])))
  }

  @Test(
    "is refused where Lua cannot be suspended",
    arguments: [
      ("table.sort({2, 1}, function() f() end)", "a table.sort comparator"),
      ("string.gsub('a', 'a', function() f() end)", "a string.gsub callback"),
      ("tostring(setmetatable({}, {__tostring = function() f() end}))", "a __tostring metamethod"),
      ("print(setmetatable({}, {__tostring = function() f() end}))", "a __tostring metamethod"),
      ("assert(load(function() f() end))", "a reader function of load"),
      (
        "error(select(2, xpcall(error, function() return select(2, pcall(f)) end)), 0)",
        "a message handler of xpcall"
      ),
      ("require 'waits'", "a module's top level"),
      (
        "table.concat(setmetatable({}, {__index = function() f() end}), '', 1, 2)",
        "a metamethod or a callback"
      ),
      ("table.sort({2, 1}, coroutine.wrap(function() f() end))", "a table.sort comparator"),
    ])
  func isRefused(call: String, place: String) async throws {
    for function in ["never", "sleep"] {
      let f =
        function == "never" ? "require 'almanac.wait'.never" : "function() require 'almanac.job'.sleep(1) end"
      let end = try await harness.run(
        body: """
          f = \(f)
          function main()
            \(call)
            return "not refused"
          end
          """, modules: ["waits": "f()"])
      #expect(end.end.failure?.hasSuffix("cannot wait inside \(place)") == true, "\(end.end)")
    }
  }

  @Test("is refused at a file's top level, with its line") func topLevel() async throws {
    for text in ["require 'almanac.job'.sleep(1)", "require 'almanac.wait'.never()"] {
      await #expect {
        try await harness.load("\n\(text)\nfunction main() end")
      } throws: { error in
        (error as? ScriptError)?.message == "jobs/test.lua:2: cannot wait inside the top level of a file"
      }
    }
  }

  @Test("works in initialize") func initialize() async throws {
    let id = harness.nextNumber()
    let text =
      "function initialize() return 'ready ' .. require 'almanac.wait'.later('!') end function main() end"
    let script = try await harness.evaluate(id, Harness.source(text))
    #expect(script.hasInitialize)
    #expect(try await harness.initialize(id) == "ready !")
  }

  @Test("cancels the call once when the run is stopped, and ignores a late answer") func cancels()
    async throws
  {
    var calls = 0
    for (body, count) in [
      ("f()", 1), ("pcall(coroutine.wrap(f)) f()", 1),
      // The first is refused, and so nobody waits for it any more.
      ("pcall(table.sort, {2, 1}, f) f()", 2),
    ] {
      let id = try await harness.load(
        "local f = require 'almanac.wait'.never function main() \(body) end")
      let run = harness.start(id, timeLimit: nil)
      calls += count
      while unanswered.calls.load(ordering: .relaxed) < calls { try await Task.sleep(for: .milliseconds(1)) }
      harness.host.stop(run, reason: .cancelled("enough"))
      #expect(await harness.end(of: run).end == .cancelled("enough"))
      #expect(unanswered.cancellations.load(ordering: .relaxed) == calls)
    }
    let end = try await harness.run(
      body: "while true do require 'almanac.wait'.later() end", timeLimit: .milliseconds(20))
    #expect(end.end == .timedOut)
    #expect(try await harness.run(body: "return 'still there'").end == .succeeded(result: "still there"))
  }

  @Test("tells that the run calls outside, once") func outside() async throws {
    let id = try await harness.load(
      "local w = require 'almanac.wait' function main() w.now() w.later() w.later() end")
    _ = await harness.run(id, slot: 77)
    _ = await harness.run(id, slot: 78)
    #expect(harness.recorder.events.withLock { $0 } == ["main 77", "outside 77", "main 78", "outside 78"])
  }

  @Test("sleeps for as long as it is told, and no thread") func sleeps() async throws {
    let id = try await harness.load(
      """
      local job = require "almanac.job"
      function main(run) job.sleep(run.params) return job.remaining() end
      """)
    let end = await harness.run(id, ["params": .double(0.05)], timeLimit: .seconds(1000))
    #expect(end.duration >= .milliseconds(50))
    #expect(end.duration < .milliseconds(500) + Harness.slack)
    let remaining = try #require(end.end.result?.asDouble)
    #expect(remaining > 900 && remaining < 999.95)
    #expect(await harness.run(id, ["params": "30ms"]).duration >= .milliseconds(30))
    #expect(await harness.run(id, ["params": 0], timeLimit: nil).end == .succeeded(result: .null))
    for (argument, message) in [
      ("-1", "job.sleep: the time must be from 0 to 1e9 seconds, not -1"),
      ("0/0", "job.sleep: the time must be from 0 to 1e9 seconds, not -nan"),
      ("{}", "job.sleep: the time must be a number of seconds or a duration like \"10s\", not a table"),
    ] {
      let end = try await harness.run(body: "require 'almanac.job'.sleep(\(argument))")
      #expect(end.end.failure == "jobs/test.lua:2: \(message)")
    }
  }

  @Test("many answers that race with the yield lose no wake-up") func races() async throws {
    let text = """
      local race = require "almanac.wait".race
      function main()
        for i = 1, 300 do assert(race(i) == i) end
        return coroutine.wrap(function() for i = 1, 300 do assert(race(i) == i) end return "all" end)()
      end
      """
    try await withThrowingTaskGroup { group in
      for _ in 0..<20 {
        group.addTask {
          let id = try await harness.load(text)
          for _ in 0..<3 { #expect(await harness.run(id).end == .succeeded(result: "all")) }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("thousands of sleeping runs end at once when they are stopped") func manySleepers() async throws {
    var runs: [RunKey] = []
    for _ in 0..<2000 {
      let id = try await harness.load("function main() pcall(require 'almanac.job'.sleep, 1000) end")
      runs.append(harness.start(id, timeLimit: nil))
    }
    let begin = ContinuousClock.now
    for run in runs { harness.host.stop(run, reason: .cancelled("enough")) }
    for run in runs { #expect(await harness.end(of: run).end == .cancelled("enough")) }
    #expect(ContinuousClock.now - begin < .seconds(5) + Harness.slack)
  }
}
