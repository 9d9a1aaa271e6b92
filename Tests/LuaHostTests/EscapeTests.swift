import LuaHost
import Testing
import Values

/// The scripts that escape a host which has only a count hook and a memory limit: here each run ends as it
/// should, and a run beside it goes on.
@Suite("What escapes a naive host", .serialized, .timeLimit(.minutes(3))) struct EscapeTests {
  enum Ending: Sendable {
    case atItsTimeLimit
    case atItsMemoryLimit
    case refused(String)
    case harmless
  }

  struct Script: Sendable, CustomTestStringConvertible {
    let name: String
    let body: String
    let ending: Ending

    init(_ name: String, _ ending: Ending, _ body: String) {
      self.name = name
      self.body = body
      self.ending = ending
    }

    var testDescription: String { name }
  }

  static let scripts =
    [
      Script("pcall of a loop, for ever", .atItsTimeLimit, "while true do pcall(loop) end"),
      Script("xpcall of a loop whose handler loops", .atItsTimeLimit, "xpcall(loop, loop)"),
      Script(
        "a loop in __gc", .refused("__gc is not available in a job: use a <close> variable"),
        "setmetatable({}, {__gc = loop})"),
      Script(
        "a loop in __gc, set later", .harmless,
        "local m = {} setmetatable({}, m) m.__gc = loop local t = {} for i = 1, 1e5 do t[i % 9] = {} end"),
      Script(
        "a __close loop in a coroutine ended by wrap", .atItsTimeLimit,
        "while true do pcall(coroutine.wrap(function() local x <close> = closing(loop) loop() end)) end"),
      Script(
        "a __close loop in a coroutine ended by close", .atItsTimeLimit,
        """
        local co = coroutine.create(function() local x <close> = closing(loop) coroutine.yield() end)
        coroutine.resume(co)
        while true do pcall(coroutine.close, co) end
        """),
      Script(
        "a pattern that backtracks for ever", .atItsTimeLimit, "('a'):rep(200):find(('a-'):rep(20) .. 'b')"),
      Script(
        "a pattern that backtracks for ever, in pcall in a coroutine", .atItsTimeLimit,
        "while true do pcall(coroutine.wrap(string.match), ('a'):rep(200), ('a*'):rep(20) .. 'b') end"),
      Script(
        "gsub of the spaces before the end", .atItsTimeLimit, "((' '):rep(1e6) .. 'x'):gsub('%s+$', '')"),
      Script(
        "plain find of a megabyte in two", .atItsTimeLimit,
        "while true do (('a'):rep(2e6)):find(('a'):rep(1e6) .. 'b', 1, true) end"),
      Script("string.rep of nothing", .atItsTimeLimit, "while true do (''):rep(1 << 62) end"),
      Script("table.move over nothing", .atItsTimeLimit, "table.move({}, 1, 1 << 60, 2)"),
      Script("collectgarbage", .refused(onlyCount), "while true do collectgarbage() end"),
      Script("a string bomb", .atItsMemoryLimit, "local s = 'x' while true do s = s .. s end"),
      Script("a table bomb", .atItsMemoryLimit, "local t = {} while true do t = {t, {}} end"),
      Script(
        "a coroutine bomb", .atItsMemoryLimit,
        "local t = {} while true do local f = coroutine.wrap(coroutine.yield) f() t[#t + 1] = f end"),
      Script(
        "bytecode", .refused("attempt to load a binary chunk (mode is 't')"), "assert(load('\\27Lua\\84'))"),
      Script(
        "string.dump", .refused("string.dump is not available in a job: bytecode cannot be loaded"),
        "string.dump(loop)"),
      Script("debug.sethook", .refused("attempt to call a nil value (field 'sethook')"), "debug.sethook()"),
      Script(
        "assignment through __newindex while memory runs out", .atItsMemoryLimit,
        "local t = setmetatable({}, {__newindex = rawset}) for i = 1, 1e9 do t['k' .. i] = {i} end"),
      Script(
        "nested coroutine.close", .harmless,
        """
        local inner
        for _ = 1, 15000 do
          local previous = inner
          inner = coroutine.create(function()
            local x <close> = closing(function() if previous then coroutine.close(previous) end end)
            coroutine.yield()
          end)
          coroutine.resume(inner)
        end
        coroutine.close(inner)
        """),
      Script(
        "an expression of 100,000 indices", .refused(chain),
        "assert(load('local a = ... return a' .. ('.b'):rep(100000) .. '+1'))"),
      Script(
        "an expression of 100,000 indices in brackets", .refused(chain),
        "assert(load('local a, x = ... return a' .. ('[x + 1]'):rep(100000) .. '+1'))"),
      // Not in the table: what else we could think of.
      Script(
        "a text that takes the compiler a quarter of a minute", .atItsTimeLimit,
        "load('if a then ' .. ('elseif a then x() '):rep(100000) .. ' end')"),
      Script("thousands of labels", .atItsTimeLimit, "while true do load(('::a::'):rep(3e5)) end"),
      Script("a long format of os.date", .atItsTimeLimit, "while true do os.date(('%%'):rep(5e6)) end"),
      Script(
        "string.format with a C function as __tostring", .atItsTimeLimit,
        """
        getmetatable("").__tostring = string.upper
        local s, t = ("x"):rep(2e6), {}
        for i = 1, 1e5 do t[i] = s end
        string.format(("%.0s"):rep(1e5), table.unpack(t))
        """),
      Script(
        "table.unpack with a C function as __index", .atItsMemoryLimit,
        "local s = ('x'):rep(2e6) getmetatable('').__index = string.lower table.unpack(s, 1, 9e5)"),
      Script(
        "table.unpack along a chain of __index", .atItsTimeLimit,
        "local t = {} for _ = 1, 1900 do t = setmetatable({}, {__index = t}) end while true do table.unpack(t, 1, 9e5) end"
      ),
    ]
    + [
      ("concat", "table.concat(huge)"), ("insert", "table.insert(huge, 1, 1)"),
      ("remove", "table.remove(huge, 1)"), ("sort", "table.sort(huge, rawequal)"),
      ("move", "table.move(huge, 1, 1 << 29, 2)"), ("unpack", "while true do table.unpack(huge, 1, 9e5) end"),
    ].map { Script("table.\($0) of a fabulous length", .atItsTimeLimit, $1) }

  private static let onlyCount = "collectgarbage(\"collect\") is not available in a job: only \"count\" is"
  private static let chain =
    "[string]:1: a chain of more than 200 indices (a.b.c): keep a part of it in a local variable"

  private static let prelude = """
    local function loop() while true do end end
    local function closing(f) return setmetatable({}, {__close = f}) end
    local function step(_, k) return 1 end
    local huge = setmetatable({}, {__len = function() return 1 << 30 end, __index = step, __newindex = step})

    """

  @Test("ends as it should, and the run beside it goes on", arguments: scripts) func ends(script: Script)
    async throws
  {
    let harness = Harness()
    let neighbour = try await harness.load(
      "local sleep = require('almanac.job').sleep function main() for _ = 1, 20 do sleep(0.01) end return 'done' end"
    )
    let id = try await harness.load(
      "\(Self.prelude)function main() \(script.body) end", limits: StateLimits(memoryLimit: 32 << 20))
    let run = harness.start(id, timeLimit: .milliseconds(200), grace: .milliseconds(100))
    let beside = harness.start(neighbour)
    let end = await harness.end(of: run)
    let other = await harness.end(of: beside)
    #expect(other.end == .succeeded(result: "done"))
    #expect(other.duration < .seconds(10), "alone on a quiet machine it takes 0.2 s")
    #expect(end.duration < .seconds(5), "its limit is 0.2 s, its grace 0.1 s")
    switch script.ending {
    case .atItsTimeLimit: #expect(end.end == .timedOut)
    case .atItsMemoryLimit:
      let failure = end.end.failure ?? "\(end.end)"
      #expect(end.end == .timedOut || failure.hasSuffix("memory limit of 32MB exceeded"), "\(failure)")
    case .refused(let message):
      let failure = end.end.failure ?? "\(end.end)"
      #expect(failure == "jobs/test.lua:5: \(message)" || failure == message)
    case .harmless: #expect(end.end == .succeeded(result: .null) || end.end == .timedOut)
    }
  }
}
