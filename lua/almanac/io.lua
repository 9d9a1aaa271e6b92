-- io, and os.execute, remove, rename and tmpname: as in Lua's manual, over IOModule.swift.
--
-- A file is a userdata with a table of data: `id`, by which the host knows it; `chunk` and `from`, what was
-- read of it and not taken yet; `closed`; `file`, itself. Writes gather in the host, so that none is lost with a run.
-- The standard files have no id, but `name`: nothing comes from stdin; the other two go to the run's log.
-- In a dry run a host function that would change something does not, and gives `true`: what would have been opened
-- is a file named `nothing`, which takes all and gives none.
local host, offered = ...
local data_of, raise = offered.handle_data, offered.raise

local getmetatable, min, number_type, pack, random, rawget, select, tonumber, tostring, type =
  getmetatable, math.min, math.type, table.pack, math.random, rawget, select, tonumber, tostring, type
local concat, find, format, sub, tointeger, unpack =
  table.concat, string.find, string.format, string.sub, math.tointeger, table.unpack

-- How much is asked for at once, in bytes: usually, and where all is wanted.
local PIECE, MUCH = 1 << 15, 1 << 20
-- The longest numeral, as in Lua.
local NUMERAL = 200
-- The system's numbers for "Bad file descriptor", "Too many open files (in system)" and "Illegal seek".
local EBADF, ENFILE, EMFILE, ESPIPE = 9, 23, 24, 29

local function bad_argument(index, name, problem)
  raise(format("bad argument #%d to '%s' (%s)", index, name, problem))
end

-- What a value is, for messages: a metatable may have a name for it.
local function kind_of(value)
  if value == nil then return "no value" end
  local fields = getmetatable(value)
  local own = type(fields) == "table" and rawget(fields, "__name")
  return type(own) == "string" and own or type(value)
end

local function check_string(value, index, name)
  if type(value) == "number" then return tostring(value) end
  if type(value) == "string" then return value end
  bad_argument(index, name, "string expected, got " .. kind_of(value))
end

-- The data of an open file.
local function opened(file, name, index)
  local data = file ~= nil and data_of(file)
  if not data then
    bad_argument(index or 1, name, "FILE* expected, got " .. kind_of(file))
  end
  if data.closed then raise("attempt to use a closed file") end
  return data
end

-- Reading. These give a value, nil at the end, or nil, a message and the system's number.

-- The next piece, when the last one is used up: true, false at the end, or nil and why.
local function fetch(data, size)
  if data.name then
    if data.name == "stdin" or data.name == "nothing" then return false end
    return nil, "Bad file descriptor", EBADF
  end
  local piece, message, code = host.read(data.id, size or PIECE)
  if not piece then return nil, message, code end
  data.chunk, data.from = piece, 1
  return piece ~= ""
end

-- Takes what is there.
local function rest(data)
  local taken = sub(data.chunk, data.from)
  data.chunk, data.from = "", 1
  return taken
end

