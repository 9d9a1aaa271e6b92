import LuaHost
import Testing
import Values

/// Whatever a script does, its run ends at its time limit, or at the end of its grace if closers hold it up.
@Suite("Stopping", .serialized, .timeLimit(.minutes(10))) struct StoppingTests {
  let harness = Harness()

  static let endless: [(name: String, body: String)] = [
    ("a bare loop", "while true do end"),
    ("a goto loop", "::again:: goto again"),
    ("a numeric loop", "for _ = 1, math.maxinteger do end"),
    ("a repeat", "repeat local x = 1 until x == 2"),
    ("pcall around a loop", "while true do pcall(function() while true do end end) end"),
    ("nested pcalls", "local function f() while true do pcall(f) end end f()"),
    ("xpcall with a handler that loops", "local function loop() while true do end end xpcall(loop, loop)"),
    (
      "xpcall whose handler calls it again",
      "local function h() while true do end end while true do xpcall(error, function() xpcall(error, h) end) end"
    ),
    ("an error in a handler", "while true do xpcall(error, function() error('again') end) end"),
    ("recursion", "local function f() return f() end f()"),
    ("stack overflow", "local function f() f() f() end while true do pcall(f) end"),
    (
      "metamethod recursion",
      "local t t = setmetatable({}, {__index = function(_, k) return t[k + 1] end}) while true do pcall(function() return t[1] end) end"
    ),
    ("an inner coroutine", "coroutine.wrap(function() while true do end end)()"),
    ("inner coroutines for ever", "while true do coroutine.wrap(function() while true do end end)() end"),
    ("inner coroutines that end", "while true do coroutine.wrap(function() end)() end"),
    (
      "resume in pcall",
      "while true do pcall(coroutine.resume, coroutine.create(function() while true do end end)) end"
    ),
    (
      "nested coroutines",
      "local function f(n) if n == 0 then while true do end end coroutine.wrap(f)(n - 1) end while true do pcall(f, 20) end"
    ),
    ("a generator", "for _ in coroutine.wrap(function() while true do coroutine.yield(1) end end) do end"),
    (
      "pcall in a coroutine in pcall",
      "local function f() pcall(function() while true do end end) return f() end while true do pcall(coroutine.wrap(f)) end"
    ),
    (
      "a __close that loops",
      "local x <close> = setmetatable({}, {__close = function() while true do end end}) while true do end"
    ),
    (
      "__close that loops in pcall",
      """
      while true do pcall(function()
        local x <close> = setmetatable({}, {__close = function() while true do pcall(error) end end})
        while true do end
      end) end
      """
    ),
    (
      "many closers that loop",
      """
      local mt = {__close = function() while true do end end}
      local a <close> = setmetatable({}, mt)
      local c <close> = setmetatable({}, mt)
      local d <close> = setmetatable({}, mt)
      while true do end
      """
    ),
    (
      "closers that raise",
      """
      local mt = {__close = function() error("closer") end}
      while true do pcall(function()
        local a <close> = setmetatable({}, mt)
        local b <close> = setmetatable({}, mt)
        while true do end
      end) end
      """
    ),
    (
      "closers that make closers",
      """
      local mt = {}
      mt.__close = function() local x <close> = setmetatable({}, mt) while true do end end
      local x <close> = setmetatable({}, mt)
      while true do end
      """
    ),
    (
      "a looping closer of an inner coroutine",
      """
      while true do
        pcall(coroutine.wrap(function()
          local x <close> = setmetatable({}, {__close = function() while true do end end})
          while true do end
        end))
      end
      """
    ),
    (
      "coroutine.close of a coroutine with a looping closer",
      """
      local co = coroutine.create(function()
        local x <close> = setmetatable({}, {__close = function() while true do end end})
        coroutine.yield()
      end)
      coroutine.resume(co)
      while true do pcall(coroutine.close, co) end
      """
    ),
    (
      "wrap of a coroutine that dies with a looping closer",
      """
      while true do
        pcall(coroutine.wrap(function()
          local x <close> = setmetatable({}, {__close = function() while true do end end})
          error("x")
        end))
      end
      """
    ),
    (
      "a closer that is a coroutine",
      """
      local x <close> = setmetatable({}, {__close = coroutine.wrap(function()
        while true do pcall(coroutine.yield) end
      end)})
      while true do end
      """
    ),
    (
      "a for loop's closing value",
      "for _ in function() return 1 end, nil, nil, setmetatable({}, {__close = function() while true do end end}) do end"
    ),
    (
      "a __tostring that loops", "tostring(setmetatable({}, {__tostring = function() while true do end end}))"
    ),
    (
      "an error value whose __tostring loops",
      "error(setmetatable({}, {__tostring = function() while true do end end}))"
    ),
    (
      "an error value whose __index loops",
      "error(setmetatable({}, {__index = function() while true do end end, __tostring = function(t) return t.x end}))"
    ),
    (
      "a result whose __index and __pairs loop",
      "local function loop() while true do end end return setmetatable({}, {__index = loop, __pairs = loop, __len = loop}), loop()"
    ),
    (
      "print of a looping __tostring",
      "while true do pcall(print, setmetatable({}, {__tostring = function() while true do end end})) end"
    ),
    (
      "table.sort with a looping comparator",
      "while true do pcall(table.sort, {3, 2, 1}, function() while true do end end) end"
    ),
    (
      "table.sort of a fabulous length",
      "table.sort(setmetatable({}, {__len = function() return 1 << 30 end, __index = function() return 1 end, __newindex = rawequal}), rawequal)"
    ),
    (
      "table.sort in an inner coroutine",
      "while true do pcall(coroutine.wrap(function() table.sort({3, 2, 1}, function() while true do end end) end)) end"
    ),
    (
      "table.concat of a fabulous length",
      "table.concat(setmetatable({}, {__len = function() return 1 << 60 end, __index = function() return '' end}))"
    ),
    (
      "table.insert at a fabulous length",
      "table.insert(setmetatable({}, {__len = function() return 1 << 60 end}), 1, 1)"
    ),
    (
      "table.remove at a fabulous length",
      "table.remove(setmetatable({}, {__len = function() return 1 << 60 end}), 1)"
    ),
    ("table.move over nothing", "table.move({}, 1, 1 << 60, 2)"),
    (
      "string.gsub with a looping callback",
      "while true do pcall(string.gsub, 'abc', '.', function() while true do end end) end"
    ),
    ("gsub in gsub", "local function f() string.gsub('abc', '.', f) end while true do pcall(f) end"),
    ("string.find that backtracks for ever", "('a'):rep(200):find(('a-'):rep(20) .. 'b')"),
    ("string.match that backtracks for ever", "('a'):rep(200):match(('a*'):rep(20) .. 'b')"),
    (
      "string.gmatch that backtracks for ever",
      "for _ in ('a'):rep(200):gmatch(('a?'):rep(100) .. ('a'):rep(150) .. 'b') do end"
    ),
    ("string.gsub of a long run of spaces", "((' '):rep(2e6) .. 'x'):gsub('%s+$', '')"),
    ("string.gsub of long balanced text", "('('):rep(2e6):gsub('%b()', '')"),
    (
      "string.find of a long text in a longer one",
      "while true do pcall(string.find, ('a'):rep(8e6), ('a'):rep(1e6) .. 'b', 1, true) end"
    ),
    ("string.find in pcall", "while true do pcall(string.find, ('a'):rep(200), ('a-'):rep(20) .. 'b') end"),
    (
      "string.find in a coroutine",
      "while true do pcall(coroutine.wrap(string.find), ('a'):rep(200), ('a-'):rep(20) .. 'b') end"
    ),
    (
      "string.find in a comparator",
      "table.sort({1, 2, 3}, function() return ('a'):rep(200):find(('a-'):rep(20) .. 'b') end)"
    ),
    (
      "string.find as a metamethod",
      "local t = setmetatable({}, {__index = function() return ('a'):rep(200):find(('a-'):rep(20) .. 'b') end}) return t[1]"
    ),
    ("load with a reader that loops", "while true do pcall(load, function() while true do end end) end"),
    ("load with a reader that never ends", "while true do load(function() return ' ' end) end"),
    ("loaded code", "while true do pcall(load('while true do end')) end"),
    ("load of load", "local s = 'local s = ... while true do pcall(load(s), s) end' load(s)(s)"),
    ("string building", "while true do local s = '' for i = 1, 1000 do s = s .. i end end"),
    ("string.rep in a loop", "while true do string.rep('x', 1 << 20) end"),
    ("string.rep of nothing", "while true do string.rep('', 1 << 62) end"),
    ("string.format", "while true do string.format('%99.99f', 1e300) end"),
    (
      "string.format of many numbers",
      "local t = {} for i = 1, 1e5 do t[i] = 5e-324 end while true do ('%.99g'):rep(#t):format(table.unpack(t)) end"
    ),
    ("string.format that quotes", "while true do ('%q'):format(('\\1'):rep(4e6)) end"),
    ("string.pack of a format that packs nothing", "while true do pcall(string.pack, (' '):rep(8e6)) end"),
    ("collectgarbage count", "while true do collectgarbage('count') end"),
    ("require of a module that loops", "while true do pcall(require, 'endless') end"),
    ("host calls", "local job = require 'almanac.job' while true do pcall(job.remaining) end"),
    ("host calls that fail", "local job = require 'almanac.job' while true do pcall(job.sleep, 'x') end"),
    ("short sleeps", "local job = require 'almanac.job' while true do pcall(job.sleep, 0.001) end"),
    ("logging", "while true do print('x') end"),
    ("a long sleep", "require 'almanac.job'.sleep(1000)"),
    ("a long sleep in pcall", "while true do pcall(require 'almanac.job'.sleep, 1000) end"),
    (
      "a long sleep in coroutines",
      "local job = require 'almanac.job' while true do pcall(coroutine.wrap(function() pcall(coroutine.wrap(job.sleep), 1000) end)) end"
    ),
    (
      "a closer that sleeps",
      """
      local job = require 'almanac.job'
      local x <close> = setmetatable({}, {__close = function() while true do pcall(job.sleep, 1000) end end})
      while true do end
      """
    ),
    (
      "a closer of an inner coroutine that sleeps",
      """
      local job = require 'almanac.job'
      coroutine.wrap(function()
        local x <close> = setmetatable({}, {__close = function() while true do pcall(job.sleep, 1000) end end})
        while true do end
      end)()
      """
    ),
    (
      "skip in a closer, for ever",
      """
      local job = require 'almanac.job'
      local x <close> = setmetatable({}, {__close = function() while true do pcall(job.skip) end end})
      while true do end
      """
    ),
    (
      "deep call depth",
      "local function f(n) if n == 0 then while true do end end return (f(n - 1)) end f(150000)"
    ),
    ("a getter by _ENV", "setmetatable(_G, {__index = function() while true do end end}) return nosuch"),
    (
      "comparison",
      "local mt = {__lt = function() while true do end end} return setmetatable({}, mt) < setmetatable({}, mt)"
    ),
    ("string coercion", "getmetatable('').__add = function() while true do end end return 'a' + 1"),
    ("an iterator in C", "while true do for _ in pairs({1, 2, 3}) do end end"),
    (
      "next on a big table",
      "local t = {} for i = 1, 1e5 do t[i] = i end while true do for k in next, t do end end"
    ),
    ("math.random", "while true do math.random() end"),
    ("utf8", "while true do for p, c in utf8.codes('äöü') do end end"),
    ("os.time", "while true do os.time() end"),
    ("debug.traceback", "while true do debug.traceback('x') end"),
    ("xpcall with traceback", "while true do xpcall(function() while true do end end, debug.traceback) end"),
    (
      "nested closes of coroutines",
      """
      local function make(n)
        local co = coroutine.create(function()
          local x <close> = setmetatable({}, {__close = function() if n > 0 then coroutine.close(make(n - 1)) end end})
          coroutine.yield()
        end)
        coroutine.resume(co)
        return co
      end
      while true do pcall(coroutine.close, make(15000)) end
      """
    ),
  ]

  @Test("ends", arguments: endless.map(\.name)) func ends(name: String) async throws {
    let body = try #require(Self.endless.first { $0.name == name }?.body)
    let end = try await harness.run(
      body: body, modules: ["endless": "while true do end"], timeLimit: .milliseconds(50),
      grace: .milliseconds(50))
    #expect(end.end == .timedOut)
    #expect(end.stateLost)
    #expect(end.duration >= .milliseconds(49))
    #expect(end.duration < .seconds(1) + Harness.slack, "limit and grace are 100 ms")
  }

  @Test("lets closers do their work, and wait in it") func closersWork() async throws {
    let end = try await harness.run(
      body: """
        local job, log = require "almanac.job", require "almanac.log"
        local function closing(name) return setmetatable({}, {__close = function()
          job.sleep(0.01)
          local ok, err = pcall(error, name, 0)
          log.info(err)
        end}) end
        function main()
          local a <close> = closing("a")
          pcall(function()
            local b <close> = closing("b")
            coroutine.wrap(function()
              local c <close> = closing("c")
              pcall(coroutine.wrap(function()
                local d <close> = closing("d")
                while true do end
              end))
            end)()
          end)
        end
        """, timeLimit: .milliseconds(500), grace: .seconds(100))
    #expect(end.end == .timedOut)
    #expect(end.log.dropLast().map(\.message) == ["d", "c", "b", "a"])
    #expect(end.log.last?.message.hasPrefix("stopped at jobs/test.lua:1") == true)
    #expect(end.duration < .seconds(8) + Harness.slack)
  }

  @Test(
    "lets closers work in a run that waits",
    arguments: ["job.sleep(1000)", "coroutine.wrap(job.sleep)(1000)"])
  func closersWorkAfterWaiting(wait: String) async throws {
    let end = try await harness.run(
      body: """
        local job, log = require "almanac.job", require "almanac.log"
        function main()
          local a <close> = setmetatable({}, {__close = function() job.sleep(0.01) log.info("a") end})
          local f = coroutine.wrap(function()
            local b <close> = setmetatable({}, {__close = function() job.sleep(0.01) log.info("b") end})
            pcall(function() \(wait) end)
            log.info("not reached")
          end)
          pcall(f)
          log.info("not reached")
        end
        """, timeLimit: .milliseconds(500), grace: .seconds(100))
    #expect(end.end == .timedOut)
    #expect(end.log.map(\.message) == ["b", "a", "stopped at jobs/test.lua:6"])
    #expect(end.duration < .seconds(8) + Harness.slack)
  }

  @Test(
    "lets closers work in a coroutine that was in a callback",
    arguments: [
      "table.sort({1, 2, 3}, loop)", "string.gsub('x', 'x', loop)", "load(loop)",
      "table.sort({1, 2}, function() ('x'):gsub('x', loop) end)",
    ])
  func closersWorkAfterCallback(call: String) async throws {
    let end = try await harness.run(
      body: """
        local log = require "almanac.log"
        local function loop() while true do end end
        local function closing(name) return setmetatable({}, {__close = function() log.info(name) end}) end
        function main()
          local a <close> = closing("outer")
          coroutine.wrap(function()
            local b <close> = closing("inner")
            \(call)
          end)()
        end
        """, timeLimit: .milliseconds(200), grace: .seconds(10))
    #expect(end.end == .timedOut)
    #expect(end.log.map(\.message) == ["inner", "outer", "stopped at jobs/test.lua:2"])
    #expect(end.duration < .seconds(8))
  }

  @Test("at any moment of any script loses nothing", arguments: 1...8) func atAnyMoment(seed: Int)
    async throws
  {
    let bodies =
      Self.endless.map(\.body) + [
        "for i = 1, 20 do require 'almanac.job'.sleep(0.001) end", "return 'done'", "error('x')",
        "require 'almanac.job'.skip('x')",
      ]
    try await withThrowingTaskGroup { group in
      for _ in 0..<40 {
        let (body, delay) = (bodies.randomElement() ?? "", Int.random(in: 0..<30_000))
        group.addTask {
          let id = try await harness.load(
            "function main() \(body) end", modules: ["endless": "while true do end"])
          let run = harness.start(
            id, timeLimit: .milliseconds(500), grace: .milliseconds(Int.random(in: 0..<20)))
          try await Task.sleep(for: .microseconds(delay))
          harness.host.stop(run, reason: .cancelled("now"))
          if .random() { harness.host.close(id) }
          let end = await harness.end(of: run)
          if end.stateLost { #expect([.cancelled("now"), .timedOut].contains(end.end), "\(body)") }
          harness.host.close(id)
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("by hand has its reason") func byHand() async throws {
    let id = try await harness.load("function main() require 'almanac.job'.sleep(1000) end")
    let run = harness.start(id)
    harness.host.stop(run, reason: .cancelled("by hand"))
    harness.host.stop(run, reason: .cancelled("again"))
    let end = await harness.end(of: run)
    #expect(end.end == .cancelled("by hand"))
    harness.host.stop(run, reason: .cancelled("too late"))
  }

  @Test("a state that was lost can be loaded again") func stateIsLost() async throws {
    let source = "count = 0 function main(run) count = count + 1 while run.params do end return count end"
    let id = try await harness.load(source)
    #expect(await harness.run(id).end == .succeeded(result: 1))
    let end = await harness.run(id, ["params": true], timeLimit: .milliseconds(30))
    #expect(end.end == .timedOut)
    #expect(end.stateLost)
    let gone = await harness.run(id)
    #expect(gone.end == .failed(ScriptError(text: "the job's Lua state is gone: it must be loaded again")))
    #expect(gone.stateLost)
    _ = try await harness.evaluate(id, Harness.source(source))
    _ = try await harness.initialize(id)
    #expect(await harness.run(id).end == .succeeded(result: 1))
  }

  @Test("closing a state stops its run") func closing() async throws {
    let id = try await harness.load("function main() while true do end end")
    let run = harness.start(id, timeLimit: nil)
    harness.host.close(id)
    #expect(await harness.end(of: run).end == .cancelled("the job's state was closed"))
  }

  @Test("a run that has no time limit is left alone") func noLimit() async throws {
    let end = try await harness.run(
      body: "local n = os.clock() while os.clock() - n < 0.3 do end return 'done'", timeLimit: nil)
    #expect(end.end == .succeeded(result: "done"))
  }

  @Test("the host shuts down under load") func shutDown() async throws {
    let harness = Harness()
    for body in [
      "while true do end", "require 'almanac.job'.sleep(1000)",
      "local x <close> = setmetatable({}, {__close = function() while true do end end}) while true do end",
    ] {
      for _ in 0..<5 {
        let id = try await harness.load("function main() \(body) end")
        _ = harness.start(id, timeLimit: nil)
      }
    }
    let begin = ContinuousClock.now
    harness.host.shutDown()
    #expect(ContinuousClock.now - begin < .seconds(2) + Harness.slack)
  }
}
