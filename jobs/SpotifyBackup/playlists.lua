-- Reads lists from a JSON API that hands them out page by page, each naming the next by its `next` link.

local http = require "almanac.http"
local job = require "almanac.job"
local json = require "almanac.json"

local Account = {}
Account.__index = Account

-- One page. What trying again can mend is tried again; what it cannot ends the run.
local function page(self, url)
  local response, err = http.get(url, {
    headers = { Authorization = "Bearer " .. self.token },
    timeout = "30s",
    retries = 2,
  })
  if not response then error(err, 0) end
  if response.status == 401 or response.status == 403 then
    job.fatal("the token was refused: SPOTIFY_TOKEN has run out, or lacks a scope")
  elseif response.status == 429 then
    job.retry_after(tonumber(response.headers["Retry-After"]) or 60, "asked to slow down")
  elseif not response.ok then
    error(("%s answered %d"):format(url, response.status), 0)
  end
  local list, why = response.json()
  if not list then error(("%s: %s"):format(url, why), 0) end
  return list
end

--- All items of a list, over all its pages.
function Account:all(path)
  local items = json.array()
  local url = self.api .. path
  while url and url ~= json.null do
    local list = page(self, url)
    for _, item in ipairs(list.items or {}) do
      if item ~= json.null then items[#items + 1] = item end  -- a track that is gone is a null
    end
    url = list.next
  end
  return items
end

return {
  account = function(api, token) return setmetatable({ api = api, token = token }, Account) end,
}
