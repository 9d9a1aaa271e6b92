---@meta

-- For editors: what a job file defines. This file is never run.

---A length of time: `"90s"`, `"10m"`, `"1h30m"`, `"2d"`, `"1w"`, `"250ms"`, or ISO 8601 (`"PT5M"`). `d` is 24 hours.
---@alias almanac.Duration string

---A time of day: `"02:00"` or `"02:00:30"`; `"24:00"` is the end of the day.
---@alias almanac.TimeOfDay string

---A point in time, ISO 8601: `"2026-12-24T18:00"` in the job's time zone, or with an offset or `Z`.
---@alias almanac.Instant string

---An amount of memory or disk: `"64MB"`, `"512KB"`, `"1GB"`. `KB` is 1024 bytes.
---@alias almanac.Size string

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
---@field months? string|string[] Only in these months: `{ "jan", "jul" }`. Default: all.

---How a run of another job must end to fire a trigger.
---@class almanac.After
---@field job string The other job's name.
---@field outcome? almanac.Outcome|"any"|almanac.Outcome[] How its run must have ended. Default `"succeeded"`.

---How a run has ended.
---@alias almanac.Outcome
---| "succeeded" `main` has returned.
---| "failed" `main` has raised an error, or returned `nil, "why"`.
---| "timed_out" It was stopped at its time limit.
---| "cancelled" Somebody stopped it, or another run took its place, or its window closed.
---| "interrupted" The daemon, the host process or the machine died under it.
---| "tested" Test mode: `main` was not called.
---| "skipped" It was due, but a gate was closed, or the job said `job.skip`.
---| "missed" It was due while no daemon was there, and nobody asked to make it up.

---When a job is due. Give one of `every`, `restart_after`, `cron`, `daily`, `weekly`, `monthly`, `at`, `on`, `after`,
---`watch`, `webhook`.
---@class almanac.Trigger
---@field every? almanac.Duration At a fixed rate: the previous due instant + this, not drifting with run time. With `start_at`, on the grid that begins there.
---@field restart_after? almanac.Duration That long after the previous run ended, whatever its outcome: keeps a job running.
---@field cron? string A cron expression: five fields, six with seconds first, seven with a year last; `"*/15 2-4 * * mon-fri"`, `"@daily"`.
---@field daily? almanac.Daily On every n-th day: `{ at = "01:00" }`.
---@field weekly? almanac.Weekly On days of the week: `{ on = { "mon", "thu" }, at = "06:30" }`.
---@field monthly? almanac.Monthly On days of the month: `{ on = { 1, "last" }, at = "02:00" }`.
---@field at? almanac.Instant|almanac.Instant[] Once, or once for each of a list.
---@field on? "startup"|"boot"|"load"|"shutdown" When the daemon starts; when the machine has booted, once a boot; when this content of the file goes live for the first time; when the daemon stops, the run having `--grace`.
---@field after? string|almanac.After|(string|almanac.After)[] When a run of that job has ended so, by default in success. Of a list: when each has ended so since it fired last.
---@field watch? string When a file appears or changes that this path or pattern names: `"inbox/*.csv"`, relative to the folder of the job's file. The paths come in `run.params.paths`.
---@field settle? almanac.Duration How long what `watch` saw must be quiet before it fires. Default `"1s"`.
---@field webhook? string When something is posted to this hook of the HTTP API. The body comes in `run.params`.
---@field day_match? "and"|"or" How the two day fields of `cron` go together. Default: as in every cron, `or` where both are restricted.
---@field name? string A name for this trigger, for listings and across edits.
---@field start_at? almanac.Instant Not before; also where grids and n-day counts begin.
---@field end_at? almanac.Instant Not at or after this.
---@field delay? almanac.Duration Added to each firing. Default: none.
---@field jitter? almanac.Duration Up to this much is added, the same for the same job and due instant everywhere. It leads neither out of the window nor to the next firing. Default: none.
---@field repeat_every? almanac.Duration From each firing on, again at this distance.
---@field repeat_for? almanac.Duration For how long `repeat_every` goes on; by default, until the trigger fires next.
---@field stop_at_end? boolean `true`: what still runs when the repetition ends is stopped. Default `false`.
---@field time_limit? almanac.Duration Instead of the job's own, for runs of this trigger.
---@field enabled? boolean `false`: this trigger does not fire. Default `true`.

---@class almanac.Window
---@field from almanac.TimeOfDay Opens then.
---@field to almanac.TimeOfDay Closes then: half open, `[from, to)`. Before `from`: it crosses midnight, and belongs to the day it opens.
---@field days? almanac.Day[] The days on which it opens. Default: all.
---@field on_close? "finish"|"stop" What becomes of a run that is still going when it closes. Default `"finish"`.

---@class almanac.Retry
---@field count integer How many further attempts a run gets that failed, timed out or was interrupted.
---@field interval almanac.Duration How long to wait before the first of them.
---@field backoff? number Each later wait is this many times as long. Default 1.
---@field max_interval? almanac.Duration No wait is longer. Default: no limit.
---@field jitter? almanac.Duration Up to this much is added to each wait. Default: none.

