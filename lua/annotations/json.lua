---@meta almanac.json

---JSON text and Lua values.
---@class almanac.json
---@field null userdata Stands for null inside a table, where nil would be no entry at all. It counts as true: compare with it before a field that may be null is used.
local json = {}

---The JSON text of a value, keys in order of the alphabet. What JSON cannot say (a function, a number that is not
---finite, a table with both items and names) raises.
---```lua
---local json = require "almanac.json"
---assert(json.encode({ name = "a", sizes = { 1, 2.5 } }) == '{"name":"a","sizes":[1,2.5]}')
---print(json.encode({ name = "a", owner = json.null }, { pretty = true }))
---```
---@param value any
---@param options? { pretty: boolean }
---@return string text
function json.encode(value, options) end

---The value of a JSON text; or nil and what is wrong with it, and where.
---```lua
---local json = require "almanac.json"
---local feed = assert(json.decode('{"items":[{"id":1,"note":null}]}'))
---assert(feed.items[1].id == 1 and feed.items[1].note == json.null)
---local none, err = json.decode("{")
---assert(not none and err)
---```
---@param text string
---@return any value
---@return string? err
function json.decode(text) end

---Marks a table as a list, so that an empty one is written `[]` and not `{}`.
---```lua
---local json = require "almanac.json"
---assert(json.encode({ tags = json.array() }) == '{"tags":[]}')
---```
---@generic T: table
---@param list? T
---@return T list
function json.array(list) end

return json
