---@meta

-- For editors: what a job file defines. This file is never run.

---A length of time: `"90s"`, `"10m"`, `"1h30m"`, `"2d"`, `"1w"`, `"250ms"`, or ISO 8601 (`"PT5M"`). `d` is 24 hours.
---@alias almanac.Duration string

---A time of day: `"02:00"` or `"02:00:30"`; `"24:00"` is the end of the day.
---@alias almanac.TimeOfDay string

---A point in time, ISO 8601: `"2026-12-24T18:00"` in the job's time zone, or with an offset or `Z`.
---@alias almanac.Instant string

---@alias almanac.Day
---| "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun"
---| "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" | "sunday"

---@class almanac.Daily
---@field at almanac.TimeOfDay|almanac.TimeOfDay[] When on these days.
---@field every_days? integer Every n-th day, counted from `start_at`, else from 1970-01-01. Default 1.

---@class almanac.Weekly
---@field on almanac.Day|almanac.Day[] On these days.
---@field at almanac.TimeOfDay|almanac.TimeOfDay[] When on these days.
---@field every_weeks? integer Every n-th week, counted from `start_at`, else from Monday 1970-01-05. Default 1.

---@class almanac.Monthly
---@field on (integer|string)[]|integer|string Days: `{ 1, 15, "last" }`, or weekdays: `{ "first mon", "last fri" }`. A day that a month does not have is passed over.
---@field at almanac.TimeOfDay|almanac.TimeOfDay[] When on these days.
---@field months? string[] Only in these months: `{ "jan", "jul" }`.

---When a job is due. Give one of `every`, `restart_after`, `cron`, `daily`, `weekly`, `monthly`, `at`, `on`.
---@class almanac.Trigger
---@field every? almanac.Duration At a fixed rate: the previous due instant + this, not drifting with run time. With `start_at`, on the grid that begins there.
---@field restart_after? almanac.Duration That long after the previous run ended, whatever its outcome: keeps a job running.
---@field cron? string A cron expression: five fields, six with seconds first, seven with a year last; `"*/15 2-4 * * mon-fri"`, `"@daily"`.
---@field daily? almanac.Daily On every n-th day: `{ at = "01:00" }`.
---@field weekly? almanac.Weekly On days of the week: `{ on = { "mon", "thu" }, at = "06:30" }`.
---@field monthly? almanac.Monthly On days of the month: `{ on = { 1, "last" }, at = "02:00" }`.
---@field at? almanac.Instant|almanac.Instant[] Once, or once for each of a list.
---@field on? "startup" When the daemon starts.
---@field day_match? "and"|"or" How the two day fields of `cron` go together.
---@field name? string A name for this trigger, for listings and across edits.
---@field start_at? almanac.Instant Not before; also where grids and n-day counts begin.
---@field end_at? almanac.Instant Not at or after this.
---@field delay? almanac.Duration Added to each firing.
---@field jitter? almanac.Duration Up to this much is added, the same for the same job and due instant everywhere.
---@field repeat_every? almanac.Duration From each firing on, again at this distance.
---@field repeat_for? almanac.Duration For how long `repeat_every` goes on; by default, until the trigger fires next.
---@field time_limit? almanac.Duration Instead of the job's own, for runs of this trigger.
---@field enabled? boolean `false`: this trigger does not fire. Default `true`.

---@class almanac.Window
---@field from almanac.TimeOfDay Opens then.
---@field to almanac.TimeOfDay Closes then: half open, `[from, to)`. Before `from`: it crosses midnight, and belongs to the day it opens.
---@field days? almanac.Day[] The days on which it opens. Default: all.
---@field on_close? "finish" What becomes of a run that is still going.

---@class almanac.Retry
---@field count integer How many further attempts a run gets that failed, timed out or was interrupted.
---@field interval almanac.Duration How long to wait before the first of them.
---@field backoff? number Each later wait is this many times as long. Default 1.
---@field max_interval? almanac.Duration No wait is longer.