---Conditions of a start. Where one is not met, the run is skipped with the reason.
---@class almanac.Requires
---@field network? boolean The machine has a network.
---@field ac_power? boolean It runs on mains.
---@field idle? boolean It has little to do: a load below 0.3 a processor over the last minute.
---@field free_disk? almanac.Size So much is free where the job's file is.
---@field file? string This file or folder is there.
---@field wait? almanac.Duration They are asked again for this long before the run is skipped. Default: not at all.

---A date or a range of dates (or instants), `to` included where it is a date; or a calendar file, relative to the
---folder of the job's file.
---@alias almanac.Blackout string|{ from: string, to: string }|{ calendar: string }

---What a job may do to the world. `http`, `fs:read`, `fs:write` and `process` may be limited to a host, a path, a
---program: `"http:api.example.com"`, `"fs:write:/srv/backup"`, `"process:rsync"`.
---@alias almanac.Capability "http"|"fs:read"|"fs:write"|"process"|"notify"|string

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
---@field blackout? almanac.Blackout|almanac.Blackout[] Dates, ranges of dates, or `{ calendar = "holidays.ics" }` in which nothing fires. Default: none.
---@field time_limit? almanac.Duration The longest an attempt may take, waiting included; `"0s"`: no limit. Default `"24h"`.
---@field cpu_limit? almanac.Duration The most processor time an attempt may take; what it waits for does not count. Default: no limit.
---@field stop_grace? almanac.Duration How long a stopped run has to close what it has open. Default `"5s"`.
---@field memory_limit? almanac.Size Of the job's Lua state. Default `"64MB"`.
---@field log_limit? almanac.Size Of a run's log; past it, one line says how much was dropped. Default `"1MB"`.
---@field retry? almanac.Retry Further attempts. Default: none.
---@field overlap? "skip"|"queue"|"parallel"|"replace" When it is due while still running: not at all; when the run has ended; at the same time; in its place. Default `"skip"`, for `watch`, `after` and `webhook` `"queue"`.
---@field queue_limit? integer How many firings `overlap = "queue"` keeps waiting. Default 1; no limit for `watch`, `after` and `webhook`.
---@field max_parallel? integer How many runs `overlap = "parallel"` lets run at a time. Default: no limit.
---@field late_within? almanac.Duration A due instant found no older than this still starts as if on time. Default `"1m"`.
---@field start_when_available? boolean `true`: due instants missed while the daemon was down are made up by one run, for the newest. Default `false`.
---@field catch_up? "none"|"newest"|"all" Says more exactly what is made up: nothing, one run for the newest, or one for each, oldest first. Default: what `start_when_available` says.
---@field catch_up_within? almanac.Duration What was missed longer ago is not made up. Default: no limit.
---@field priority? integer 0 (first) to 9, among runs that wait for a worker. Default 5.
---@field pool? string The name of a pool of the configuration: no more of its jobs run at a time than its size. Default: none.
---@field requires? almanac.Requires Conditions of a start: `{ network = true, free_disk = "1GB", wait = "10m" }`. Default: none.
---@field when? fun(due: string, run: almanac.Run): any, string? Asked just before a start, with 30 s to say: `nil` or `false` and a reason skip the run, an error fails it. Default: none.
---@field archive_after? almanac.Duration So long after the end of its last trigger the job is archived: shown as such, no longer fired. Default: never.
---@field formerly? string The job's name before it was renamed: history, pause and kv of that name go on under the new one.
---@field notify? almanac.Notify|false Whom to tell of failures, recoveries and silence. Default: the configuration's.
---@field fresh_state? boolean `true`: every run has a new Lua state. Default: globals last from run to run.
---@field host? "shared"|"own" Where the job's state lives: `"own"` is a process to itself, which native rocks need. Default `"shared"`.
---@field allow? almanac.Capability|almanac.Capability[] All that the job may do to the world. Default: everything; `{}`: nothing.
---@field env? table<string, string|integer> Settings, read in the job as `job.env.KEY`. Default: none.
---@field secrets? string[] Names of secrets, read in the job as `job.env.NAME`: each run reads them from `$CREDENTIALS_DIRECTORY`, the state directory's `secrets/`, or the daemon's environment. They appear in nothing that is told of the job. Default: none.

---When this job runs, and by which rules. Without it, the job runs on demand only.
---```lua
---schedule = {
---  daily = { at = "02:00" },
---  window = { from = "01:00", to = "05:00", days = { "mon", "tue", "wed", "thu", "fri" } },
---  time_limit = "1h",
---  retry = { count = 2, interval = "5m" },
---  allow = { "fs:read:/srv", "fs:write:/mnt/backup" },
---}
---```
---@type almanac.Schedule
schedule = {}

---How the last run of this job ended.
---@class almanac.LastRun
---@field id integer|string
---@field outcome almanac.Outcome
---@field due_at string ISO 8601 in UTC, as the next two.
---@field started_at? string
---@field ended_at string
---@field attempt integer
---@field result any
---@field error? string
---@field reason? string

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
---```lua
---function initialize()
---  return "ready"
---end
---```
---@return string? message
function initialize() end

---The work of the job, called once an attempt.
---
---Its first value is the result of the run. It fails by `error("why")` or `return nil, "why"`.
---```lua
---function main(run)
---  return "this was attempt " .. run.attempt
---end
---```
---@param run almanac.Run
---@return string|number|boolean|table? result
---@return string? why
function main(run) end
