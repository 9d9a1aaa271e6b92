-- What every job's state starts with: the globals that are the host's own.
-- It is called once, with what only the host can do.
local host = ...

local error, next, pairs, select, setmetatable, tostring, type =
  error, next, pairs, select, setmetatable, tostring, type
local concat = table.concat
local format, gsub = string.format, string.gsub

-- The numbers of these two are fixed; the functions of modules come with their module.
local find_module, write_log = host.bind(0, "package", "find"), host.bind(1, "log", "write")

local function line(...)
  local parts = { ... }
  for i = 1, select("#", ...) do
    parts[i] = tostring(parts[i])
  end
  return concat(parts, "\t")
end

-- print goes to the run's log.
function print(...)
  write_log("info", line(...))
end

function warn(...)
  for i = 1, select("#", ...) do
    if type((select(i, ...))) ~= "string" then
      error(format("bad argument #%d to 'warn' (string expected, got %s)", i, type((select(i, ...)))), 2)
    end
  end
  local message = concat({ ... })
  if message:sub(1, 1) ~= "@" then
    write_log("warn", message)
  end
end

-- require: the job's own modules, the host's and those of rocks, each loaded once.

local loaded = host.loaded
local preload = {}
-- The modules whose chunks are running, outermost first.
local loading = {}

package = { loaded = loaded, preload = preload, path = "", cpath = "", config = "/\n;\n?\n!\n-\n" }
loaded.package = package

local end_of_loading = {
  __close = function()
    loading[#loading] = nil
  end,
}

-- For the wrappers of modules: what they may need of the host.
local offered = {
  null = host.null,
  list = host.list,
  is_list = host.is_list,
  raise = host.raise,
  handle = host.handle,
  handle_data = host.handle_data,
  collect = host.collect,
}

local function functions_of(module, numbers)
  local functions = {}
  module = gsub(module, "^almanac%.", "")
  for name, number in pairs(numbers) do
    functions[name] = host.bind(number, module, name)
  end
  return functions
end

local function make(name)
  if preload[name] then
    return host.call(preload[name], name, ":preload:"), ":preload:"
  end
  local kind, path, text, functions = find_module(name)
  if not kind then
    error(path, 3)
  elseif kind == "file" then
    return host.call(host.load(text, "@" .. path), name, path), path
  elseif kind == "native" then
    return host.call(host.load_native(path, text), name, path), path
  elseif text then
    return host.call(host.load(text, "=[" .. path .. "]"), functions_of(name, functions), offered), path
  end
  return functions_of(name, functions), path
end

function require(name)
  if type(name) ~= "string" then
    error(format("bad argument #1 to 'require' (string expected, got %s)", type(name)), 2)
  end
  if loaded[name] then
    return loaded[name]
  end
  for i = 1, #loading do
    if loading[i] == name then
      error(format("module '%s' requires itself: %s -> %s", name, concat(loading, " -> ", i), name), 2)
    end
  end
  loading[#loading + 1] = name
  local _ <close> = setmetatable({}, end_of_loading)
  local module, place = make(name)
  if module ~= nil then
    loaded[name] = module
  elseif loaded[name] == nil then
    loaded[name] = true
  end
  return loaded[name], place
end

-- What is not there says so.

local function refuse(name, instead)
  return function()
    error(format("%s is not available in a job: %s", name, instead), 2)
  end
end

dofile = refuse("dofile", "use require")
loadfile = refuse("loadfile", "use require")
os.exit = refuse("os.exit", "return from main, or call error")
os.setlocale = refuse("os.setlocale", "the locale is always C")

-- io, and what os has of its kind, by the host's files and processes. Most jobs use none of it, so that it is
-- loaded only when it is.

local find_standard = require

for _, name in ipairs { "execute", "remove", "rename", "tmpname" } do
  os[name] = function(...)
    return find_standard("almanac.io").os[name](...)
  end
end

local function open_io(library)
  setmetatable(library, nil)
  for name, value in pairs(find_standard("almanac.io").io) do
    if library[name] == nil then
      library[name] = value
    end
  end
end

io = setmetatable({}, {
  __index = function(library, name)
    open_io(library)
    return library[name]
  end,
  __pairs = function(library)
    open_io(library)
    return next, library, nil
  end,
})
loaded.io = io
