---@meta almanac.fs

---Files and folders. Relative paths count from the folder of the job's file; `~/` is the user's home.
---A missing file and the like give `nil, err`.
---```lua
---local fs = require "almanac.fs"
---local text, err = fs.read("notes.txt")
---```
---@class almanac.fs
local fs = {}

---The bytes of a file, up to 64 MB at once.
---@async
---@param path string
---@param options? { offset?: integer, size?: integer } A piece of it: `size` bytes at most, from `offset` on.
---@return string? data
---@return string? err
function fs.read(path, options) end

---Puts a file in place whole: the old one is there until the new one is complete and on the disk.
---@async
---@param path string
---@param data string|number
---@return true? ok
---@return string? err
function fs.write(path, data) end

---Adds to the end of a file, which is made where it is missing.
---@async
---@param path string
---@param data string|number
---@return true? ok
---@return string? err
function fs.append(path, data) end

---An iterator over the lines of a file of any size, without their ends.
---```lua
---local fs = require "almanac.fs"
---assert(fs.append("big.log", "first\nsecond\n"))
---for line in assert(fs.lines("big.log")) do print(line) end
---```
---@async
---@param path string
---@return (fun(): string?)? iterator
---@return string? err
function fs.lines(path) end

---The names in a folder, in order; without `.` and `..`. No path: the folder of the job's file.
---@async
---@param path? string
---@return string[]? names
---@return string? err
function fs.list(path) end

---The paths that a pattern names, in order: `*`, `?`, `[a-z]`, and `**` for any number of folders.
---@async
---@param pattern string
---@return string[]? paths
---@return string? err
function fs.glob(pattern) end

---@async
---@param path string
---@return boolean? exists
---@return string? err
function fs.exists(path) end

---@class almanac.fs.Status
---@field type "file"|"folder"|"other"
---@field size integer Bytes.
---@field modified number Seconds since 1970: `os.date("%Y-%m-%d", status.modified // 1)`.
---@field mode string Permissions: `"0644"`.
---@field link boolean The path is a symbolic link; the rest tells of what it leads to.

---@async
---@param path string
---@return almanac.fs.Status? status
---@return string? err
function fs.stat(path) end

---@class almanac.fs.Disk
---@field total integer Bytes.
---@field used integer
---@field free integer
---@field available integer What is free for others than root.

---The file system that holds this path.
---@async
---@param path string
---@return almanac.fs.Disk? disk
---@return string? err
function fs.disk(path) end

---Makes a folder, and those above it; one that is there already is fine.
---@async
---@param path string
---@return true? ok
---@return string? err
function fs.mkdir(path) end

---Removes a file, a link or an empty folder; with `recursive`, a folder and all that is in it.
---@async
---@param path string
---@param options? { recursive: boolean }
---@return true? ok
---@return string? err
function fs.remove(path, options) end

---Copies a file. The copy appears whole, in place of what had its name.
---@async
---@param from string
---@param to string The new file's path, not a folder.
---@return true? ok
---@return string? err
function fs.copy(from, to) end

---Gives a file or folder another path. A file that has it is replaced.
---@async
---@param from string
---@param to string The new path, not a folder to put it into.
---@return true? ok
---@return string? err
function fs.move(from, to) end

return fs
