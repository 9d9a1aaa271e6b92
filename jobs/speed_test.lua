-- Measures how fast this machine downloads: fetches a file, and adds a line to speed.csv in the job's output folder.
--
-- Set it up: put the address of a file of some megabytes into SPEED_TEST_URL, best one of your provider's, in the
-- environment of `almanac serve` or below.

local job = require "almanac.job"
local http = require "almanac.http"
local fs = require "almanac.fs"

schedule = {
  every = "6h",
  time_limit = "5m",
  retry = { count = 1, interval = "1m" },
  env = { SPEED_TEST_URL = os.getenv("SPEED_TEST_URL") },
}

function main()
  local url = job.env.SPEED_TEST_URL
  if not url or url == "" then job.skip("set SPEED_TEST_URL to the address of a large file") end

  -- To a file, so that its size does not matter to memory; the file is not needed any more afterwards.
  local download = job.output("download.tmp")
  local response, err = http.get(url, { to_file = download, headers = { ["Accept-Encoding"] = "identity" } })
  if not response then return nil, err end
  if not response.ok then return nil, ("the server answered %d"):format(response.status) end
  fs.remove(download)

  local megabits = response.size * 8 / 1e6 / math.max(response.elapsed, 1e-6)
  local csv = job.output("speed.csv")
  if not fs.exists(csv) then assert(fs.append(csv, "time,bytes,seconds,mbit_per_s\n")) end
  assert(fs.append(csv, ("%s,%d,%.3f,%.2f\n"):format(
    os.date("!%Y-%m-%dT%H:%M:%SZ"), response.size, response.elapsed, megabits)))
  return ("%.1f Mbit/s (%d bytes in %.1f s)"):format(megabits, response.size, response.elapsed)
end
