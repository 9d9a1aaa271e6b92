---@meta almanac.process

---Programs. A program gets its arguments as they are: no shell reads them, so nothing needs quoting. The run
---waits, while other jobs run.
---
---Each call's processes are a group of their own, which ends as a whole (SIGTERM, and SIGKILL when the job's
---`stop_grace` is nearly over): at the call's `timeout`, when the run is stopped, and when the daemon ends, in
---whatever way. What a program leaves running when it ends has half a second to end too.
---```lua
---local process = require "almanac.process"
---local r = assert(process.run { "sort", "-r", stdin = "a\nb\n", timeout = "10s", check = true })
---assert(r.stdout == "b\na\n")
---```
---@class almanac.process
local process = {}

---@class almanac.process.Options
---@field cwd? string Where it starts; the folder of the job's file.
---@field env? table<string, string|number|false> Variables over those of the daemon and of `job.env`; `false` takes one away.
---@field env_clear? boolean Only what `env` says; without it, `PATH` counts as `/usr/local/bin:/usr/bin:/bin`.
---@field stdin? string What it reads; without it, nothing.
---@field stdin_file? string Where it reads from instead.
---@field stdout_file? string Where its output goes, in place of the result. The file is emptied first.
---@field stderr_file? string The same for stderr.
---@field append? boolean Adds to these files.
---@field merge_stderr? boolean stderr goes where stdout goes, in the order in which it is written.
---@field max_output? integer|string How much of each of the two streams is kept: bytes, or a size like `"20MB"`, up to 64 MB; more is read and dropped, `truncated` says so. Default 1 MB.
---@field timeout? number|string Seconds, or a duration like `"10s"`. Without it, the run's time limit ends it.
---@field check? boolean An end that is not `ok` gives `nil` and a sentence with the last words of stderr.
---@field log? boolean Its lines go to the run's log too, as they come: stdout as info, stderr as warnings.

---@class almanac.process.Command: almanac.process.Options
---@field [integer] string|number The program and its arguments. A program without a slash in its name is looked for in `PATH`.

---@class almanac.process.Result
---@field ok boolean Exit code 0, in time.
---@field code? integer The exit code; `nil` if a signal ended it.
---@field signal? string The signal that ended it: `"SIGTERM"`.
---@field stdout string
---@field stderr string
---@field duration number Seconds.
---@field timed_out boolean It was ended at its `timeout`.
---@field truncated boolean It wrote more than `max_output`.

---Runs a program to its end. One that cannot be started gives `nil, err`; its exit code is a value.
---```lua
---local process = require "almanac.process"
---local r, err = process.run { "ls", "-l", cwd = "/tmp", env = { LC_ALL = "C" } }
---assert(r and r.code == 0, err)
---local none, why = process.run { "no-such-program" }
---assert(not none and why:find("no such program: no-such-program", 1, true))
---```
---@async
---@param command almanac.process.Command
---@return almanac.process.Result? result
---@return string? err
function process.run(command) end

---Runs a command by `/bin/sh -c`. Whatever comes into it from outside must be quoted: better use `run`.
---```lua
---local process = require "almanac.process"
---local r = assert(process.shell("echo one two | wc -w", { check = true }))
---assert(tonumber(r.stdout) == 2)
---```
---@async
---@param command string
---@param options? almanac.process.Options
---@return almanac.process.Result? result
---@return string? err
function process.shell(command, options) end

return process
