-- The border at random: every function that the host's modules offer is called with whatever comes to mind.
--
-- A run makes as many calls as `params.calls` says, all of them given by `params.seed`. It fails when an error
-- message shows the host's insides; what is worse (a crash, a hang, a leak) is seen from outside.
--
-- Nothing here may do harm: paths stay below the job's folder, requests go to a port where nobody listens, and
-- the only program that is started is `true`. A function that can do harm in a new way belongs into `never`, or
-- gets arguments that keep it from it in `prepared`.
schedule = { time_limit = "60s", stop_grace = "1s", memory_limit = "64MB", log_limit = "64KB" }

local random = math.random
local unpack, pack = table.unpack, table.pack

local function one_of(list) return list[random(#list)] end

-- What to call.

local never = {
  ["job.skip"] = true, ["job.retry_after"] = true, ["job.fatal"] = true, -- they end the run
  ["os.exit"] = true, ["os.execute"] = true, ["os.tmpname"] = true, ["io.popen"] = true, ["io.tmpfile"] = true,
}

local functions = {}

local function add(name, value, depth)
  if never[name] or never[(name:gsub("^almanac%.", ""))] then return end
  if type(value) == "function" then
    functions[#functions + 1] = { name = name, call = value }
  elseif type(value) == "table" and depth < 3 then
    local keys = {}
    for key in next, value do
      if type(key) == "string" then keys[#keys + 1] = key end
    end
    table.sort(keys)
    for _, key in ipairs(keys) do add(name .. "." .. key, value[key], depth + 1) end
  end
end

-- A name that is not there is told which there are.
local _, names = pcall(require, "almanac.?")
for name in names:match("there are (.*)"):gmatch("[%w.]+") do add(name, require(name), 0) end
local of_modules = #functions
for _, name in ipairs {
  "coroutine", "debug", "io", "load", "os", "print", "require", "select", "tonumber", "tostring", "warn", "xpcall",
} do
  add(name, _G[name], 0)
end

-- What to call it with.

local texts = {
  "", "x", "a.txt", "b.txt", "sub/c.txt", "sub", "list.csv", "a.tar", "a.gz", "\0", "a\0b", "\xff\xfe", "\xed\xa0\x80",
  ("x"):rep(1000), ("long"):rep(30000), "10s", "-1s", "1e400h", "2026-11-21T02:00:00Z", "2026-02-30", "24:00", "nan",
  "%s%n%d", "{", '{"a":[1,2', "[1,2,3]", ("["):rep(10000), "a: &x [*x, *x]", "- !!binary x", "*", "[", "r", "w+b",
  "Europe/Berlin", "sha256", "base64", "\n\r\t", '"a","b\n', "a,b\r\nc", "ü€😀", "\u{202E}", "=1+1", "return 1", "GET",
}
local numbers = {
  0, -0.0, 1, -1, 2, 3, 7, 0.5, -0.5, 255, 65536, 1 << 31, 1 << 32, 1 << 53, math.maxinteger, math.mininteger, 1e15, 1e100,
  1e308, -1e308, 1 / 0, -1 / 0, 0 / 0, 2 ^ 63, -2 ^ 63,
}
local keys = {
  "timeout", "headers", "query", "json", "form", "body", "retries", "method", "header", "separator", "quote", "raw", "pretty",
  "depth", "hidden", "follow", "check", "cwd", "env", "stdin", "level", "mode", "zone", "days", "months", "to_file", "from",
  "to", "name", "recursive", "overwrite", "append", "n", "year", "hour", "files", "subject", "title", "max_output", "holidays",
}

-- The latest results, to be passed on.
local pool = {}
local value

local function text()
  if random(4) > 1 then return one_of(texts) end
  local bytes = {}
  for i = 1, random(0, 40) do bytes[i] = random(0, 255) end
  return "r" .. string.char(unpack(bytes)):gsub("[/.]", "_")
end

local function number()
  if random(3) > 1 then return one_of(numbers) end
  return random(-1000, 1000)
end

local function raise() error("raised on purpose", 0) end

local odd_tables = {
  function() local t = {} t.t, t[1] = t, t return t end,
  function() local t = {} for _ = 1, random(50, 300) do t = { t } end return t end,
  function() local t = {} for i = 1, random(1, 2000) do t[i] = i end return t end,
  function() return { 1, nil, 3, [10] = 4, [1.5] = 5, [-1] = 6, [1 << 60] = 7 } end,
  function() return { [true] = 1, [{}] = 2, [print] = 3 } end,
  function() return setmetatable({}, { __index = raise, __newindex = raise, __len = raise, __pairs = raise }) end,
  function() return setmetatable({}, { __tostring = raise, __name = {}, __call = raise, __concat = raise }) end,
  function() return setmetatable({ 1, 2 }, { __len = function() return 1 << 60 end, __metatable = false }) end,
  function() return { [text()] = value(3), [text()] = value(3) } end,
}

local function some_table(depth)
  if random(3) == 1 then return one_of(odd_tables)() end
  local t = {}
  for i = 1, random(0, 4) do t[i] = value(depth + 1) end
  for _ = 1, random(0, 4) do t[one_of(keys)] = value(depth + 1) end
  return t
end

local function some_function()
  local kind = random(4)
  if kind == 1 then return one_of(functions).call end
  if kind == 2 then return coroutine.create(function(...) return ... end) end
  if kind == 3 then return raise end
  return function() return value(2) end
end

function value(depth)
  local kind = random(10)
  if kind <= 4 then return text() end
  if kind <= 6 then return number() end
  if kind == 7 then return random(2) == 1 end
  if kind == 8 and depth < 3 then return some_table(depth) end
  if kind == 9 and #pool > 0 then return one_of(pool) end
  if kind == 10 and depth == 0 then return some_function() end
  return nil
end

-- What a call might well be given, so that it gets past its first look.
local words = { "sha256", "md5", "2026-11-21T02:00:00Z", "Europe/Berlin", "1h", "10m", "month", "day", "days", "hours", "%Y-%m-%d", "sub", "a.txt", "b.txt" }

local function plausible()
  local kind = random(7)
  if kind <= 2 then return number() end
  if kind <= 4 then return random(2) == 1 and one_of(words) or text() end
  if kind == 5 then return { [one_of(keys)] = random(2) == 1 and number() or one_of(words) } end
  if kind == 6 then return { { text(), number() }, { text(), number() } } end
  return { text(), text() }
end

local styles = {
  number, plausible, plausible,
  function(place) return place == 1 and number() or one_of(words) end,
  function(place) return place < 3 and number() or one_of(words) end,
  function(place) return place == 1 and one_of(words) or text() end,
  function() return value(0) end,
}

local function arguments()
  local style = one_of(styles)
  local list = { n = random(1, 3) }
  if style == styles[#styles] then list.n = random(0, 5) end
  for i = 1, list.n do list[i] = style(i) end
  return list
end

-- Without strings that could lead a request or a command anywhere.
local function tamed(v, instead, depth)
  if type(v) == "string" then return instead end
  if type(v) ~= "table" or depth > 3 then return v end
  local t = {}
  for key, item in next, v do t[key] = tamed(item, instead, depth + 1) end
  return t
end

local request_keys = { "headers", "query", "json", "form", "body", "retries", "method", "timeout" }
local nowhere = "http://127.0.0.1:1/"

local function prepared(name, list)
  if name:find("^almanac%.http") or name:find("^almanac%.notify") then
    for i = 1, list.n do list[i] = type(list[i]) ~= "function" and tamed(list[i], nowhere, 0) or nil end
    for i = 1, list.n do
      if type(list[i]) == "table" and random(3) > 1 then
        list[i] = { timeout = 0.2, [one_of(keys)] = tamed(plausible(), nowhere, 0) }
        if name:find("notify") then list[i].smtp = { host = "127.0.0.1", port = 1 } end
      end
    end
    if name:find("request$") and random(4) > 1 then
      list[1] = { url = nowhere, timeout = 0.2, [one_of(request_keys)] = random(2) == 1 and value(0) or plausible() }
    end
    -- Each is a wait that gets longer.
    for i = 1, list.n do
      if type(list[i]) == "table" and type(list[i].retries) == "number" then list[i].retries = 0 end
    end
  elseif name:find("^almanac%.process") then
    for i = 1, list.n do list[i] = tamed(list[i], "true", 0) end
    if type(list[1]) == "table" and random(4) > 1 then list[1][1] = "true" end
    if type(list[1]) == "function" then list[1] = "true" end
  elseif name:find("sleep$") then
    for i = 1, list.n do
      if type(list[i]) == "number" and list[i] > 0.001 and list[i] <= 1e9 then list[i] = 0.001 end
      if type(list[i]) == "string" and list[i]:find("%d") then list[i] = "1ms" end
    end
  elseif name:find("remove$") or name:find("rename$") or name:find("move$") then
    for i = 1, list.n do
      if list[i] == "" then list[i] = "sub" end
    end
  end
  return list
end

-- Results go back in, but for what could lead out of the job's folder.
local function is_safe(v, depth)
  if type(v) == "string" then
    return #v < 200000 and not v:find("/", 1, true) and not v:find("..", 1, true) and not v:find("main.lua", 1, true)
      and v ~= "." and v:sub(1, 1) ~= "~"
  elseif type(v) == "table" then
    if depth > 3 then return false end
    local count = 0
    for key, item in next, v do
      count = count + 1
      if count > 100 or not is_safe(key, depth + 1) or not is_safe(item, depth + 1) then return false end
    end
  end
  return true
end

-- How it is called.

local contexts = {
  function(f, list) return pcall(f, unpack(list, 1, list.n)) end,
  function(f, list) return xpcall(f, function(e) return e end, unpack(list, 1, list.n)) end,
  function(f, list) return pcall(coroutine.wrap(f), unpack(list, 1, list.n)) end,
  function(f, list)
    return coroutine.resume(coroutine.create(function(...) return coroutine.wrap(f)(...) end), unpack(list, 1, list.n))
  end,
  function(f, list)
    return pcall(table.sort, { 3, 1, 2 }, function(a, b) f(unpack(list, 1, list.n)) return a < b end)
  end,
  function(f, list) return pcall(string.gsub, "ab", ".", function() f(unpack(list, 1, list.n)) end) end,
  function(f, list)
    return pcall(tostring, setmetatable({}, { __tostring = function() return tostring(f(unpack(list, 1, list.n))) end }))
  end,
  function(f, list)
    return pcall(function()
      local _ <close> = setmetatable({}, { __close = function() f(unpack(list, 1, list.n)) end })
    end)
  end,
  function(f, list)
    return pcall(function() for _ in f, list[1], list[2] do break end end)
  end,
}

-- What no message may hold.
local insides = {
  "Swift", "Fatal", "Optional%(", "HostModules", "LuaHost", "DataValue", "HostReply", "NIO%u", "HTTPClient",
  "Error Domain", "NSError", "unexpectedly found", "%f[%w]nil value of type",
}

local function check(name, said)
  if type(said) ~= "string" then return end
  for _, pattern in ipairs(insides) do
    if said:find(pattern) then error(("%s shows the host's insides: %s"):format(name, said), 0) end
  end
end

local methods = { "json", "read", "write", "lines", "seek", "close", "flush", "setvbuf", "next" }

local function step()
  local chosen = functions[random(4) > 1 and random(of_modules) or random(#functions)]
  local name, f = chosen.name, chosen.call
  if #pool > 0 and random(8) == 1 then
    local object, method = one_of(pool), one_of(methods)
    local there, found = pcall(function() return object[method] end)
    if there and type(found) == "function" then name, f = "a method " .. method, found end
  end
  local results = pack(one_of(contexts)(f, prepared(name, arguments())))
  check(name, results[results[1] == true and 3 or 2])
  for i = 2, math.min(results.n, 4) do
    if results[i] ~= nil and type(results[i]) ~= "function" and is_safe(results[i], 0) then
      if #pool >= 30 then table.remove(pool, random(#pool)) end
      pool[#pool + 1] = results[i]
    end
  end
end

function main(run)
  math.randomseed(tonumber(run.params.seed), 0)
  pool = {}
  for _ = 1, tonumber(run.params.calls) do step() end
  return { functions = #functions, calls = tonumber(run.params.calls) }
end
