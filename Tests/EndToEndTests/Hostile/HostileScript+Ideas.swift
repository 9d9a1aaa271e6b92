/// Loops that hide where Lua calls a script by itself, and data that modules choke on.
extension HostileScript {
  static let ideas: [HostileScript] = [
    // Metamethods.
    HostileScript(
      "index_through_pcall", .somehow,
      "local t = setmetatable({}, { __index = function(t, k) return pcall(function() return t[k] end) end }) return t.x"
    ),
    HostileScript(
      "equality", .timedOut,
      "local m = { __eq = function() while true do end end } return setmetatable({}, m) == setmetatable({}, m)"
    ),
    HostileScript(
      "order", .timedOut,
      """
      local m = { __lt = function() while true do pcall(error) end end }
      table.sort({ setmetatable({}, m), setmetatable({}, m), setmetatable({}, m) })
      """),
    HostileScript(
      "length", .timedOut,
      "return #setmetatable({}, { __len = function() while true do pcall(error) end end })"),
    HostileScript(
      "endless_pairs", .timedOut,
      "for _ in pairs(setmetatable({}, { __pairs = function() return function(_, k) return (k or 0) + 1 end end })) do end"
    ),
    HostileScript(
      "arithmetic_of_strings", .timedOut,
      "getmetatable('').__add = function() while true do end end return 'a' + 1"),
    HostileScript(
      "late_finalizer", .somehow,
      """
      local m = {}
      local t = setmetatable({}, m)
      m.__gc = function() while true do end end
      t = nil
      for _ = 1, 1e6 do local x = {} end
      """),
    HostileScript(
      "unary_recursion", .somehow,
      "local m m = { __unm = function() return -setmetatable({}, m) end } return -setmetatable({}, m)"),
    // Closers.
    HostileScript(
      "closer_that_yields", .timedOut,
      """
      coroutine.wrap(function()
        local c <close> = setmetatable({}, { __close = function() while true do coroutine.yield() end end })
        while true do end
      end)()
      """),
    HostileScript(
      "closer_that_fails", .timedOut,
      """
      while true do
        pcall(coroutine.wrap(function()
          local c <close> = setmetatable({}, { __close = function() error("a") end })
          error("b")
        end))
      end
      """),
    HostileScript(
      "closers_that_close", .timedOutAfterGrace,
      """
      local function f(n)
        local c <close> = setmetatable({}, { __close = function()
          local d <close> = setmetatable({}, { __close = function() while true do end end })
        end })
        if n > 0 then return f(n - 1) + 1 end
        while true do end
      end
      return f(100)
      """),
    HostileScript(
      "closer_of_a_loop", .timedOut,
      "for _ in next, { 1 }, nil, setmetatable({}, { __close = function() while true do pcall(error) end end }) do end"
    ),
    HostileScript(
      "generators_in_closers", .somehow,
      """
      local function g()
        return function() return 1 end, nil, nil,
          setmetatable({}, { __close = function() for _ in g() do break end end })
      end
      for _ in g() do break end
      """),
    HostileScript(
      "closer_that_skips", .timedOutAfterGrace,
      """
      local job = require("almanac.job")
      local c <close> = setmetatable({}, { __close = function() while true do pcall(job.skip, "x") end end })
      while true do end
      """),
    // Loops.
    HostileScript(
      "goto_with_closures", .timedOut, "::a:: local x = 1 local f = function() return x end goto a"),
    HostileScript("loop_of_fractions", .timedOut, "for _ = 1e16, 2e16, 0.5 do end"),
    // Coroutines.
    HostileScript(
      "coroutine_that_closes_itself", .timedOut,
      """
      local co
      co = coroutine.create(function()
        while true do pcall(coroutine.close, co) pcall(coroutine.resume, co) end
      end)
      coroutine.resume(co)
      """),
    HostileScript(
      "ping_pong", .timedOut,
      """
      local a, b
      a = coroutine.create(function() while true do coroutine.resume(b) coroutine.yield() end end)
      b = coroutine.create(function() while true do coroutine.yield() end end)
      while true do coroutine.resume(a) end
      """),
    HostileScript(
      "coroutines_that_fail", .timedOut, "while true do coroutine.resume(coroutine.create(error), {}) end"),
    HostileScript(
      "sleepers_in_pcall", .timedOut,
      """
      local job = require("almanac.job")
      for _ = 1, 100 do coroutine.wrap(function() while true do pcall(job.sleep, "1h") end end)() end
      """),
    HostileScript(
      "deep_pcalls", .timedOut,
      "local function f(n) if n == 0 then while true do end end return pcall(f, n - 1) end return f(150)"),
    HostileScript(
      "deep_tostring", .timedOut,
      """
      local function f(n)
        return setmetatable({}, { __tostring = function()
          if n == 0 then while true do end end
          return tostring(f(n - 1))
        end })
      end
      return tostring(f(150))
      """),
    // Strings and tables.
    HostileScript("unbalanced", .somehow, "return (('('):rep(2e5):gsub('%b()', ''))"),
    HostileScript("captures_again", .timedOut, "return (('ab'):rep(5e4)):find('(.*)%1%1%1c')"),
    HostileScript(
      "numerals", .timedOut, "local s = ('9'):rep(1e6) while true do tonumber(s) tonumber(s, 10) end"),
    HostileScript(
      "unpacked_bytes", .timedOut,
      "local f, s = ('b'):rep(1e5), ('x'):rep(1e5) while true do pcall(string.unpack, f, s) end"),
    HostileScript(
      "sort_at_random", .timedOut,
      """
      local t = {}
      for i = 1, 1e5 do t[i] = i end
      while true do pcall(table.sort, t, function() return math.random() < 0.5 end) end
      """),
    HostileScript(
      "next_of_nothing", .timedOut,
      "local t = {} for i = 1, 2e5 do t[i] = i end for i = 1, 2e5 do t[i] = nil end while true do next(t) end"
    ),
    HostileScript(
      "closures_bomb", .outOfMemory, "local t = {} for i = 1, 1e9 do t[i] = function() return i end end"),
    // Text that is loaded.
    HostileScript(
      "globals_by_metatable", .timedOut,
      """
      local all = setmetatable({}, { __index = function() return 1 end, __newindex = function() end })
      load("while true do x = y end", "x", "t", all)()
      """),
    HostileScript("module_that_is_not_there", .timedOut, "while true do pcall(require, 'nothing') end"),
    HostileScript(
      "many_gotos", .timedOut,
      "local s = ('goto a '):rep(2e4) .. '::a::' while true do load(s) end"),
    // What main is given, and what it gives.
    HostileScript(
      "broken_run", .succeeds,
      "setmetatable(run, { __index = function() while true do end end }) for k in next, run do run[k] = nil end return 1"
    ),
    HostileScript(
      "reason_that_loops", .somehow,
      "return nil, setmetatable({}, { __tostring = function() while true do end end })"),
    HostileScript(
      "skip_that_loops", .somehow,
      "require('almanac.job').skip(setmetatable({}, { __tostring = function() while true do end end }))"),
    // Modules.
    HostileScript(
      "yaml_of_one_scalar", .timedOut,
      "local y, s = require('almanac.yaml'), ('x'):rep(2e6) while true do y.decode(s) end"),
    HostileScript(
      "yaml_of_aliases", .somehow,
      """
      local s = "a0: &a0 [x]\\n"
      for i = 1, 30 do s = s .. ("a%d: &a%d [*a%d, *a%d]\\n"):format(i, i, i - 1, i - 1) end
      return require("almanac.yaml").decode(s)
      """),
    HostileScript(
      "json_of_digits", .timedOut,
      "local j, s = require('almanac.json'), ('1'):rep(4e6) while true do j.decode(s) end"),
    HostileScript(
      "csv_without_end", .timedOut,
      "local c, s = require('almanac.csv'), '\"' .. ('x'):rep(2e6) while true do c.decode(s) end"),
    HostileScript(
      "kv_of_megabytes", .timedOut,
      "local kv, s = require('almanac.kv'), ('x'):rep(2e6) while true do pcall(kv.set, 'a', s) end"),
    HostileScript(
      "times_of_megabytes", .timedOut,
      """
      local time, s = require("almanac.time"), ("9"):rep(2e6)
      while true do pcall(time.parse, s) pcall(time.parse_as, s, "%Y") pcall(time.parse_duration, s) end
      """),
    HostileScript("endless_file", .somehow, "for _ in io.lines('/dev/zero', 1) do end"),
    HostileScript(
      "full_device", .timedOut, "local f = io.open('/dev/full', 'w') while true do f:write('x') end"),
    HostileScript("endless_child", .timedOut, "for _ in io.popen('yes'):lines() do end"),
    HostileScript(
      "stubborn_children", .timedOutAfterGrace,
      "os.execute([[for i in 1 2 3 4 5; do (trap '' TERM; sleep 1000) & done; wait]])"),
  ]
}
