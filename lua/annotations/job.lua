---@meta almanac.job

---The run itself: where it writes, how it waits, how it ends.
---```lua
---local job = require "almanac.job"
---```
---@class almanac.job
---@field env table<string, string> The settings of `env` in the schedule: `job.env.API_URL`.
---@field params table What was handed to this run: `almanac run JOB --param key=value`.
local job = {}

---The path of a file in the job's own output folder, which is made where it is missing.
---```lua
---fs.write(job.output("report.txt"), text)
---```
---@param name string
---@return string path
function job.output(name) end

---Waits, while other jobs run. A run that waits still ends at its time limit.
---@async
---@param time number|string Seconds, or a duration like `"10s"`.
function job.sleep(time) end

---Seconds left until the time limit, or nil where there is none.
---@return number? seconds
function job.remaining() end

---Ends the run, from any depth, as skipped.
---@param reason? string
function job.skip(reason) end

---Ends this attempt as failed; the next comes after this time, whatever `retry` says of intervals.
---@param time number|string Seconds, or a duration like `"10m"`.
---@param reason? string
function job.retry_after(time, reason) end

---Ends the run as failed, without another attempt.
---@param reason string
function job.fatal(reason) end

return job
