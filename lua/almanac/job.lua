-- almanac.job: what a job can do with its own run.
local primitives = ...

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

return setmetatable(job, {
  __index = function(_, key)
    if key == "params" then
      return primitives.params()
    elseif key == "step" then
      error("job.step is not supported yet", 2)
    end
  end,
})
