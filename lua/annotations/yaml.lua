---@meta almanac.yaml

---YAML text and Lua values, by the core schema of YAML 1.2: `yes`, `010`, `1:30` and dates are text, integer and text.
---```lua
---local yaml = require "almanac.yaml"
---local settings = assert(yaml.decode("retries: 3\nhosts: [a, b]\n"))
---assert(settings.retries == 3 and settings.hosts[2] == "b")
---```
---@class almanac.yaml
---@field null userdata Stands for null inside a table; the same as `json.null`.
local yaml = {}

---The value of a text of one document; or nil, and what is wrong with it at which line and column. Anchors, aliases
---and merge keys (`<<`) are followed, up to 64 MB and 100 levels. Keys are always strings.
---```lua
---local yaml = require "almanac.yaml"
---local config = assert(yaml.decode("base: &base { user: app }\njob:\n  <<: *base\n  port: 8080\n"))
---assert(config.job.user == "app" and config.job.port == 8080)
---local none, err = yaml.decode("a: 1\na: 2")
---assert(err == 'not YAML: line 2, column 1: the key "a" stands twice in one mapping')
---```
---@param text string
---@return any value
---@return string? err
function yaml.decode(text) end

---The values of all documents of a text, which `---` parts.
---```lua
---local yaml = require "almanac.yaml"
---local documents = assert(yaml.decode_all("a: 1\n---\na: 2\n"))
---assert(#documents == 2 and documents[2].a == 2)
---```
---@param text string
---@return any[]? documents
---@return string? err
function yaml.decode_all(text) end

---The YAML text of a value, keys in order of the alphabet. Text that YAML could take for something else is quoted.
---What has no form in YAML (a function, a table with both items and names) raises; an empty table is `{}`, an empty
---`json.array()` is `[]`.
---```lua
---local yaml = require "almanac.yaml"
---assert(yaml.encode({ name = "backup", keep = { 1, "yes" } }) == 'keep:\n  - 1\n  - "yes"\nname: backup\n')
---```
---@param value any
---@return string text
function yaml.encode(value) end

return yaml
