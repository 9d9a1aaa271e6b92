import LuaHost
import Testing
import Values

@Suite("The memory limit", .serialized, .timeLimit(.minutes(10))) struct MemoryTests {
  let harness = Harness()

  static let bombs = [
    "local t = {} while true do t[#t + 1] = {} end",
    "local s = 'x' while true do s = s .. s end",
    "string.rep('x', 1 << 30)",
    "string.rep('x', 1 << 29, 'y')",
    "local t = {} for i = 1, 1e9 do t[i] = i end",
    "local t = {} while true do t = {t} end",
    "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end",
    "local t = {} while true do local c = coroutine.wrap(function() coroutine.yield(('x'):rep(1000)) end) c() t[#t + 1] = c end",
    "local t = {} while true do t[#t + 1] = ('x'):rep(1 << 20) .. #t end",
    "local t = {} while true do t[#t + 1] = load('return ' .. #t) end",
    "local s = ('x'):rep(1 << 20) local t = {} for i = 1, 1 << 20 do t[i] = s end table.concat(t)",
    "local t = {} for i = 1, 1e9 do t['k' .. i] = true end",
    "while true do pcall(function() local t = {} while true do t[#t + 1] = ('x'):rep(1 << 16) end end) end",
    "while true do pcall(string.rep, 'x', 1 << 30) end",
    "while true do pcall(coroutine.wrap(function() string.rep('x', 1 << 30) end)) end",
    "local t = {} while true do coroutine.wrap(function() for i = 1, 1e5 do t[#t + 1] = {} end end)() end",
    "string.gsub(('x'):rep(1 << 20), '.', ('y'):rep(1 << 16))",
    "string.format('%s%s%s', ('x'):rep(1 << 22), ('x'):rep(1 << 22), ('x'):rep(1 << 22))",
    "xpcall(function() string.rep('x', 1 << 30) end, function(e) return e end)",
    "local x <close> = setmetatable({}, {__close = function() local t = {} while true do t[#t + 1] = {} end end})"
      + " local t = {} while true do t[#t + 1] = {} end",
    "local t = {} t = setmetatable(t, {__index = function(t, k) t[k] = ('x'):rep(1000) .. k return t[k + 1] end}) return t[1]",
    "utf8.char(table.unpack({}, 1, 1e6))",
  ]

  @Test("ends the run that passes it, whatever it does", arguments: bombs) func ends(body: String)
    async throws
  {
    let end = try await harness.run(
      body: body, timeLimit: .seconds(100), limits: StateLimits(memoryLimit: 16 << 20))
    let failure = end.end.failure ?? "\(end.end)"
    if body.hasPrefix("utf8") || body.contains("t[k + 1]") {
      #expect(!failure.isEmpty)
      return
    }
    #expect(failure.hasSuffix("memory limit of 16MB exceeded"), "\(failure)")
    #expect(end.stateLost)
    #expect(end.peakMemory <= 20 << 20)
    #expect(end.duration < .seconds(10) + Harness.slack)
  }

  @Test("is not passed by garbage") func garbage() async throws {
    let end = try await harness.run(
      body: """
        local keep = ("x"):rep(6 << 20)
        for i = 1, 300 do local s = ("y"):rep(1 << 20) .. i end
        for i = 1, 300000 do local t = { i } end
        return #keep
        """, limits: StateLimits(memoryLimit: 16 << 20))
    #expect(end.end == .succeeded(result: .int(6 << 20)))
    #expect(end.peakMemory > 6 << 20 && end.peakMemory <= 20 << 20)
  }

  @Test("tells the peak of each run") func peak() async throws {
    let id = try await harness.load("function main(run) local s = ('x'):rep(run.params) return #s end")
    let large = await harness.run(id, ["params": .int(8 << 20)])
    let small = await harness.run(id, ["params": 1])
    #expect(large.peakMemory > 8 << 20)
    #expect(small.peakMemory <= large.peakMemory)
  }

  @Test("leaves closers what they need to clean up") func closers() async throws {
    let end = try await harness.run(
      body: """
        local log = require "almanac.log"
        function main()
          local x <close> = setmetatable({}, {__close = function()
            local t = {}
            for i = 1, 1000 do t[i] = "item " .. i end
            log.info("closed " .. #t)
          end})
          local t = {} while true do t[#t + 1] = {} end
        end
        """, limits: StateLimits(memoryLimit: 16 << 20))
    #expect(end.end.failure == "jobs/test.lua:8: memory limit of 16MB exceeded")
    #expect(end.log.map(\.message) == ["closed 1000"])
  }

  @Test("a closer that loops after it is ended by the grace, without a time limit too") func loopingCloser()
    async throws
  {
    let end = try await harness.run(
      body: """
        local x <close> = setmetatable({}, {__close = function() while true do pcall(error) end end})
        local t = {} while true do t[#t + 1] = {} end
        """, timeLimit: nil, grace: .milliseconds(100), limits: StateLimits(memoryLimit: 8 << 20))
    #expect(end.stateLost)
    #expect(end.duration < .seconds(5) + Harness.slack)
  }

  @Test("holds while a file loads") func loading() async throws {
    await #expect {
      try await harness.load(
        "local t = {} while true do t[#t + 1] = {} end", limits: StateLimits(memoryLimit: 4 << 20))
    } throws: { error in
      (error as? ScriptError)?.message == "jobs/test.lua:1: memory limit of 4MB exceeded"
    }
    await #expect {
      try await harness.load(
        "x = '\(String(repeating: "x", count: 1 << 20))'", limits: StateLimits(memoryLimit: 100_000))
    } throws: { error in
      (error as? ScriptError)?.message == "jobs/test.lua:1: memory limit of 100000 bytes exceeded"
    }
  }

  @Test("holds for what is handed over, shared tables included") func handedOver() async throws {
    let end = try await harness.run(
      body: "local t = {} for _ = 1, 60 do t = {t, t} end return t", limits: StateLimits(memoryLimit: 8 << 20)
    )
    #expect(end.end.result == .opaque("table that is far too large"))
    let logs = try await harness.run(
      body: "local t = {} for _ = 1, 60 do t = {t, t} end require 'almanac.log'.info('x', t)",
      limits: StateLimits(memoryLimit: 8 << 20))
    #expect(
      logs.end.failure
        == "jobs/test.lua:2: log.info: an argument cannot be handed over: more data than the memory limit allows"
    )
  }
}
