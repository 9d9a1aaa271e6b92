-- almanac.job: what a job can do with its own run.
local primitives = ...
local error, format, pack, setmetatable, type, unpack =
  error, string.format, table.pack, setmetatable, type, table.unpack

local job = {
  output = primitives.output,
  sleep = primitives.sleep,
  remaining = primitives.remaining,
  skip = primitives.skip,
  retry_after = primitives.retry_after,
  fatal = primitives.fatal,
}

job.env = setmetatable({}, {
  __index = function(_, name)
    return primitives.env(name)
  end,
  __newindex = function()
    error("job.env cannot be changed: it comes from the schedule's env", 2)
  end,
  __pairs = function()
    return next, primitives.environment(), nil
  end,
})

-- However a step's function is left, nothing of it stays but what step_keep has kept.
local step_end = setmetatable({}, {
  __close = function()
    primitives.step_abandon()
  end,
})

-- Calls fn once in a run, however often the run is tried, and returns what it returned.
function job.step(name, fn, ...)
  if type(fn) ~= "function" then
    error(format("job.step: a function is needed after the name, not a %s", type(fn)), 2)
  end
  local kept = pack(primitives.step_begin(name))
  if kept[1] then
    return unpack(kept, 2, kept.n)
  end
  local _ <close> = step_end
  local results = pack(fn(...))
  if results[1] == nil and results[2] ~= nil then
    return unpack(results, 1, results.n) -- it has failed, by Lua's idiom: the next attempt does it again
  end
  return primitives.step_keep(unpack(results, 1, results.n))
end

return setmetatable(job, {
  __index = function(_, key)
    if key == "params" then
      return primitives.params()
    end
  end,
})
