---@meta almanac.http

---Requests to servers. The run waits, while other jobs run, and a request ends with its run.
---```lua
---local http = require "almanac.http"
---local response, err = http.get("https://example.com/feed.json", { query = { page = 1 } })
---if not response then return nil, err end        -- refused, unknown name, timeout
---if not response.ok then return nil, "status " .. response.status end
---local feed = response.json()
---```
---@class almanac.http
local http = {}

---@class almanac.http.Options
---@field headers? table<string, string|number|string[]> A list sends the header several times.
---@field query? table<string, string|number|boolean|(string|number)[]> Added to the URL, escaped.
---@field json? any Sent as JSON.
---@field form? table<string, string|number|boolean|(string|number)[]> Sent as an HTML form.
---@field multipart? table<string, string|number|almanac.http.Part|(string|almanac.http.Part)[]> Sent as an HTML form with files.
---@field body? string Sent as it is.
---@field from_file? string A file to send, read while it goes out: relative to the folder of the job's file. One of `json`, `form`, `multipart`, `body` and `from_file`.
---@field timeout? number|string For the whole exchange: seconds, or a duration like `"10s"`. Without it, 30 s of standstill end the exchange.
---@field retries? integer How often trouble, 408, 429, 500 and 502 to 504 are tried again, after 1 s, 2 s, 4 s or what `Retry-After` says. A POST or PATCH only where the server cannot have seen it, or answered 429 or 503; with a header `Idempotency-Key`, always. Default 0.
---@field to_file? string Where to write the body of a successful answer, in place of holding it in memory: relative to the folder of the job's file. The file is there when it is complete.
---@field ca_file? string A file of certificates (PEM) to trust instead of the system's.

---A part of `multipart`: a file, or data that goes as one.
---@class almanac.http.Part
---@field file? string Read while it is sent: relative to the folder of the job's file.
---@field data? string In place of `file`.
---@field name? string What the server is told as the file's name. Default: that of `file`.
---@field type? string Its content type. Default `"application/octet-stream"` for a file.

---@class almanac.http.Request: almanac.http.Options
---@field url string
---@field method? string `"GET"`; with something to send, `"POST"`.

---An answer, of any status.
---@class almanac.http.Response
---@field status integer
---@field ok boolean The status is 200 to 299.
---@field headers table<string, string> By name, in any case: `response.headers["Content-Type"]`.
---@field body string Up to 32 MB; empty where it went to a file.
---@field json fun(): any, string? The body read as JSON; or nil and why it is none.
---@field url string Where the answer came from, redirects followed.
---@field elapsed number Seconds from the request to the end of the body.
---@field size integer Bytes of the body.
---@field file? string Where `to_file` wrote it.

---A GET request.
---```lua
---local http = require "almanac.http"
---local response, err = http.get(url, { query = { page = 1 }, timeout = "10s", retries = 3 })
---assert(response, err)
---```
---@async
---@param url string
---@param options? almanac.http.Options
---@return almanac.http.Response? response
---@return string? err Why there is no answer.
function http.get(url, options) end

---A HEAD request: as `get`, without the body.
---```lua
---local http = require "almanac.http"
---local response = assert(http.head(url))
---print(response.headers["Last-Modified"])
---```
---@async
---@param url string
---@param options? almanac.http.Options
---@return almanac.http.Response? response
---@return string? err Why there is no answer.
function http.head(url, options) end

---A POST request.
---```lua
---local http = require "almanac.http"
---assert(http.post(url, { json = { name = "nightly" } }))
---assert(http.post(url, { multipart = { title = "Report", file = { data = "a,b\n", name = "report.csv" } } }))
---```
---@async
---@param url string
---@param options? almanac.http.Options
---@return almanac.http.Response? response
---@return string? err Why there is no answer.
function http.post(url, options) end

---A PUT request.
---```lua
---local http = require "almanac.http"
---assert(http.put(url, { body = "all of it", headers = { ["Content-Type"] = "text/plain" } }))
---```
---@async
---@param url string
---@param options? almanac.http.Options
---@return almanac.http.Response? response
---@return string? err Why there is no answer.
function http.put(url, options) end

---A PATCH request.
---```lua
---local http = require "almanac.http"
---assert(http.patch(url, { json = { done = true } }))
---```
---@async
---@param url string
---@param options? almanac.http.Options
---@return almanac.http.Response? response
---@return string? err Why there is no answer.
function http.patch(url, options) end

---A DELETE request.
---```lua
---local http = require "almanac.http"
---assert(http.delete(url))
---```
---@async
---@param url string
---@param options? almanac.http.Options
---@return almanac.http.Response? response
---@return string? err Why there is no answer.
function http.delete(url, options) end

---A request of any kind.
---```lua
---local http = require "almanac.http"
---assert(http.request { method = "PUT", url = url, json = { name = "a" }, retries = 3 })
---```
---@async
---@param request almanac.http.Request
---@return almanac.http.Response? response
---@return string? err Why there is no answer.
function http.request(request) end

return http
