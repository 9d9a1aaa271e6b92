-- Keeps the newest backups of a folder and removes the older ones.
--
-- Set it up: put the folder into BACKUP_FOLDER, and if need be the pattern and the number to keep, in the environment
-- of `almanac serve` or below. Only files that match the pattern are ever removed, never a folder.

local job = require "almanac.job"
local log = require "almanac.log"
local fs = require "almanac.fs"

schedule = {
  daily = { at = "04:30" },
  start_when_available = true,
  time_limit = "10m",
  env = {
    BACKUP_FOLDER = os.getenv("BACKUP_FOLDER"),
    BACKUP_PATTERN = os.getenv("BACKUP_PATTERN") or "*.tar.gz",
    BACKUPS_TO_KEEP = os.getenv("BACKUPS_TO_KEEP") or "7",
  },
}

function main()
  local folder = job.env.BACKUP_FOLDER
  if not folder or folder == "" then job.skip("set BACKUP_FOLDER to the folder that holds the backups") end
  local keep = math.tointeger(tonumber(job.env.BACKUPS_TO_KEEP))
  -- No retry can mend these two.
  if not keep or keep < 1 then job.fatal("BACKUPS_TO_KEEP must be a whole number from 1 on") end
  if not fs.exists(folder) then job.fatal("there is no folder " .. folder) end

  local files = {}
  for _, path in ipairs(assert(fs.glob(folder .. "/" .. job.env.BACKUP_PATTERN))) do
    local file = fs.stat(path)
    if file and file.type == "file" then
      file.path = path
      files[#files + 1] = file
    end
  end
  -- The newest first; of two equally old, the one whose name comes last, as names often hold the date.
  table.sort(files, function(a, b)
    if a.modified ~= b.modified then return a.modified > b.modified end
    return a.path > b.path
  end)

  local freed = 0
  for i = keep + 1, #files do
    assert(fs.remove(files[i].path))
    freed = freed + files[i].size
    log.info("removed", { file = files[i].path, bytes = files[i].size })
  end
  local removed = math.max(0, #files - keep)
  return ("kept %d, removed %d, freed %.1f MB"):format(#files - removed, removed, freed / 1e6)
end
