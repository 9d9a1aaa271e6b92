---@meta almanac.job

---The run itself: where it writes, how it waits, how it ends.
---```lua
---local job = require "almanac.job"
---local log = require "almanac.log"
---log.info("asked with", { page = job.params.page or 1, home = job.env.HOME_PAGE or "none" })
---```
---@class almanac.job
---@field env table<string, string> The settings of `env` in the schedule: `job.env.API_URL`.
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

return job