local function read_line(data, with_end)
  local parts
  while true do
    local from = data.from
    local at = find(data.chunk, "\n", from, true)
    if at then
      local line = sub(data.chunk, from, with_end and at or at - 1)
      data.from = at + 1
      if not parts then return line end
      parts[#parts + 1] = line
      return concat(parts)
    end
    if from <= #data.chunk then
      parts = parts or {}
      parts[#parts + 1] = rest(data)
    end
    local ok, message, code = fetch(data)
    if ok == nil then return nil, message, code end
    if not ok then return parts and concat(parts) end
  end
end

local function read_all(data)
  local parts = { rest(data) }
  while true do
    local ok, message, code = fetch(data, MUCH)
    if ok == nil then return nil, message, code end
    if not ok then return concat(parts) end
    parts[#parts + 1] = rest(data)
  end
end

local function read_count(data, count)
  local parts, size = {}, 0
  repeat
    if data.from > #data.chunk then
      local ok, message, code = fetch(data, count - size > PIECE and MUCH or PIECE)
      if ok == nil then return nil, message, code end
      if not ok then break end
    end
    local taken = min(count - size, #data.chunk - data.from + 1)
    local part = sub(data.chunk, data.from, data.from + taken - 1)
    data.from = data.from + taken
    parts[#parts + 1] = part
    size = size + #part
  until size >= count
  return parts[1] and concat(parts)
end

-- The longest prefix of what comes that could begin a numeral; a number only if it is one.
local function read_number(data)
  local text, trouble = {}, nil
  local function next_byte()
    if data.from > #data.chunk then
      local ok, message, code = fetch(data)
      if not ok then
        if ok == nil then trouble = { message, code } end
        return ""
      end
    end
    return sub(data.chunk, data.from, data.from)
  end
  -- Takes a byte that matches; at most as many as a numeral may have.
  local function take(pattern)
    local byte = next_byte()
    if byte == "" or #text >= NUMERAL or not find(byte, pattern) then return false end
    data.from = data.from + 1
    text[#text + 1] = byte
    return true
  end
  local function take_digits(pattern)
    local any = false
    while take(pattern) do any = true end
    return any
  end
  while find(next_byte(), "%s") do data.from = data.from + 1 end
  take("[-+]")
  local digit, exponent, any = "%d", "[eE]", take("0")
  if any and take("[xX]") then digit, exponent, any = "%x", "[pP]", false end
  any = take_digits(digit) or any
  if take("%.") then any = take_digits(digit) or any end
  if any and take(exponent) then
    take("[-+]")
    take_digits("%d")
  end
  if trouble then return nil, unpack(trouble) end
  -- One that is too long is no number.
  if #text >= NUMERAL and find(next_byte(), "[%x.]") then return nil end
  return tonumber(concat(text))
end

local function reader(what, index, name)
  if type(what) == "number" then
    local count = tointeger(what)
    if not count or count < 0 then bad_argument(index, name, "not a number of bytes") end
    return read_count, count
  end
  local letter = type(what) == "string" and what:match("^%*?(.)")
  if letter == "l" then return read_line end
  if letter == "L" then return read_line, true end
  if letter == "a" then return read_all end
  if letter == "n" then return read_number end
  bad_argument(index, name, "invalid format")
end

local function read(data, name, ...)
  local count = select("#", ...)
  if count == 0 then return read_line(data) end
  local results = {}
  for index = 1, count do
    local by, option = reader((select(index, ...)), index, name)
    local value, message, code = by(data, option)
    if code then return nil, message, code end
    results[index] = value
    if value == nil then return unpack(results, 1, index) end
  end
  return unpack(results, 1, count)
end

-- Files

local methods = {}
local metatable = {
  __index = methods,
  __name = "FILE*",
  __metatable = { __index = methods, __name = "FILE*" },
}

local function make(data)
  data.chunk, data.from = "", 1
  -- Whoever holds the data holds the file: it is not collected in the middle of a call.
  data.file = offered.handle(data.id or 0, data, metatable)
  return data.file
end

local stdin, stdout, stderr = make { name = "stdin" }, make { name = "stdout" }, make { name = "stderr" }
local input, output = stdin, stdout

function metatable.__tostring(file)
  local data = data_of(file)
  if data.closed then return "file (closed)" end
  return format("file (%p)", file)
end

local function close(data)
  if data.name and data.name ~= "nothing" then return nil, "cannot close standard file" end
  data.closed, data.chunk = true, ""
  if data.name then return true end
  return host.close(data.id)
end

function metatable.__close(file)
  local data = data_of(file)
  if data and not data.closed then close(data) end
end

local function write(file, data, name, ...)
  for index = 1, select("#", ...) do
    local value = select(index, ...)
    local kind = number_type(value)
    if kind == "float" then
      value = format("%.14g", value)
    elseif kind then
      value = tostring(value)
    elseif type(value) ~= "string" then
      bad_argument(index, name, "string expected, got " .. kind_of(value))
    end
    local ok, message, code
    if not data.name then
      -- What was read ahead counts as not read: the file goes on where the script is.
      ok, message, code = host.write(data.id, value, #rest(data))
    elseif data.name == "nothing" then
      ok = true
    elseif data.name == "stdin" then
      message, code = "Bad file descriptor", EBADF
    else
      ok = host.log(data.name, value)
    end
    if not ok then return nil, message, code end
  end
  return file
end

-- An iterator over what the formats say; at the end it closes the file, if `owned`.
local function iterator(data, owned, ...)
  local formats, count = { ... }, select("#", ...)
  for index = 1, count do reader(formats[index], index, "lines") end
  return function()
    if data.closed then raise("file is already closed") end
    local results = pack(read(data, "lines", unpack(formats, 1, count)))
    if results[1] == nil then
      if results[3] then raise(results[2]) end
      if owned then close(data) end
      return nil
    end
    return unpack(results, 1, results.n)
  end
end

function methods.close(file) return close(opened(file, "close")) end

function methods.flush(file)
  local data = opened(file, "flush")
  if data.name then return true end
  return host.flush(data.id)
end

function methods.lines(file, ...) return iterator(opened(file, "lines"), false, ...) end

function methods.read(file, ...) return read(opened(file, "read"), "read", ...) end

function methods.seek(file, whence, offset)
  local data = opened(file, "seek")
  whence = whence or "cur"
  if whence ~= "set" and whence ~= "cur" and whence ~= "end" then
    bad_argument(1, "seek", "invalid option '" .. tostring(whence) .. "'")
  end
  offset = tointeger(offset or 0)
  if not offset then bad_argument(2, "seek", "number has no integer representation") end
  if data.name == "nothing" then return 0 end
  if data.name then return nil, "Illegal seek", ESPIPE end
  return host.seek(data.id, whence, offset, #rest(data))
end

function methods.setvbuf(file, mode)
  local data = opened(file, "setvbuf")
  if mode ~= "no" and mode ~= "line" and mode ~= "full" then
    bad_argument(1, "setvbuf", "invalid option '" .. tostring(mode) .. "'")
  end
  if data.name then return true end
  return host.setvbuf(data.id, mode)
end

function methods.write(file, ...) return write(file, opened(file, "write"), "write", ...) end

-- The library

-- Makes a file of what `call` opens. Files that were forgotten count until they are collected.
local function open(call, ...)
  local id, message, code = call(...)
  if code == EMFILE or code == ENFILE then
    offered.collect()
    id, message, code = call(...)
  end
  if not id then return nil, message, code end
  return make(id == true and { name = "nothing" } or { id = id })
end

local function open_path(path, mode)
  local only_reads = find(mode, "^r") and not find(mode, "+", 1, true)
  return open(only_reads and host.open or host.create, path, mode)
end

-- Opens, or raises.
local function open_surely(path, mode)
  local file, message = open_path(path, mode)
  if not file then raise(format("cannot open file '%s' (%s)", path, message:sub(#path + 3))) end
  return file
end

local io = { stdin = stdin, stdout = stdout, stderr = stderr }

function io.open(path, mode)
  path = check_string(path, 1, "open")
  mode = mode == nil and "r" or check_string(mode, 2, "open")
  if not find(mode, "^[rwa]%+?b*$") then bad_argument(2, "open", "invalid mode") end
  return open_path(path, mode)
end

function io.popen(command, mode)
  command = check_string(command, 1, "popen")
  mode = mode or "r"
  if mode ~= "r" and mode ~= "w" then bad_argument(2, "popen", "invalid mode") end
  return open(host.popen, command, mode)
end

function io.tmpfile() return open(host.tmpfile) end

function io.close(file)
  if file == nil then file = output end
  return close(opened(file, "close"))
end

function io.type(value)
  local data = data_of(value)
  if not data then return nil end
  return data.closed and "closed file" or "file"
end

function io.input(file)
  if type(file) == "string" then
    input = open_surely(file, "r")
  elseif file ~= nil then
    opened(file, "input")
    input = file
  end
  return input
end

function io.output(file)
  if type(file) == "string" then
    output = open_surely(file, "w")
  elseif file ~= nil then
    opened(file, "output")
    output = file
  end
  return output
end

-- The data of a default file.
local function default(file, name)
  local data = data_of(file)
  if data.closed then raise(format("default %s file is closed", name)) end
  return data
end

function io.flush()
  local data = default(output, "output")
  if data.name then return true end
  return host.flush(data.id)
end

function io.read(...) return read(default(input, "input"), "read", ...) end

function io.write(...) return write(output, default(output, "output"), "write", ...) end

function io.lines(path, ...)
  if path == nil then return iterator(default(input, "input"), false, ...) end
  local file = open_surely(check_string(path, 1, "lines"), "r")
  return iterator(data_of(file), true, ...), nil, nil, file
end

local os = {}

function os.execute(command)
  if command == nil then return true end
  local ok, how, code = host.execute(check_string(command, 1, "execute"))
  return ok, how or "exit", code or 0
end

function os.remove(path) return host.remove(check_string(path, 1, "remove")) end

function os.rename(from, to)
  return host.rename(check_string(from, 1, "rename"), check_string(to, 2, "rename"))
end

function os.tmpname()
  local name, message = host.tmpname()
  if not name then raise("unable to generate a unique filename: " .. message) end
  if name == true then return format("/tmp/lua_%06x", random(0, 0xffffff)) end
  return name
end

return { io = io, os = os }
