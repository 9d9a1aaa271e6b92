-- almanac.fs: what a script sees of FilesModule.swift.
--
--   local fs = require "almanac.fs"
--   local text, err = fs.read("notes.txt")      -- relative to the folder of the job's file
--   for line in assert(fs.lines("big.log")) do ... end
local host = ...

local fs = {}

for _, name in ipairs {
  "append", "chmod", "copy", "disk", "exists", "glob", "gunzip", "gzip", "hash", "list", "mkdir", "move", "read",
  "readlink", "remove", "stat", "symlink", "tar", "untar", "write",
} do
  fs[name] = host[name]
end

--- An iterator over the lines of a file, without their ends; a file of any size is read in pieces.
--- A file that cannot be read gives nil and the reason.
function fs.lines(path, ...)
  local chunk, err = host.chunk(path, 0, ...)
  if not chunk then return nil, err end
  local offset, from = #chunk, 1
  return function()
    local line
    while true do
      local at = chunk:find("\n", from, true)
      if at then
        line = (line or "") .. chunk:sub(from, at - 1)
        from = at + 1
        return line
      end
      if from <= #chunk then line = (line or "") .. chunk:sub(from) end
      if chunk == "" then return line end
      chunk, err = host.chunk(path, offset)
      if not chunk then error(err, 2) end
      offset, from = offset + #chunk, 1
    end
  end
end

--- An iterator over all that is below a folder: path, entry. A folder comes before what is in it; `entry.skip = true`
--- leaves that out. A folder that cannot be read raises, unless `on_error` takes it.
function fs.walk(path, options)
  path = path or "."
  local entries, id = host.scan(path, options)
  if not entries then return nil, id end
  local depth = options and options.depth or math.huge
  local follow, on_error = options and options.follow, options and options.on_error
  -- The folders that are open, outermost first. With links followed, each is entered once: so circles end.
  local open = { { prefix = path == "." and "" or path:match("^(.-)/*$") .. "/", entries = entries, at = 0 } }
  local entered = { [id] = true }
  local folder, folder_path

  -- Opens the folder that was given last.
  local function enter()
    local inside, err = host.scan(folder_path, options)
    if not inside then
      if not on_error then error(err, 3) end
      return on_error(folder_path, err)
    end
    if follow and entered[err] then return end
    entered[err] = true
    open[#open + 1] = { prefix = folder_path .. "/", entries = inside, at = 0 }
  end

  return function()
    if folder and not folder.skip then enter() end
    folder = nil
    while #open > 0 do
      local top = open[#open]
      top.at = top.at + 1
      local entry = top.entries[top.at]
      if entry then
        local entry_path = top.prefix .. entry.name
        if entry.type == "folder" and #open < depth then folder, folder_path = entry, entry_path end
        return entry_path, entry
      end
      open[#open] = nil
    end
  end
end

return fs
