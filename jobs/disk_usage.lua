-- Tells how full the disks are: a report for reading, a line in a CSV file for the curve, a warning in the log when
-- one is nearly full. Works as it is; DISKS and MIN_FREE_PERCENT may be set in the environment or below.

local job = require "almanac.job"
local log = require "almanac.log"
local fs = require "almanac.fs"

schedule = {
  daily = { at = "07:00" },
  run_on_startup = true,
  time_limit = "1m",
  env = {
    DISKS = os.getenv("DISKS") or "/",  -- paths, separated by spaces; each stands for the disk that holds it
    MIN_FREE_PERCENT = os.getenv("MIN_FREE_PERCENT") or "10",
  },
}

local function gigabytes(bytes) return ("%.1f GB"):format(bytes / 1e9) end

function main()
  local limit = assert(tonumber(job.env.MIN_FREE_PERCENT), "MIN_FREE_PERCENT is not a number")
  local now = os.date("!%Y-%m-%dT%H:%M:%SZ")
  local report, history, full = { "Disks at " .. now, "" }, {}, {}

  for path in job.env.DISKS:gmatch("%S+") do
    local disk, err = fs.disk(path)
    if not disk then return nil, err end
    local free = disk.total > 0 and 100 * disk.available / disk.total or 0
    report[#report + 1] = ("%-20s %10s of %10s used, %5.1f %% free"):format(
      path, gigabytes(disk.used), gigabytes(disk.total), free)
    history[#history + 1] = ("%s,%s,%d,%d,%d\n"):format(now, path, disk.total, disk.used, disk.available)
    if free < limit then
      full[#full + 1] = path
      log.warn("nearly full", { path = path, free_percent = math.floor(free) })
    end
  end

  assert(fs.write(job.output("disk_usage.txt"), table.concat(report, "\n") .. "\n"))
  local csv = job.output("disk_usage.csv")
  if not fs.exists(csv) then assert(fs.append(csv, "time,path,total,used,available\n")) end
  assert(fs.append(csv, table.concat(history)))
  if #full > 0 then return "nearly full: " .. table.concat(full, ", ") end
  return ("%d disks, all with more than %g %% free"):format(#history, limit)
end
