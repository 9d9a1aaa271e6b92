-- almanac.log: lines in the run's log, with fields: log.info("copied", { files = 3 })
local primitives = ...
local tostring = tostring

local function at(level)
  return function(message, fields)
    primitives.write(level, tostring(message), fields)
  end
end

return { debug = at("debug"), info = at("info"), warn = at("warn"), error = at("error") }
