-- What the cost of Lua in a host is measured by. The file is a job and a script: main is given the name of a
-- snippet and returns how many seconds of processor time it took, the least of some repetitions; without a
-- name it returns the names, a line each, with the most that each may cost beyond `lua5.4`, in percent.

local snippets = {}

local function add(limit, name, body)
  snippets[#snippets + 1] = { name = name, limit = limit, body = body }
end

local function loop(name, body) add(5, name, body) end
local function code(name, body) add(15, name, body) end
local function other(name, body) add(0, name, body) end

loop("integer arithmetic", function() local x = 0 for i = 1, 5e6 do x = x + i % 7 end end)
loop("float arithmetic", function() local x = 0.5 for _ = 1, 5e6 do x = x * 1.0000001 + 0.1 end end)
loop("calls", function()
  local function f(a, b) return a + b end
  local x = 0
  for i = 1, 2e6 do x = f(x, i) end
end)
loop("recursion", function()
  local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
  fib(27)
end)
loop("table fields", function()
  local t = { x = 1, y = 2 }
  for _ = 1, 3e6 do t.x, t.y = t.y, t.x end
end)

code("new tables", function() for i = 1, 3e5 do local t = { i, i } t.x = i end end)
code("t[#t + 1]", function() local t = {} for i = 1, 4e5 do t[#t + 1] = i end end)
code("table.insert", function() local t = {} for i = 1, 4e5 do table.insert(t, i) end end)
code("table.insert in front", function() local t = {} for i = 1, 1500 do table.insert(t, 1, i) end end)
code("table.remove", function()
  local t = {}
  for i = 1, 3e5 do t[i] = i end
  for _ = 1, 3e5 do table.remove(t) end
end)
code("table.concat", function()
  local t = {}
  for i = 1, 2e5 do t[i] = "x" end
  for _ = 1, 3 do table.concat(t, ",") end
end)
code("table.sort", function()
  local t = {}
  for i = 1, 5e4 do t[i] = (i * 7919) % 30011 end
  table.sort(t)
end)
code("table.sort with a comparator", function()
  local t = {}
  for i = 1, 2e4 do t[i] = (i * 7919) % 10007 end
  table.sort(t, function(a, b) return a < b end)
end)
code("table.unpack", function() local t = { 1, 2, 3, 4, 5 } for _ = 1, 5e5 do table.unpack(t) end end)
code("pairs", function()
  local t = {}
  for i = 1, 1e4 do t[i] = i end
  for _ = 1, 50 do for _ in pairs(t) do end end
end)

code("concatenation", function() for i = 1, 2e5 do local _ = "a" .. i .. "b" end end)
code("string.format", function() for i = 1, 1e5 do string.format("%d-%s", i, "x") end end)
code("string.rep", function() for _ = 1, 3e5 do ("ab"):rep(5) end end)
code("string.upper", function() for _ = 1, 3e5 do ("abc"):upper() end end)
code("string.find, plain", function()
  local s = ("x"):rep(50) .. "needle"
  for _ = 1, 3e5 do s:find("needle", 1, true) end
end)
code("string.find, a pattern", function()
  for _ = 1, 1e5 do ("key = value"):find("^(%w+)%s*=%s*(%w+)$") end
end)
code("string.match, a date", function()
  for _ = 1, 1e5 do ("2026-11-23T19:20:21"):match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)$") end
end)
code("string.match, sets", function() for _ = 1, 1e5 do ("hello_World-42 "):match("[%a_][%w_]*") end end)
code("string.gmatch, words", function()
  local s = ("word "):rep(1000)
  for _ = 1, 60 do for _ in s:gmatch("%a+") do end end
end)
code("string.gmatch, fields", function()
  local s = ("word,"):rep(1000)
  for _ = 1, 60 do for _ in s:gmatch("([^,]*),") do end end
end)
code("string.gsub, a string", function()
  local s = ("word "):rep(1000)
  for _ = 1, 60 do s:gsub("%w+", "x") end
end)
code("string.gsub, a function", function()
  local s = ("word "):rep(1000)
  for _ = 1, 60 do s:gsub("%w+", function(w) return w end) end
end)
code("string.gsub, a table", function()
  local s, t = ("a&b<"):rep(1000), { ["&"] = "&amp;", ["<"] = "&lt;" }
  for _ = 1, 60 do s:gsub("[&<>]", t) end
end)

other("closures", function() for i = 1, 5e5 do local _ = function() return i end end end)
other("pcall", function() for _ = 1, 5e5 do pcall(math.abs, 1) end end)
other("setmetatable", function() local m = {} for _ = 1, 4e5 do setmetatable({}, m) end end)
other("coroutine.yield", function()
  local f = coroutine.wrap(function() while true do coroutine.yield() end end)
  for _ = 1, 3e5 do f() end
end)
other("coroutine.wrap", function() for _ = 1, 3e4 do coroutine.wrap(function() end)() end end)
other("load", function() for _ = 1, 5e3 do load("local a, b = 1, 2 return function(x) return a + b + x end") end end)

schedule = { memory_limit = "256MB" }

function main(run)
  local wanted = run.params and run.params.snippet
  local lines, least = {}, math.huge
  for _, snippet in ipairs(snippets) do
    lines[#lines + 1] = snippet.limit .. "\t" .. snippet.name
    for _ = 1, snippet.name == wanted and 5 or 0 do
      local begin = os.clock()
      snippet.body()
      least = math.min(least, os.clock() - begin)
    end
  end
  return wanted and ("%.9f"):format(least) or table.concat(lines, "\n")
end
