---@meta almanac.kv

---What a job keeps from run to run: a durable store of its own, which goes with the job's name.
---
---A run sees what it has written at once. It is kept when the run succeeds or says `job.skip`, in the same moment
---in which the ledger says so; what a run wrote that failed, ran out of time, was cancelled or cut off is undone.
---What is written inside of `job.step` is kept with the step. Where runs of one job overlap (`overlap = "parallel"`)
---the last one to end has its say, key by key.
---
---Keys are strings of 1 to 512 bytes; values are what JSON can say, up to 1 MB each: strings (of valid UTF-8),
---finite numbers, booleans, tables that are a list or have named fields. A job's store holds up to 64 MB, and a run
---writes up to 16 MB at a time. More raises, as all misuse does. `initialize` may read, `main` write too; at a
---file's top level it is not there.
---```lua
---local kv = require "almanac.kv"
---local seen = kv.get("seen", 0)
---kv.set("seen", seen + 3)
---```
---@class almanac.kv
local kv = {}

---The value of a key; `default`, or nil, where there is none.
---```lua
---local kv = require "almanac.kv"
---assert(kv.get("cursor") == nil)
---assert(kv.get("cursor", "start") == "start")
---```
---@async
---@param key string
---@param default? any
---@return any value
function kv.get(key, default) end

---Keeps a value under a key.
---```lua
---local kv = require "almanac.kv"
---kv.set("last", { id = 41, files = { "a.csv", "b.csv" } })
---assert(kv.get("last").files[2] == "b.csv")
---```
---@async
---@param key string
---@param value string|number|boolean|table
function kv.set(key, value) end

---Removes a key; one that is not there is fine.
---```lua
---local kv = require "almanac.kv"
---kv.set("lock", "me")
---kv.delete("lock")
---assert(kv.get("lock") == nil)
---```
---@async
---@param key string
function kv.delete(key) end

---Adds to a number, 0 where there is none, and returns the sum.
---```lua
---local kv = require "almanac.kv"
---assert(kv.incr("runs") == 1)
---assert(kv.incr("bytes", 512) == 512)
---```
---@async
---@param key string
---@param n? number Default 1.
---@return number sum
function kv.incr(key, n) end

---The keys that begin with `prefix`, or all, in the order of their bytes.
---```lua
---local kv = require "almanac.kv"
---kv.set("user/ann", 1)
---kv.set("user/bob", 2)
---assert(table.concat(kv.keys("user/"), " ") == "user/ann user/bob")
---```
---@async
---@param prefix? string
---@return string[] keys
function kv.keys(prefix) end

---An iterator over the keys that begin with `prefix`, or all, and their values, in the order of `keys`.
---```lua
---local kv = require "almanac.kv"
---kv.set("user/ann", 1)
---for key, value in kv.pairs("user/") do assert(key == "user/ann" and value == 1) end
---```
---@async
---@param prefix? string
---@return fun(): string?, any iterator
function kv.pairs(prefix) end

return kv
