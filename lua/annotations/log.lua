---@meta almanac.log

---The log of the run: `almanac logs JOB`.
---```lua
---local log = require "almanac.log"
---log.info("copied", { files = 3 })
---```
---@class almanac.log
local log = {}

---@param message any
---@param fields? table Names and values that stand beside the message.
function log.debug(message, fields) end

---@param message any
---@param fields? table Names and values that stand beside the message.
function log.info(message, fields) end

---@param message any
---@param fields? table Names and values that stand beside the message.
function log.warn(message, fields) end

---@param message any
---@param fields? table Names and values that stand beside the message.
function log.error(message, fields) end

return log
