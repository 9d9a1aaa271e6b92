---@meta almanac.log

---The log of the run: `almanac logs JOB`.
---```lua
---local log = require "almanac.log"
---log.info("copied", { files = 3 })
---```
---@class almanac.log
local log = {}

---A line for whoever looks for a mistake.
---```lua
---local log = require "almanac.log"
---log.debug("asked the server", { page = 2 })
---```
---@param message any
---@param fields? table Names and values that stand beside the message.
function log.debug(message, fields) end

---A line that says how the work goes; `print` writes such lines too.
---```lua
---local log = require "almanac.log"
---log.info("copied", { files = 3, from = "/srv" })
---```
---@param message any
---@param fields? table Names and values that stand beside the message.
function log.info(message, fields) end

---A line about something that should not be so, and does not keep the run from its work.
---```lua
---local log = require "almanac.log"
---log.warn("the disk is nearly full", { free_mb = 120 })
---```
---@param message any
---@param fields? table Names and values that stand beside the message.
function log.warn(message, fields) end

---A line about something that went wrong. The run goes on: to end it as failed, raise an error or return nil and why.
---```lua
---local log = require "almanac.log"
---log.error("one of the files could not be read", { file = "a.csv" })
---```
---@param message any
---@param fields? table Names and values that stand beside the message.
function log.error(message, fields) end

return log
