---@meta almanac.json

---JSON text and Lua values.
---@class almanac.json
---@field null userdata Stands for null inside a table, where nil would be no entry at all.
local json = {}

---The JSON text of a value, keys in order of the alphabet. What JSON cannot say (a function, a number that is not
---finite, a table with both items and names) raises.
---@param value any
---@param options? { pretty: boolean }
---@return string text
function json.encode(value, options) end

---The value of a JSON text; or nil and what is wrong with it, and where.
---@param text string
---@return any value
---@return string? err
function json.decode(text) end

---Marks a table as a list, so that an empty one is written `[]` and not `{}`.
---@generic T: table
---@param list? T
---@return T list
function json.array(list) end

return json
