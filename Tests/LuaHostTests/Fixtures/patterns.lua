-- Tries random patterns on random subjects and tells, a line each, what came of it.
-- run.params: seed, count.

local random = math.random

local function one_of(list)
  return list[random(#list)]
end

local subject_characters = {
  "a", "a", "a", "b", "b", "A", "x", "0", "7", " ", " ", "(", ")", "[", "]", "%", "-", ".", ",", "_", "^", "$", "\0", "\t",
  "\127", "\200", "\255",
}

-- In half of the cases subjects and patterns are of few characters, so that much of them fits.
local narrow

local function subject()
  local characters = {}
  for i = 1, random(0, random(2, 30)) do
    characters[i] = one_of(narrow and { "a", "b", " " } or subject_characters)
  end
  return table.concat(characters)
end

local plain = { "a", "b", "A", "x", "0", " ", ",", "_", "\0", "\200", "-", "]", "^", "$" }
local classes = {
  "%a", "%c", "%d", "%g", "%l", "%p", "%s", "%u", "%w", "%x", "%z", "%A", "%C", "%D", "%G", "%L", "%P", "%S", "%U", "%W", "%X",
  "%.", "%%", "%(", "%]", "%-", "%_", "%\0", "%\200", "%e",
}

local function set()
  local parts = { random(4) == 1 and "[^" or "[" }
  if random(6) == 1 then
    parts[#parts + 1] = "]"
  end
  for _ = 1, random(0, 4) do
    local kind = random(4)
    if kind == 1 then
      parts[#parts + 1] = one_of(classes)
    elseif kind == 2 then
      parts[#parts + 1] = one_of { "a-z", "0-9", "A-b", "z-a", "%-a", "a-%%", "+--", "\0-\31", "\128-\255" }
    else
      parts[#parts + 1] = one_of(plain)
    end
  end
  parts[#parts + 1] = random(40) > 1 and "]" or ""
  return table.concat(parts)
end

local function single()
  local kind = random(10)
  if kind <= 4 then
    return one_of(narrow and { "a", "b" } or plain)
  elseif kind <= 6 then
    return "."
  elseif kind <= 8 then
    return one_of(classes)
  end
  return set()
end

local rare = { "%b()", "%bab", "%baa", "%b\0a", "%1", "%2", "%f[%w]", "%f[^a]", "%f[%z]", "%f[\0a]", "^", "$" }
local broken = { "%", "[", "[^", "[]", "[a-", "(", ")", "%b", "%ba", "%f", "%fa", "%0", "%9", "[%", "[%a", "()" }
local quantifiers = { "", "", "", "*", "+", "-", "?" }

local function pattern()
  local parts, open, i = { random(5) == 1 and "^" or "" }, 0, 1
  for _ = 1, random(0, random(1, 9)) do
    local kind = random(40)
    i = i + 1
    if kind <= 4 then
      parts[i], open = "(", open + 1
    elseif kind <= 6 and open > 0 then
      parts[i], open = ")", open - 1
    elseif kind == 7 then
      parts[i] = "()"
    elseif kind <= 11 then
      parts[i] = one_of(rare)
    elseif kind == 12 then
      parts[i] = random(3) == 1 and one_of(broken) or one_of(rare)
    else
      parts[i] = single() .. one_of(quantifiers)
    end
  end
  if random(60) > 1 then
    parts[i + 1] = (")"):rep(open)
  end
  parts[#parts + 1] = random(6) == 1 and "$" or ""
  return table.concat(parts)
end

local function show(...)
  local parts = { ... }
  for i = 1, select("#", ...) do
    parts[i] = (math.type(parts[i]) or type(parts[i])) .. " " .. tostring(parts[i])
  end
  return table.concat(parts, "|")
end

local templates = { "", "x", "<%0>", "%1", "%2%1", "%%", "%", "%x", "a\0b", "[%0%0]", 7, 1.5 }
local answers = { a = "[A]", b = 5, x = false, ["0"] = true, [" "] = {}, [1] = "first", [3] = 2.5 }
local calls = 0

local function answer(...)
  calls = calls + 1
  return ({ nil, false, "y", 12, (...), (select(select("#", ...), ...)) })[calls % 7]
end

local misuse = { {}, true, "7", 1.5 }

local function gmatches(text, wanted, init)
  local found = {}
  for a, b, c in string.gmatch(text, wanted, init) do
    found[#found + 1] = show(a, b, c)
    if #found == 40 then
      break
    end
  end
  return table.concat(found, ";")
end

-- Each takes a subject, a pattern and a position.
local operations = {
  function(s, p, i) return pcall(string.find, s, p, i) end,
  function(s, p, i) return pcall(string.find, s, p, i, random(8) == 1) end,
  function(s, p) return pcall(string.find, s, s:sub(random(10), random(20)), 1, true) end,
  function(s, p, i) return pcall(string.match, s, p, i) end,
  function(s, p) return pcall(s.match, s, p) end,
  function(s, p, i) return pcall(gmatches, s, p, i) end,
  function(s, p) return pcall(string.gsub, s, p, one_of(templates)) end,
  function(s, p) return pcall(string.gsub, s, p, one_of(templates), random(-1, 4)) end,
  function(s, p) return pcall(string.gsub, s, p, answers) end,
  function(s, p) return pcall(string.gsub, s, p, answer) end,
  function(s, p, i) return pcall(one_of { string.find, string.match, string.gsub }, s, one_of(misuse), i) end,
  function(s, p) return pcall(string.gsub, s, p, one_of(misuse), one_of(misuse)) end,
}

function main(run)
  math.randomseed(run.params.seed)
  local lines = {}
  for i = 1, run.params.count do
    narrow = random(2) == 1
    local s, p = subject(), pattern()
    local init = random(3) == 1 and random(-12, 12) or nil
    local which = random(#operations)
    local wanted = ("%d %q %q %s: "):format(which, s, p, init):gsub("\n", " ", 1)
    lines[i] = wanted .. show(operations[which](s, p, init)):gsub("table: 0x%x+", "table")
  end
  return table.concat(lines, "\n")
end
