/// A job that does its worst, and how its run is to end.
struct HostileScript: Sendable {
  enum End: Sendable {
    /// At its time limit.
    case timedOut
    /// When the grace is over, too: its closers do not end.
    case timedOutAfterGrace
    /// At its memory limit.
    case outOfMemory
    /// By an error that holds this text.
    case fails(String)
    case succeeds
    /// Within its limits, one way or another: by an error, at a limit, or by getting through.
    case somehow
  }

  let name: String
  let end: End
  /// The file below its schedule.
  let text: String

  /// - Parameter body: what `main` does.
  init(_ name: String, _ end: End, _ body: String) {
    self.init(name, end, file: "function main(run)\n\(body)\nend")
  }

  init(_ name: String, _ end: End, file: String) {
    self.name = name
    self.end = end
    text = file
  }

  /// What ends by itself has time for that on a slow machine.
  var timeLimit: Double {
    switch end {
    case .timedOut, .timedOutAfterGrace, .somehow: 0.3
    case .outOfMemory, .fails, .succeeds: 20
    }
  }

  static let stopGrace = 0.2
  static let memoryLimit = "16MB"

  /// The job on disk: it runs when it is asked to.
  var file: String {
    """
    schedule = { time_limit = "\(Int(timeLimit * 1000))ms", stop_grace = "200ms", memory_limit = "\(Self.memoryLimit)", log_limit = "64KB" }
    \(text)
    """
  }
}