---Whom to tell what of the runs. What is left out, the daemon's configuration says; `false` takes one away.
---@class almanac.Notify
---@field on? almanac.NotifyEvent|almanac.NotifyEvent[] What messages are sent about. Default `{ "failed", "recovered" }`.
---@field email? string|string[]|false `"ops@example.com"` or `"Night Shift <ops@example.com>"`.
---@field webhook? string|string[]|false URLs that get a POST of JSON.
---@field ntfy? string|string[]|false Topics of ntfy.sh, or URLs of topics.
---@field ping? string|false The URL of a dead-man switch: it gets `URL/start`, `URL` on success and `URL/fail`.
---@field long_running? almanac.Duration|false A run that goes on for longer is told of.
---@field smtp? almanac.notify.Smtp The mail server. Default: this machine's own.

---`failed`: a run ended failed, timed out or interrupted, its last attempt included. `recovered`: one succeeded after that.
---@alias almanac.NotifyEvent
---| "started" | "succeeded" | "failed" | "recovered" | "missed" | "long_running"

---The schedule and settings of a job. With one trigger its keys stand here; several stand in `triggers`.
---@class almanac.Schedule: almanac.Trigger
---@field triggers? almanac.Trigger[] Several triggers; those due at the same instant make one run.
---@field enabled? boolean `false`: loaded and shown, never due. Default `true`.
---@field testing? boolean `true`: a due run is logged and recorded as `tested`; `main` is not called. Default `false`.
---@field run_on_startup? boolean `true`: also runs when the daemon starts, whatever the window. Default `false`.
---@field time_zone? string IANA name, `"Europe/Berlin"`. Default: the daemon's.
---@field window? almanac.Window|almanac.Window[] Starts only within these times. Default: always.
---@field outside_window? "defer"|"skip" A firing outside the window waits for it (default for `every` and `restart_after`) or is skipped (the others').
---@field blackout? string|(string|table)[]|table Dates, ranges of dates, or `{ calendar = "holidays.ics" }` in which nothing fires.
---@field time_limit? almanac.Duration The longest an attempt may take, waiting included; `"0s"`: no limit. Default `"24h"`.
---@field stop_grace? almanac.Duration How long a stopped run has to close what it has open. Default `"5s"`.
---@field memory_limit? string Of the job's Lua state. Default `"64MB"`.
---@field log_limit? string Of a run's log. Default `"1MB"`.
---@field retry? almanac.Retry Further attempts. Default: none.
---@field overlap? "skip" When it is due while still running. Default `"skip"`.
---@field late_within? almanac.Duration A due instant found no older than this still starts as if on time. Default `"1m"`.
---@field start_when_available? boolean `true`: due instants missed while the daemon was down are made up by one run. Default `false`.
---@field fresh_state? boolean `true`: every run has a new Lua state. Default: globals last from run to run.
---@field host? "shared"|"own" Where the job's state lives: `"own"` is a process to itself. Default `"shared"`.
---@field notify? almanac.Notify|false Whom to tell of failures, recoveries and silence. Default: the configuration's.
---@field env? table<string, string> Settings, read in the job as `job.env.KEY`.

---When this job runs, and by which rules. Without it, the job runs on demand only.
---@type almanac.Schedule
schedule = {}

---How the last run of this job ended.
---@class almanac.LastRun
---@field id integer|string
---@field outcome string `succeeded`, `failed`, `timed_out`, `cancelled`, `interrupted`, `tested`, `skipped` or `missed`.
---@field ended_at string
---@field result any

---What `main` is handed.
---@class almanac.Run
---@field id integer|string The run's number in the ledger.
---@field job string The job's name.
---@field trigger string The trigger that fired; `manual` where somebody asked for it.
---@field due_at string When it was due: ISO 8601 in UTC.
---@field started_at string When it started.
---@field attempt integer 1 for the first, more for those that `retry` gave.
---@field params table What was handed over: `almanac run JOB --param key=value`.
---@field testing boolean
---@field last? almanac.LastRun The last ended run of this job.

---Optional: called once when this version of the file has been loaded. A string that it returns goes to the log.
---@return string? message
function initialize() end

---The work of the job, called once an attempt.
---
---Its first value is the result of the run. It fails by `error("why")` or `return nil, "why"`.
---@param run almanac.Run
---@return string|number|boolean|table? result
---@return string? why
function main(run) end
