import LuaHost
import Testing
import Values

@Suite("A run's result", .timeLimit(.minutes(10))) struct ResultTests {
  let harness = Harness()

  @Test(
    "is main's first value, if that is data",
    arguments: [
      ("return 'done'", .string("done")),
      ("return 42", .int(42)),
      ("return 1.5", .double(1.5)),
      ("return true", .bool(true)),
      ("return false, 'no failure'", .bool(false)),
      ("return 'a\\0b'", .string("a\0b")),
      ("return '\\xff\\0'", .bytes([0xFF, 0])),
      ("return {1, 2, x = 'y'}", .table(DataTable(items: [1, 2], fields: ["x": "y"]))),
      ("return {}", .table(DataTable())),
      ("return { [10] = 'ten', [2.5] = 'half' }", .object(["10": "ten", "2.5": "half"])),
      ("return", .null),
      ("return nil", .null),
      ("return nil, nil, 'third'", .null),
      ("return print", .null),
      ("return { f = print }", .object(["f": .opaque("function")])),
    ] as [(String, DataValue)])
  func isFirstValue(body: String, expected: DataValue) async throws {
    let end = try await harness.run(body: body)
    #expect(end.end == .succeeded(result: expected))
    #expect(!end.stateLost)
  }

  @Test(
    "is a failure by error or by nil and a reason",
    arguments: [
      ("error('broken')", "jobs/test.lua:2: broken"),
      ("error('broken', 0)", "broken"),
      ("error()", "nil"),
      ("error(42)", "42"),
      ("error(1.5)", "1.5"),
      ("error({code = 7})", "{\"code\":7}"),
      ("error(setmetatable({}, {__tostring = function() return 'pretty' end}))", "pretty"),
      (
        "error(setmetatable({}, {__tostring = function() error('x') end}))",
        "(an error value whose __tostring fails)"
      ),
      ("error(print)", "(an error value that is a function)"),
      (
        "local t = {} t.t = t error(t)",
        "(an error value that cannot be shown: a table that is too large, or holds itself)"
      ),
      ("return nil, 'why'", "why"),
      ("return nil, 404", "404"),
      ("return nil, {reason = 'x'}", "{\"reason\":\"x\"}"),
      ("local x = nil; return x.y", "jobs/test.lua:2: attempt to index a nil value (local 'x')"),
      (
        "local t = {} t.t = t return t",
        "what was returned cannot be kept: a table that is nested too deep, or holds itself"
      ),
      (
        "return {[true] = 1}",
        "what was returned cannot be kept: a table with a key that is neither a string nor a number"
      ),
      ("coroutine.yield()", "jobs/test.lua:2: attempt to yield from outside a coroutine"),
    ])
  func isFailure(body: String, expected: String) async throws {
    let end = try await harness.run(body: body)
    #expect(end.end.failure == expected)
    #expect(!end.stateLost)
  }

  @Test("of a failure has the calls that led there") func hasTraceback() async throws {
    let end = try await harness.run(
      body: """
        local function inner() error("deep") end
        function main() local ok = pcall(error, "caught") inner() return ok end
        """)
    guard case .failed(let error) = end.end else { return #expect(Bool(false)) }
    #expect(error.file == "jobs/test.lua")
    #expect(error.line == 1)
    #expect(error.text == "deep")
    let traceback = try #require(error.traceback)
    #expect(traceback.hasPrefix("[C]: in function 'error'\njobs/test.lua:1: in upvalue 'inner'\n"))
    #expect(!traceback.contains("in ?"))
  }

  @Test(
    "can be announced from any depth",
    arguments: [
      ("job.skip('nothing to do')", .skipped("nothing to do")),
      ("job.skip()", .skipped(nil)),
      ("job.retry_after('10m', 'busy')", .retryAfter(seconds: 600, "busy")),
      ("job.retry_after(1.5)", .retryAfter(seconds: 1.5, nil)),
      ("job.fatal('bad credentials')", .fatal("bad credentials")),
    ] as [(String, RunEnd)])
  func canBeAnnounced(call: String, expected: RunEnd) async throws {
    for wrapped in [
      "CALL",
      "pcall(function() CALL end) return 'swallowed'",
      "xpcall(function() CALL end, function() return 'handled' end) return 'swallowed'",
      "pcall(pcall, pcall, function() CALL end) return 'swallowed'",
      "local co = coroutine.create(function() CALL end) coroutine.resume(co) return 'swallowed'",
      "local f = coroutine.wrap(function() pcall(function() CALL end) end) pcall(f) return 'swallowed'",
      "for _ in coroutine.wrap(function() CALL end) do end return 'swallowed'",
      "pcall(table.sort, {3, 2, 1}, function() CALL end) return 'swallowed'",
      "pcall(string.gsub, 'abc', '.', function() CALL end) return 'swallowed'",
      "load(function() CALL end) return 'swallowed'",
      "local x <close> = setmetatable({}, {__close = function() error('other') end}) CALL",
      "pcall(function() local x <close> = setmetatable({}, {__close = function() error('other') end}) CALL end)"
        + " return 'swallowed'",
      "pcall(function() error(setmetatable({}, {__tostring = function() CALL end})) end)"
        + " tostring(setmetatable({}, {__tostring = function() CALL end})) return 'swallowed'",
    ] {
      let body = "local job = require 'almanac.job'\n" + wrapped.replacing("CALL", with: call)
      let end = try await harness.run(body: body)
      #expect(end.end == expected, "\(wrapped)")
      #expect(!end.stateLost)
    }
  }

  @Test("leaves the state fit for the next run") func leavesState() async throws {
    let id = try await harness.load(
      """
      local job = require "almanac.job"
      local count = 0
      local generator = coroutine.wrap(function()
        while true do
          local ok = pcall(error, "inside")
          coroutine.yield(ok)
        end
      end)
      function main(run)
        count = count + 1
        assert(generator() == false)
        if run.params == 1 then job.skip("one") end
        if run.params == 2 then error("two") end
        return count
      end
      """)
    #expect(await harness.run(id, ["params": 1]).end == .skipped("one"))
    #expect(await harness.run(id, ["params": 2]).end.failure?.hasSuffix("two") == true)
    #expect(await harness.run(id, ["params": 1]).end == .skipped("one"))
    #expect(await harness.run(id).end == .succeeded(result: 4))
  }

  @Test("closers run when a run is announced to end, and may wait") func closersRun() async throws {
    let end = try await harness.run(
      body: """
        local job, log = require "almanac.job", require "almanac.log"
        local function closing(name) return setmetatable({}, {__close = function()
          job.sleep(0.01)
          local ok, err = pcall(error, "inner", 0)
          log.info(name .. " " .. tostring(ok) .. " " .. err)
        end}) end
        function main()
          local a <close> = closing("a")
          local inner = coroutine.wrap(function()
            local b <close> = setmetatable({}, {__close = function() log.info("b") end})
            pcall(function() local c <close> = closing("c") job.skip("over") end)
          end)
          inner()
        end
        """)
    #expect(end.end == .skipped("over"))
    #expect(end.log.map(\.message) == ["c false inner", "b", "a false inner"])
  }
}
