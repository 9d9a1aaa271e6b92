-- almanac.json: what a script sees of JSONModule.swift.
--
--   local json = require "almanac.json"
--   json.encode({ name = "a", tags = json.array({}) }, { pretty = true })
--   local value, err = json.decode(text)
local host, lua = ...

local json = {}

--- JSON text of a value. A value that JSON cannot say raises.
json.encode = host.encode

--- The value of a JSON text, or nil and what is wrong with it.
function json.decode(text, ...)
  local box, err = host.decode(text, ...)
  if not box then return nil, err end
  return box[1]
end

--- Stands for null inside a table, where nil would be no entry at all.
json.null = lua.null

--- Marks a table as a list, so that an empty one is written [] and not {}.
function json.array(list) return lua.list(list or {}) end

return json
