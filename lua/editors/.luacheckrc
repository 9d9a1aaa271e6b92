-- For luacheck: a job is Lua 5.4, and sets three globals.
stds.almanac = { globals = { "schedule", "initialize", "main" } }
std = "lua54+almanac"
-- A `main` need not look at its run.
ignore = { "212/run" }
exclude_files = { ".almanac-lua" }
