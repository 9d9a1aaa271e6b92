-- almanac.csv: what a script sees of CSVModule.swift.
--
--   local csv = require "almanac.csv"
--   local people, err = csv.decode(text, { header = true })      -- people[1].name
--   for row, line in assert(csv.rows("big.csv", { header = true })) do ... end
local host = ...

local csv = { decode = host.decode, encode = host.encode }

--- An iterator over the rows of a file of any size, with the number of the line that each begins at.
--- A file that cannot be read gives nil and the reason; damage further on raises.
function csv.rows(path, options)
  local rows, lines, place = host.piece(path, options)
  if not rows then return nil, lines end
  local index = 0
  return function()
    while index == #rows do
      if not place then return nil end
      rows, lines, place = host.piece(path, options, place)
      if not rows then error(lines, 2) end
      index = 0
    end
    index = index + 1
    return rows[index], lines[index]
  end
end

return csv
