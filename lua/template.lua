-- NAME: a job for Almanac. Save this file, and what you changed is live at once.
-- `almanac run NAME` runs it now; `almanac next NAME` shows when it is due; `almanac logs NAME` what it said.

local job = require "almanac.job"
local log = require "almanac.log"

-- When it runs, and by which rules. Without `schedule` it runs only when you ask for it.
schedule = {
  every = "1h",                                -- or: daily = { at = "01:00" }, cron = "*/15 * * * mon-fri"
  -- window = { from = "02:00", to = "04:00" },  -- start only between these times of day
  time_limit = "5m",                           -- stopped when it takes longer
  retry = { count = 2, interval = "1m" },      -- tried again when it fails
  -- start_when_available = true,              -- made up for when the machine was off
  -- allow = { "http:api.example.com" },        -- all that it may do to the world; else, everything
  env = { GREETING = "Hello" },                -- settings, read below as job.env.GREETING
}

-- Optional: called once when the file has been loaded. What it returns goes to the log.
function initialize()
  return "ready"
end

-- The work. What it returns is kept as the result of the run.
function main(run)
  log.info("running", { attempt = run.attempt })

  -- Nothing to do? The run is recorded as skipped, with this reason.
  -- job.skip("nothing to do")

  -- Went wrong? Say why, by `return nil, "why"` or `error("why")`, and `retry` has another go.
  -- return nil, "the server does not answer"

  return job.env.GREETING .. " from " .. run.job
end

-- Where to look next
--   job.output("report.txt")           a path in this job's own output folder
--   job.sleep("10s")                   waits; other jobs run meanwhile
--   require "almanac.http"             get, post, request
--   require "almanac.fs"               read, write, append, lines, list, glob, copy, move, remove
--   require "almanac.process"          run, shell: other programs
--   require "almanac.json"             encode, decode
-- A folder with a main.lua is one job too; the other .lua files in it are its modules.