/// The table "What escapes a naive host", row by row: each is a script that a host with a count hook, an error
/// raised from it and a capped allocator does not survive, or does not get rid of.
extension HostileScript {
  static let escapes: [HostileScript] = [
    // The limit's error is caught.
    HostileScript("pcall_loop", .timedOut, "while true do pcall(function() while true do end end) end"),
    HostileScript(
      "xpcall_handler_loop", .timedOut, "local function loop() while true do end end xpcall(loop, loop)"),
    HostileScript(
      "nested_pcalls", .somehow,
      "local function f() while true do pcall(f) end end while true do pcall(f) end"),
    HostileScript("error_loop", .timedOut, "while true do pcall(error, {}) end"),
    // Finalizers and closers.
    HostileScript(
      "finalizer_loop", .fails("__gc"), "setmetatable({}, { __gc = function() while true do end end })"),
    HostileScript(
      "metatable_of_strings", .somehow, "getmetatable('').__gc = function() while true do end end"),
    HostileScript(
      "debug_metatable", .fails("setmetatable"), "debug.setmetatable(0, { __gc = function() end })"),
    HostileScript(
      "closer_loop_in_wrap", .timedOutAfterGrace,
      """
      coroutine.wrap(function()
        local c <close> = setmetatable({}, { __close = function() while true do pcall(error) end end })
        while true do end
      end)()
      """),
    HostileScript(
      "closer_loop_in_close", .timedOut,
      """
      local co = coroutine.create(function()
        local c <close> = setmetatable({}, { __close = function() while true do end end })
        coroutine.yield()
      end)
      coroutine.resume(co)
      coroutine.close(co)
      """),
    HostileScript(
      "closers_of_closers", .timedOutAfterGrace,
      """
      local function guard()
        local c <close> = setmetatable({}, { __close = function() guard() end })
        while true do end
      end
      guard()
      """),
    // Functions of the library that loop in C.
    HostileScript(
      "backtracking_find", .timedOut, "return ('a'):rep(200):find(('a-'):rep(6) .. 'b')"),
    HostileScript(
      "backtracking_match", .timedOut, "return ('a'):rep(200):match(('a*'):rep(20) .. 'b')"),
    HostileScript(
      "backtracking_gmatch", .timedOut,
      "for x in ('a'):rep(300):gmatch(('.-'):rep(8) .. 'b') do end"),
    HostileScript(
      "trailing_spaces", .timedOut, "return #((' '):rep(100000) .. 'x'):gsub('%s+$', '')"),
    HostileScript(
      "plain_find", .somehow, "return (('a'):rep(1 << 21)):find(('a'):rep(1 << 20) .. 'b', 1, true)"),
    HostileScript("rep_of_nothing", .somehow, "return #string.rep('', 1 << 62)"),
    HostileScript("move_of_nothing", .somehow, "return #table.move({}, 1, 1 << 60, 2)"),
    HostileScript("unpack_of_nothing", .fails("too many results"), "return table.unpack({}, 1, 1 << 40)"),
    HostileScript(
      "insert_into_huge_length", .somehow,
      "table.insert(setmetatable({}, { __len = function() return 1 << 60 end }), 1, 'x')"),
    HostileScript(
      "remove_from_huge_length", .somehow,
      "table.remove(setmetatable({}, { __len = function() return 1 << 60 end }), 1)"),
    HostileScript(
      "concat_of_huge_length", .somehow,
      "return table.concat(setmetatable({}, { __len = function() return 1 << 40 end, __index = function() return '' end }))"
    ),
    HostileScript(
      "sort_of_huge_length", .somehow,
      "table.sort(setmetatable({}, { __len = function() return 1 << 30 end, __index = function() return 0 end }))"
    ),
    HostileScript(
      "sort_that_lies", .somehow,
      "local t = {} for i = 1, 1e5 do t[i] = i end table.sort(t, function() return true end)"),
    HostileScript("sort_that_loops", .timedOut, "table.sort({ 1, 2, 3 }, function() while true do end end)"),
    HostileScript(
      "gsub_that_loops", .timedOut, "('abc'):gsub('.', function() while true do pcall(error) end end)"),
    HostileScript(
      "collecting", .fails("collectgarbage"),
      "local t = {} for i = 1, 1e5 do t[i] = {} end while true do collectgarbage() end"),
    // Bombs.
    HostileScript("string_bomb", .outOfMemory, "local s = 'x' while true do s = s .. s end"),
    HostileScript("table_bomb", .outOfMemory, "local t = {} while true do t[#t + 1] = { t } end"),
    HostileScript(
      "coroutine_bomb", .outOfMemory,
      "local t = {} while true do t[#t + 1] = coroutine.wrap(function() coroutine.yield() end) t[#t]() end"),
    HostileScript(
      "caught_bomb", .outOfMemory,
      "while true do pcall(string.rep, 'x', 1 << 40) pcall(string.rep, 'x', 1 << 30) end"),
    // Code that is none.
    HostileScript("bytecode", .fails("bytecode"), "assert(load('\\27Lua\\x54\\0\\x19\\x93\\r\\n\\x1a\\n'))"),
    HostileScript("dump", .fails("string.dump"), "return string.dump(function() end)"),
    HostileScript("hook", .fails("sethook"), "debug.sethook() while true do end"),
    // Lua 5.4.4's own crashers.
    HostileScript(
      "nested_close", .somehow,
      """
      local function nest(n)
        local co = coroutine.create(function()
          local c <close> = setmetatable({}, { __close = function() if n > 0 then nest(n - 1) end end })
          coroutine.yield()
        end)
        coroutine.resume(co)
        return coroutine.close(co)
      end
      return nest(15000)
      """),
    HostileScript("long_chain", .somehow, "return load('return a' .. ('.b'):rep(100000) .. ' + 1')"),
    HostileScript(
      "collection_in_finishset", .somehow,
      """
      local t = setmetatable({}, { __newindex = function(t, k, v) rawset(t, k, v) end })
      for i = 1, 1e7 do t[('k'):rep(100) .. i] = { i } end
      """),
  ]
}

