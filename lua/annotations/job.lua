---@meta almanac.job

---The run itself: where it writes, how it waits, how it ends.
---```lua
---local job = require "almanac.job"
---local log = require "almanac.log"
---log.info("asked with", { page = job.params.page or 1, home = job.env.HOME_PAGE or "none" })
---```
---@class almanac.job
---@field env table<string, string> The settings of `env` in the schedule, and in `main` its `secrets`: `job.env.API_URL`.
---@field params table What was handed to this run: `almanac run JOB --param key=value`.
local job = {}

---The path of a file in the job's own output folder, which is made where it is missing.
---```lua
---local job = require "almanac.job"
---local fs = require "almanac.fs"
---assert(fs.write(job.output("2026/report.txt"), "all is well\n"))
---```
---@param name string
---@return string path
function job.output(name) end

---Waits, while other jobs run. A run that waits still ends at its time limit.
---```lua
---local job = require "almanac.job"
---job.sleep("20ms")
---job.sleep(0.02)
---```
---@async
---@param time number|string Seconds, or a duration like `"10s"`.
function job.sleep(time) end

---Seconds left until the time limit, or nil where there is none.
---```lua
---local job = require "almanac.job"
---local left = job.remaining()
---if left and left < 60 then return "too little time to begin another file" end
---```
---@return number? seconds
function job.remaining() end

---Ends the run, from any depth, as skipped.
---```lua
---local job = require "almanac.job"
---local fs = require "almanac.fs"
---if #assert(fs.glob("inbox/*.csv")) == 0 then job.skip("nothing to do") end
---```
---@param reason? string
function job.skip(reason) end

---Ends this attempt as failed; the next comes after this time, whatever `retry` says of intervals.
---```lua
---local job = require "almanac.job"
---local http = require "almanac.http"
---local response = http.get("http://127.0.0.1:1/")
---if not response then job.retry_after("10m", "the server is not there yet") end
---```
---@param time number|string Seconds, or a duration like `"10m"`.
---@param reason? string
function job.retry_after(time, reason) end

---Ends the run as failed, without another attempt.
---```lua
---local job = require "almanac.job"
---if not job.env.API_TOKEN then job.fatal("no API_TOKEN: set it in the schedule's env") end
---```
---@param reason string
function job.fatal(reason) end

---A durable step: calls `fn` once in a run, however often the run is tried, and returns what it returned. A later
---attempt, also one after a crash, gets the same results without a call.
---
---The results (what JSON can say, up to 1 MB) and what was written into `almanac.kv` inside are on the disk before
---`step` returns. They are kept until the run ends; the writes stay, whatever becomes of the run. Where `fn` raises, or
---returns nil and a reason, nothing is kept, and its error or its values go on to the caller. Each step of a run
---has a name of its own, and steps do not nest.
---```lua
---local job = require "almanac.job"
---local id = job.step("create", function() return "order-1" end)
---for i, item in ipairs { "a", "b" } do
---  job.step("add " .. i, function(name) return name:upper() end, item)
---end
---assert(id == "order-1")
---```
---@async
---@param name string
---@param fn fun(...: any): any
---@param ... any What `fn` is called with.
---@return any ... What `fn` returned.
function job.step(name, fn, ...) end

return job
