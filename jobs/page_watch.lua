-- Notices when a web page changes. What it last saw is in the job's output folder, with a copy of each earlier version.
--
-- Set it up: put the page's address into WATCH_URL, in the environment of `almanac serve` or below. To watch a part of
-- the page only, put a Lua pattern with one capture into WATCH_PATTERN, such as "<h1>(.-)</h1>".

local job = require "almanac.job"
local log = require "almanac.log"
local http = require "almanac.http"
local fs = require "almanac.fs"

schedule = {
  every = "15m",
  time_limit = "2m",
  env = {
    WATCH_URL = os.getenv("WATCH_URL"),
    WATCH_PATTERN = os.getenv("WATCH_PATTERN"),
  },
}

local function count_lines(text)
  local counts = {}
  for line in text:gmatch("[^\r\n]+") do counts[line] = (counts[line] or 0) + 1 end
  return counts
end

-- How many lines `new` has that `old` has not.
local function added_lines(old, new)
  local known, added = count_lines(old), 0
  for line, count in pairs(count_lines(new)) do added = added + math.max(0, count - (known[line] or 0)) end
  return added
end

function main()
  local url, pattern = job.env.WATCH_URL, job.env.WATCH_PATTERN
  if not url or url == "" then job.skip("set WATCH_URL to the address of a page") end

  local response, err = http.get(url, { timeout = "30s", retries = 2 })
  if not response then return nil, err end
  if not response.ok then return nil, ("the server answered %d"):format(response.status) end
  local new = response.body
  if pattern and pattern ~= "" then
    new = new:match(pattern)
    if not new then return nil, "WATCH_PATTERN is not on the page" end
  end

  local seen = job.output("seen.html")
  local old = fs.read(seen)
  if old == new then return "no change" end
  if old then assert(fs.copy(seen, job.output(os.date("!until-%Y-%m-%dT%H-%M-%SZ.html")))) end
  assert(fs.write(seen, new))
  if not old then return ("first look: %d bytes"):format(#new) end
  local result = ("changed: %d lines added, %d removed"):format(added_lines(old, new), added_lines(new, old))
  log.warn(result, { url = url })
  return result
end
