import LuaHost
import Testing
import Values

/// What a script finds: Lua's own functions, with their results and messages, but for what would let it escape.
@Suite("The language", .timeLimit(.minutes(10))) struct LanguageTests {
  let harness = Harness()

  @Test(
    "behaves as Lua's",
    arguments: [
      // Protected calls.
      "local ok, e = pcall(error, 'x', 0) assert(not ok and e == 'x')",
      "assert(select('#', pcall(function() return 1, nil, 3, nil end)) == 5)",
      "local ok, e = pcall(error) assert(not ok and e == nil)",
      "local ok, e = pcall() ",
      "assert(select(2, xpcall(error, function(e) return e .. '!' end, 'x')) == 'x!')",
      "local ok, t = xpcall(error, debug.traceback, 'x') assert(t:find('^x\\nstack traceback:\\n'))",
      "assert(select('#', xpcall(function(...) return ... end, print, 1, nil, nil)) == 4)",
      "local ok, e = pcall(xpcall, print) assert(e == \"bad argument #2 to 'xpcall' (function expected, got no value)\", e)",
      "local ok, e = pcall(pcall) assert(e == \"bad argument #1 to 'pcall' (value expected)\", e)",
      // Coroutines.
      "local co = coroutine.create(function(a, b) local c = coroutine.yield(a + b) return c * 2 end)"
        + " assert(select(2, coroutine.resume(co, 1, 2)) == 3) assert(coroutine.status(co) == 'suspended')"
        + " assert(select(2, coroutine.resume(co, 5)) == 10) assert(coroutine.status(co) == 'dead')"
        + " local ok, e = coroutine.resume(co) assert(not ok and e == 'cannot resume dead coroutine')",
      "local co co = coroutine.create(function() return coroutine.resume(co) end)"
        + " local _, ok, e = coroutine.resume(co) assert(not ok and e == 'cannot resume non-suspended coroutine')",
      "local f = coroutine.wrap(error) local ok, e = pcall(f, 'x', 0) assert(e == 'x', e)",
      "local co, main = coroutine.running() assert(main and type(co) == 'thread')",
      "assert(not coroutine.isyieldable()) coroutine.wrap(function() assert(coroutine.isyieldable()) end)()",
      "local co, main = coroutine.wrap(coroutine.running)() assert(not main)",
      "local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() error('c', 0) end}) coroutine.yield() end)"
        + " coroutine.resume(co) local ok, e = coroutine.close(co) assert(not ok and e == 'c') assert(coroutine.status(co) == 'dead')",
      "local ok, e = pcall(coroutine.close, coroutine.running()) assert(e == 'cannot close a running coroutine', e)",
      "local ok, e = pcall(coroutine.resume, 1) assert(e == \"bad argument #1 to 'coroutine.resume' (thread expected, got number)\", e)",
      "local function gen(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end"
        + " local s = 0 for i in gen(100) do s = s + i end assert(s == 5050)",
      "local x = 0 local f = coroutine.wrap(function() local c <close> = setmetatable({}, {__close = function() x = 1 end}) error('e', 0) end)"
        + " assert(not pcall(f) and x == 1)",
      "local f = function(f, n) if n == 0 then return 0 end return 1 + coroutine.wrap(f)(f, n - 1) end assert(f(f, 150) == 150)",
      "local f = function(f, n) return coroutine.wrap(f)(f, n + 1) end local ok, e = pcall(f, f, 1) assert(not ok and e:find('C stack overflow'), e)",
      // Tables.
      "local t = {3, 1, 2} table.sort(t) assert(t[1] == 1 and t[3] == 3) table.sort(t, function(a, b) return a > b end) assert(t[1] == 3)",
      "local t = {} for i = 1, 1000 do t[i] = (i * 7919) % 1009 end table.sort(t) for i = 2, 1000 do assert(t[i - 1] <= t[i]) end",
      "local ok, e = pcall(table.sort, {1, 2, 3, 4, 5}, function() return true end) assert(e == 'invalid order function for sorting', e)",
      "local ok, e = pcall(table.sort, {1, 'x'}) assert(e == 'attempt to compare string with number', e)",
      "assert(table.concat({1, 2, 'x'}, ', ') == '1, 2, x') assert(table.concat({}) == '') assert(table.concat({1, 2, 3}, '-', 2) == '2-3')",
      "local ok, e = pcall(table.concat, {1, {}}) assert(e == \"invalid value (at index 2) in table for 'concat'\", e)",
      "local t = {1, 2} table.insert(t, 1, 0) table.insert(t, 9) assert(table.concat(t) == '0129') assert(table.remove(t, 1) == 0 and table.remove(t) == 9)",
      "local ok, e = pcall(table.insert, {}, 5, 1) assert(e == \"bad argument #2 to 'table.insert' (position out of bounds)\", e)",
      "local ok, e = pcall(table.insert, {}) assert(e == \"wrong number of arguments to 'insert'\", e)",
      "assert(table.remove({}) == nil) local t = table.move({1, 2, 3}, 1, 3, 2) assert(table.concat(t) == '1123')",
      "assert(table.concat(table.move({1, 2, 3}, 2, 3, 1)) == '233') assert(#table.move({1, 2}, 1, 2, 1, {}) == 2)",
      "local ok, e = pcall(table.move, {}, 1, math.maxinteger, 2) assert(e == \"bad argument #4 to 'table.move' (destination wrap around)\", e)",
      "local log = {} local p = setmetatable({}, {__len = function() return 3 end, __index = function(_, k) return k * 10 end})"
        + " assert(table.concat(p, ',') == '10,20,30') assert(table.unpack(p) == 10)",
      "local ok, e = pcall(table.concat, 5) assert(e == \"bad argument #1 to 'table.concat' (table expected, got number)\", e)",
      // Strings.
      "assert(('x'):rep(3) == 'xxx' and ('x'):rep(3, ',') == 'x,x,x' and ('x'):rep(0) == '' and (''):rep(1 << 62) == '' and ('x'):rep(-1) == '')",
      "local ok, e = pcall(string.rep, 'x', 1 << 40) assert(e == 'resulting string too large', e)",
      "local ok, e = pcall(string.rep) assert(e == \"bad argument #1 to 'string.rep' (string expected, got no value)\", e)",
      "local s = ('a'):rep(200) assert(s:find(('a?'):rep(199)) == 1) local ok, e = pcall(string.find, s, ('a?'):rep(200)) assert(e == 'pattern too complex', e)",
      "local ok, e = pcall(string.find, '', ('()'):rep(33)) assert(e == 'too many captures', e)",
      "local s = ('x'):rep(3000000) .. 'needle' assert(s:find('needle') == 3000001 and s:find('needle', 1, true) == 3000001 and not s:find('noodle'))",
      "local s = ('ab'):rep(1000000) assert(s:find(('ab'):rep(700000) .. 'b') == nil and s:find(('ba'):rep(700000)) == 2)",
      "local s, n = ('x'):rep(100000):gsub('x', 'yy') assert(#s == 200000 and n == 100000)",
      // Loading.
      "assert(load('return 1 + 1')() == 2) local f, e = load('x x') assert(not f and e == '[string \"x x\"]:1: syntax error near \\'x\\'', e)",
      "local n = 0 local f = load(function() n = n + 1 return ({'return ', '7'})[n] end) assert(f() == 7)",
      "assert(load('return x', 'c', 't', {x = 3})() == 3)",
      "local f, e = load(function() return {} end) assert(not f and e == 'jobs/test.lua:2: reader function must return a string', e)",
      "local f, e = load(function() error('r', 0) end) assert(not f and e == 'r', e)",
      "local f, e = load('\\27Lua') assert(not f and e == \"attempt to load a binary chunk (mode is 't')\", e)",
      "local f, e = load('x', 'x', 'b') assert(not f and e:find('attempt to load a text chunk'), e)",
      // The rest.
      "assert(collectgarbage('count') > 0) assert(os.time{year = 2020, month = 1, day = 1, hour = 12} and os.date('%Y') and os.clock() >= 0)",
      "assert(os.getenv('PATH')) assert(math.pi and utf8.char(228) == 'ä')",
      "local t = setmetatable({}, {__index = {a = 1}}) assert(t.a == 1 and getmetatable(t).__index.a == 1)",
      "local ok, e = pcall(setmetatable, 1, {}) assert(e == \"bad argument #1 to 'setmetatable' (table expected, got number)\", e)",
      "assert(debug.getinfo(1, 'l').currentline == 2 and debug.getinfo(print).func == nil and debug.getinfo(1).short_src == 'jobs/test.lua')",
      "assert(_VERSION == 'Lua 5.4' and select('#', 1, 2) == 2 and tostring(12) == '12' and next({}) == nil)",
      "goto done do error('x') end ::done::",
      "local ok, e = pcall(function() local x <const> = 1; return x + {} end) assert(e:find('attempt to perform arithmetic on a table value'))",
    ])
  func behavesAsLuas(body: String) async throws {
    let end = try await harness.run(body: body)
    if body == "local ok, e = pcall() " {
      #expect(end.end.failure == "jobs/test.lua:2: bad argument #1 to 'pcall' (value expected)")
    } else {
      #expect(end.end == .succeeded(result: .null))
    }
  }

  @Test(
    "refuses what would let a script escape, and says so",
    arguments: [
      ("setmetatable({}, {__gc = function() end})", "__gc is not available in a job: use a <close> variable"),
      ("collectgarbage()", "collectgarbage(\"collect\") is not available in a job: only \"count\" is"),
      ("collectgarbage('stop')", "collectgarbage(\"stop\") is not available in a job: only \"count\" is"),
      ("string.dump(print)", "string.dump is not available in a job: bytecode cannot be loaded"),
      ("dofile('x')", "dofile is not available in a job: use require"),
      ("loadfile('x')", "loadfile is not available in a job: use require"),
      ("os.exit(1)", "os.exit is not available in a job: return from main, or call error"),
    ])
  func refuses(call: String, message: String) async throws {
    #expect(try await harness.run(body: call).end.failure == "jobs/test.lua:2: \(message)")
  }

  @Test(
    "has nothing else",
    arguments: [
      "debug.sethook", "debug.setmetatable", "debug.getregistry", "debug.getlocal", "debug.setlocal",
      "debug.getupvalue",
      "debug.setupvalue", "debug.debug", "debug.upvaluejoin", "package.loadlib", "package.searchers",
      "loadstring",
    ])
  func hasNothingElse(name: String) async throws {
    #expect(try await harness.run(body: "return \(name) == nil").end == .succeeded(result: true))
  }

  @Test("keeps the globals of two jobs apart, and of one from run to run") func globals() async throws {
    let text =
      "function main() n = (n or 0) + 1 string.extra = (string.extra or 0) + 1 return n + string.extra end"
    let (one, two) = (try await harness.load(text), try await harness.load(text))
    #expect(await harness.run(one).end == .succeeded(result: 2))
    #expect(await harness.run(one).end == .succeeded(result: 4))
    #expect(await harness.run(two).end == .succeeded(result: 2))
  }

  @Test("a long chain of names, the longest of which crash Lua 5.4.4, is an error") func longChains()
    async throws
  {
    let end = try await harness.run(
      body: """
        for _, n in ipairs { 1000, 10000 } do
          local f = load("local a = ... return a" .. (".b"):rep(n) .. "+1")
          local t = setmetatable({}, {}) getmetatable(t).__index = function() return t end
          if f then pcall(f, t) end
        end
        """, timeLimit: .seconds(10))
    #expect(end.end == .succeeded(result: .null))
  }
}
