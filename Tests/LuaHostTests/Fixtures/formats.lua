-- Tries random formats on random values and tells, a line each, what came of it.
-- run.params: seed, count.

local random = math.random

local function one_of(list)
  return list[random(#list)]
end

local long = ("ab"):rep(60)
local values = {
  0, 1, -1, 7, 65, 200, 255, -128, 1 << 40, math.maxinteger, math.mininteger, 0.0, -0.0, 0.1, 1.5, -2.25, 3.0, 1e15, 1e100, 1e308,
  5e-324, -1e-7, 2.0 ^ 53, 1 / 0, -1 / 0, "", "x", "10", "0x1p4", " 3 ", "abc", "a\0b", "\0", "\1" .. "2", "\n\r\t\\\"", "\200\255", long,
  long .. "\0", true, false, "1e1", "-7",
}

-- What is written by its address is not the same twice.
local objects = {
  setmetatable({}, { __tostring = function() return "an object" end }),
  setmetatable({}, { __tostring = function() return 7 end }),
  setmetatable({}, { __tostring = function() error("none", 0) end }),
  setmetatable({}, { __name = "My Type" }),
}

local letters = {
  "d", "i", "u", "c", "x", "X", "o", "a", "A", "e", "E", "f", "F", "g", "G", "q", "s", "s", "s", "q", "n", "y", "ld", "\0", "%", "",
}
local flags = { "", "", "", "", "-", "+", "#", "0", " ", "-+", "#0", "00", "--", "+ ", "-+#0 " }
local widths = { "", "", "", "", "1", "5", "20", "99", "100", "007" }
local precisions = { "", "", "", ".", ".0", ".3", ".20", ".99", ".100", "..", ".-1" }

local function conversion()
  if random(200) == 1 then
    return "%" .. ("0"):rep(random(15, 30)) .. "d"
  end
  return "%" .. (random(3) == 1 and one_of(flags) .. one_of(widths) .. one_of(precisions) or "") .. one_of(letters)
end

local function value()
  local kind = random(60)
  if kind == 1 then
    return nil
  elseif kind <= 4 then
    return one_of(objects)
  end
  return one_of(values)
end

local function show(ok, result)
  return tostring(ok) .. " " .. tostring(result):gsub("0x%x+", "address")
end

function main(run)
  math.randomseed(run.params.seed)
  local lines = {}
  for i = 1, run.params.count do
    local parts, arguments, n = {}, {}, random(0, random(1, 4))
    for k = 1, n do
      parts[k] = one_of { "", "", "a", "%%", "\0", long } .. conversion()
      arguments[k] = value()
    end
    local format = table.concat(parts) .. one_of { "", "", "z", "%%" }
    lines[i] = ("%q: "):format(format) .. show(pcall(string.format, format, table.unpack(arguments, 1, random(20) > 1 and n or n - 1)))
  end
  return table.concat(lines, "\n")
end