/// What else comes to mind.
extension HostileScript {
  static let more: [HostileScript] = [
    HostileScript("bare_loop", .timedOut, "while true do end"),
    HostileScript("goto_loop", .timedOut, "::a:: goto a"),
    HostileScript("repeat_loop", .timedOut, "for i = 1, math.huge do end"),
    HostileScript(
      "coroutines_in_coroutines", .timedOut,
      "local function f() while true do coroutine.wrap(function() pcall(f) end)() end end f()"),
    HostileScript(
      "yielding_forever", .timedOut,
      "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end"),
    HostileScript(
      "sleeping_in_coroutine", .timedOut,
      "coroutine.wrap(function() while true do pcall(require('almanac.job').sleep, 3600) end end)()"),
    HostileScript("sleeping", .timedOut, "require('almanac.job').sleep('10d')"),
    HostileScript("many_short_sleeps", .timedOut, "while true do require('almanac.job').sleep(0.000001) end"),
    // Recursion.
    HostileScript("recursion", .outOfMemory, "local function f() return 1 + f() end return f()"),
    HostileScript("tail_recursion", .timedOut, "local function f() return f() end return f()"),
    HostileScript(
      "recursion_by_gsub", .somehow, "local function f(s) return (s:gsub('.', f)) end return f('x')"),
    HostileScript(
      "recursion_by_sort", .somehow, "local function f() table.sort({ 1, 2 }, f) return true end f()"),
    HostileScript("recursion_by_pcall", .somehow, "local function f() return pcall(f) end return (f())"),
    HostileScript(
      "recursion_by_xpcall", .somehow, "local function f() return xpcall(f, f) end return (f())"),
    HostileScript(
      "recursion_by_index", .somehow,
      "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k .. 'x'] end return t.a"
    ),
    HostileScript(
      "index_chain", .somehow,
      "local t = {} for i = 1, 1e5 do t = setmetatable({}, { __index = t }) end return t.x"),
    HostileScript(
      "recursion_by_tostring", .somehow,
      "local t = setmetatable({}, { __tostring = function(t) return tostring(t) end }) return tostring(t)"),
    HostileScript(
      "recursion_by_concat", .somehow,
      "local t = setmetatable({}, { __concat = function(a, b) return a .. b end }) return t .. 'x'"),
    HostileScript("recursion_by_load", .somehow, "local function f() return load(f) end return f()"),
    HostileScript(
      "recursion_by_require", .somehow, "package.preload.a = function() return require('a') end require('a')"),
    HostileScript(
      "deep_expression", .somehow, "return load('return ' .. ('('):rep(1e5) .. '1' .. (')'):rep(1e5))"),
    HostileScript("deep_table", .somehow, "return load('return ' .. ('{'):rep(1e5) .. ('}'):rep(1e5))"),
    HostileScript("endless_reader", .somehow, "return load(function() return ' ' end)"),
    HostileScript("long_source", .somehow, "return load(('local x = 1 '):rep(300000))"),
    // Errors that are none of the usual.
    HostileScript("nil_error", .fails("nil"), "error()"),
    HostileScript("error_function", .somehow, "error(print)"),
    HostileScript("error_of_itself", .somehow, "local t = {} t.t = t error(t)"),
    HostileScript(
      "error_that_loops", .somehow,
      "error(setmetatable({}, { __tostring = function() while true do end end }))"),
    HostileScript(
      "error_that_bombs", .somehow,
      "error(setmetatable({}, { __tostring = function() return ('x'):rep(1 << 40) end }))"),
    HostileScript(
      "error_that_fails", .somehow, "error(setmetatable({}, { __tostring = function() error('again') end }))"),
    HostileScript("huge_error", .fails("bytes in all"), "error(('x'):rep(5 << 20))"),
    HostileScript("error_of_bytes", .fails(""), "error('\\0\\255\\254\\xC3\\x28' .. ('\\u{202E}'))"),
    HostileScript("huge_reason", .fails("bytes in all"), "require('almanac.job').fatal(('x'):rep(5 << 20))"),
    // Results that cannot be kept.
    HostileScript("result_of_itself", .fails("holds itself"), "local t = {} t[1] = t return t"),
    HostileScript(
      "deep_result", .fails("nested too deep"), "local t = {} for i = 1, 1e4 do t = { t } end return t"),
    HostileScript("huge_result", .succeeds, "return ('x'):rep(6 << 20)"),
    HostileScript(
      "result_of_million_keys", .somehow, "local t = {} for i = 1, 1e6 do t['k' .. i] = i end return t"),
    HostileScript(
      "exploding_result", .succeeds, "local t = {} for _ = 1, 60 do t = { t, t } end return t"),
    HostileScript("result_of_functions", .somehow, "return { print, coroutine.create(print), io }"),
    HostileScript("result_of_odd_numbers", .succeeds, "return { 0 / 0, 1 / 0, -1 / 0, math.mininteger }"),
    HostileScript("result_with_keys", .somehow, "return { [true] = 1, [{}] = 2, [1.5] = 3, ['\\0'] = 4 }"),
    HostileScript("result_of_bytes", .succeeds, "return '\\0\\255\\xED\\xA0\\x80'"),
    HostileScript(
      "result_with_metatable", .somehow,
      "return setmetatable({}, { __pairs = function() while true do end end, __index = function() while true do end end })"
    ),
    // Floods.
    HostileScript("log_flood", .timedOut, "while true do print(('x'):rep(1000)) end"),
    HostileScript("log_flood_of_nothing", .timedOut, "while true do print() end"),
    HostileScript("long_line", .succeeds, "print(('x'):rep(4 << 20))"),
    HostileScript("many_arguments", .somehow, "print(table.unpack({}, 1, 200000))"),
    HostileScript(
      "log_of_tables", .timedOut,
      "local t = {} for i = 1, 1000 do t[i] = { i } end while true do require('almanac.log').info('x', { t = t }) end"
    ),
    HostileScript(
      "print_that_loops", .timedOut,
      "print(setmetatable({}, { __tostring = function() while true do pcall(error) end end }))"),
    // What belongs to everybody.
    HostileScript(
      "broken_globals", .somehow,
      "for k in pairs(_G) do if k ~= 'setmetatable' then _G[k] = nil end end setmetatable(_G, nil) return 1"),
    HostileScript(
      "globals_that_loop", .timedOut,
      "setmetatable(_G, { __index = function() while true do end end }) return nothing"),
    HostileScript(
      "broken_strings", .somehow,
      "getmetatable('').__index = function() error('mine') end return ('x'):rep(2)"),
    HostileScript("exit", .fails("os.exit"), "os.exit(1)"),
    HostileScript("million_names", .somehow, "for i = 1, 1e6 do _G['name' .. i] = i end"),
    HostileScript(
      "format_of_many_numbers", .timedOut,
      "local t = {} for i = 1, 2e4 do t[i] = 5e-324 end while true do ('%.99g'):rep(#t):format(table.unpack(t)) end"
    ),
    HostileScript("format_that_quotes", .timedOut, "while true do ('%q'):format(('\\1'):rep(2e6)) end"),
    HostileScript(
      "json_bomb", .somehow, "return #require('almanac.json').decode('[' .. ('{},'):rep(1e6) .. '1]')"),
    HostileScript(
      "json_of_shared_tables", .somehow,
      "local t = { 1 } for _ = 1, 25 do t = { t, t } end return #require('almanac.json').encode(t)"),
    HostileScript("error_of_million_items", .somehow, "local t = {} for i = 1, 5e5 do t[i] = i end error(t)"),
    HostileScript("callable_by_itself", .somehow, "local t = {} setmetatable(t, { __call = t }) return t()"),
    HostileScript(
      "packed_nothing", .somehow, "while true do string.packsize((' '):rep(8e6)) end"),
    HostileScript("format_bomb", .somehow, "return ('%99.99f'):rep(100):format(table.unpack({}, 1, 100))"),
    HostileScript("pack_bomb", .somehow, "return string.pack(('s'):rep(1000), table.unpack({}, 1, 1000))"),
    HostileScript("date_bomb", .somehow, "return os.date(('%c'):rep(100000))"),
    HostileScript("char_bomb", .somehow, "return utf8.char(table.unpack({}, 1, 1e6))"),
    HostileScript("code_points", .somehow, "return #utf8.codepoint(('x'):rep(1e6), 1, -1)"),
    HostileScript("byte_bomb", .somehow, "return string.byte(('x'):rep(1e7), 1, -1)"),
  ]
}
