-- almanac.yaml: what a script sees of YAMLModule.swift.
--
--   local yaml = require "almanac.yaml"
--   local settings, err = yaml.decode(text)
local host, lua = ...

local yaml = { encode = host.encode, decode_all = host.decode_all }

--- The value of a YAML text of one document, or nil and what is wrong with it.
function yaml.decode(text, ...)
  local box, err = host.decode(text, ...)
  if not box then return nil, err end
  return box[1]
end

--- Stands for null inside a table, where nil would be no entry at all; the same as json.null.
yaml.null = lua.null

return yaml
