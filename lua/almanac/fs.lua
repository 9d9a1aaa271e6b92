-- almanac.fs: what a script sees of FilesModule.swift.
--
--   local fs = require "almanac.fs"
--   local text, err = fs.read("notes.txt")      -- relative to the folder of the job's file
--   for line in assert(fs.lines("big.log")) do ... end
local host = ...

local fs = {}

for _, name in ipairs {
  "append", "copy", "disk", "exists", "glob", "list", "mkdir", "move", "read", "remove", "stat", "write",
} do
  fs[name] = host[name]
end

--- An iterator over the lines of a file, without their ends; a file of any size is read in pieces.
--- A file that cannot be read gives nil and the reason.
function fs.lines(path)
  local chunk, err = host.chunk(path, 0)
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

return fs
