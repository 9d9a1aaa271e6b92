-- Backs up every playlist of a Spotify account: a JSON file each, and an overview as CSV.
--
-- Set it up: put an access token with the scopes playlist-read-private and playlist-read-collaborative into
-- SPOTIFY_TOKEN, in the environment of `almanac serve` or below.
-- A folder with a main.lua is one job; playlists.lua beside it is its module.

local job = require "almanac.job"
local log = require "almanac.log"
local fs = require "almanac.fs"
local json = require "almanac.json"
local playlists = require "playlists"

schedule = {
  every = "24h",
  window = { from = "02:00", to = "04:00" },  -- once a night, within these hours
  time_limit = "5m",
  retry = { count = 2, interval = "1m" },
  start_when_available = true,                -- the machine was off last night? then as soon as it can
  env = {
    PLAYLIST_API = os.getenv("PLAYLIST_API") or "https://api.spotify.com/v1",
    SPOTIFY_TOKEN = os.getenv("SPOTIFY_TOKEN"),
  },
}

-- A playlist may be called anything, "AC/DC" too: what a file name should not hold becomes "_". The id
-- keeps two of one name apart.
local function file_name(playlist)
  local name = playlist.name:gsub('[%c/\\:*?"<>|]', "_"):gsub("^%.", "_")
  name = name:sub(1, (utf8.offset(name, 61) or #name + 1) - 1)  -- 60 letters, whatever their bytes
  return ("%s [%s].json"):format(name, playlist.id:gsub("[^%w_-]", "_"))
end

local function csv(text) return '"' .. tostring(text):gsub('"', '""') .. '"' end

function main()
  local token = job.env.SPOTIFY_TOKEN
  if not token or token == "" then job.skip("set SPOTIFY_TOKEN to an access token of your account") end
  local account = playlists.account(job.env.PLAYLIST_API, token)

  local overview = { "name,tracks,file" }
  local tracks = 0
  for _, playlist in ipairs(account:all("/me/playlists?limit=50")) do
    playlist.tracks = account:all("/playlists/" .. playlist.id .. "/tracks?limit=100")
    local name = file_name(playlist)
    assert(fs.write(job.output(name), json.encode(playlist, { pretty = true })))
    log.info("saved", { playlist = playlist.name, tracks = #playlist.tracks })
    overview[#overview + 1] = table.concat({ csv(playlist.name), #playlist.tracks, csv(name) }, ",")
    tracks = tracks + #playlist.tracks
  end
  assert(fs.write(job.output("playlists.csv"), table.concat(overview, "\n") .. "\n"))
  return ("backed up %d playlists, %d tracks"):format(#overview - 1, tracks)
end
