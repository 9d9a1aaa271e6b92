-- almanac.http: what a script sees of HTTPModule.swift.
--
--   local http = require "almanac.http"
--   local response, err = http.get("https://example.com/feed.json", { query = { page = 1 } })
--   if not response then return nil, err end
--   local feed = response.json()
local host = ...
local json = require "almanac.json"

local http = {}

-- Names of headers are the same in any case: headers["Content-Type"] finds "content-type".
local headers = {
  __index = function(fields, name)
    return type(name) == "string" and rawget(fields, name:lower()) or nil
  end,
}

local function response(answer, err)
  if not answer then return nil, err end
  setmetatable(answer.headers, headers)
  function answer.json()
    if answer.dry and answer.body == "" then
      return nil, "no JSON: a dry run sent nothing (--answers says what would have come back)"
    end
    return json.decode(answer.body)
  end
  return answer
end

--- One request, its options in a table: url, method, headers, query, json, form, multipart, body,
--- from_file, timeout, retries, to_file, ca_file.
function http.request(options) return response(host.exchange("request", nil, options)) end

-- A function for each of the usual methods; the options are those of `request`.
for _, method in ipairs { "get", "head", "post", "put", "patch", "delete" } do
  http[method] = function(url, options) return response(host.exchange(method, url, options)) end
end

return http
