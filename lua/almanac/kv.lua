-- almanac.kv: what a script sees of KeyValueModule.swift.
--
--   local kv = require "almanac.kv"
--   kv.set("cursor", feed.next)           -- kept when the run succeeds, undone when it fails
--   local cursor = kv.get("cursor", 0)
local primitives = ...
local error, format, type = error, string.format, type

local kv = { set = primitives.set, delete = primitives.delete, keys = primitives.keys }

--- The value of a key; the default, or nil, where there is none.
function kv.get(key, default)
  local value = primitives.get(key)
  if value == nil then return default end
  return value
end

--- Adds to a number, 0 where there is none, and returns the sum.
function kv.incr(key, n)
  local value = kv.get(key, 0)
  if n == nil then n = 1 end
  if type(value) ~= "number" then
    error(format("kv.incr: %q holds a %s, not a number", key, type(value)), 2)
  elseif type(n) ~= "number" then
    error(format("kv.incr: what is added must be a number, not a %s", type(n)), 2)
  end
  primitives.set(key, value + n)
  return value + n
end

--- An iterator over the keys with this prefix, in order, and their values.
function kv.pairs(prefix)
  local keys, at = primitives.keys(prefix), 0
  return function()
    while at < #keys do
      at = at + 1
      local value = primitives.get(keys[at])
      if value ~= nil then return keys[at], value end
    end
  end
end

return kv
