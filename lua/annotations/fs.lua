---@meta almanac.fs

---Files and folders. Relative paths count from the folder of the job's file; `~/` is the user's home.
---A missing file and the like give `nil, err`.
---```lua
---local fs = require "almanac.fs"
---local text, err = fs.read("none.txt")
---assert(text == nil and err == "cannot read none.txt: no such file or directory")
---```
---@class almanac.fs
local fs = {}

---The bytes of a file, up to 64 MB at once.
---```lua
---local fs = require "almanac.fs"
---assert(fs.write("a.txt", "hello"))
---assert(fs.read("a.txt") == "hello" and fs.read("a.txt", { offset = 1, size = 3 }) == "ell")
---```
---@async
---@param path string
---@param options? { offset?: integer, size?: integer|string } A piece of it: `size` bytes at most, from `offset` on.
---@return string? data
---@return string? err
function fs.read(path, options) end

---Puts a file in place whole: the old one is there until the new one is complete and on the disk.
---```lua
---local fs = require "almanac.fs"
---assert(fs.write("result.txt", "done"))
---```
---@async
---@param path string
---@param data string|number
---@return true? ok
---@return string? err
function fs.write(path, data) end

---Adds to the end of a file, which is made where it is missing.
---```lua
---local fs = require "almanac.fs"
---assert(fs.append("log.txt", "one\n") and fs.append("log.txt", "two\n"))
---assert(fs.read("log.txt") == "one\ntwo\n")
---```
---@async
---@param path string
---@param data string|number
---@return true? ok
---@return string? err
function fs.append(path, data) end

---An iterator over the lines of a file of any size, without their ends.
---```lua
---local fs = require "almanac.fs"
---assert(fs.write("big.log", "one\ntwo\n"))
---local count = 0
---for line in assert(fs.lines("big.log")) do count = count + 1 end
---assert(count == 2)
---```
---@async
---@param path string
---@return (fun(): string?)? iterator
---@return string? err
function fs.lines(path) end

---The names in a folder, in order; without `.` and `..`. No path: the folder of the job's file.
---```lua
---local fs = require "almanac.fs"
---assert(fs.mkdir("inbox") and fs.write("inbox/b.csv", "") and fs.write("inbox/a.csv", ""))
---assert(table.concat(fs.list("inbox"), " ") == "a.csv b.csv")
---```
---@async
---@param path? string
---@return string[]? names
---@return string? err
function fs.list(path) end

---The paths that a pattern names, in order: `*`, `?`, `[a-z]`, and `**` for any number of folders.
---```lua
---local fs = require "almanac.fs"
---assert(fs.mkdir("orders/new") and fs.write("orders/new/a.csv", ""))
---assert(fs.glob("orders/**/*.csv")[1] == "orders/new/a.csv")
---```
---@async
---@param pattern string
---@return string[]? paths
---@return string? err
function fs.glob(pattern) end

---Whether there is something of that name; a link that leads nowhere is nothing.
---```lua
---local fs = require "almanac.fs"
---assert(fs.exists(".") and not fs.exists("none"))
---```
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

---What a file or folder is, how large, and since when.
---```lua
---local fs = require "almanac.fs"
---assert(fs.write("a.txt", "hello"))
---local status = fs.stat("a.txt")
---assert(status.type == "file" and status.size == 5)
---```
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
---```lua
---local fs = require "almanac.fs"
---local disk = assert(fs.disk("."))
---assert(disk.total >= disk.free)
---```
---@async
---@param path string
---@return almanac.fs.Disk? disk
---@return string? err
function fs.disk(path) end

---Makes a folder, and those above it; one that is there already is fine.
---```lua
---local fs = require "almanac.fs"
---assert(fs.mkdir("a/b/c") and fs.stat("a/b").type == "folder")
---```
---@async
---@param path string
---@return true? ok
---@return string? err
function fs.mkdir(path) end

---Removes a file, a link or an empty folder; with `recursive`, a folder and all that is in it, but for what is mounted
---there. What holds the job, the user's home or the like, or stands right below `/`, is refused.
---```lua
---local fs = require "almanac.fs"
---assert(fs.mkdir("old/logs") and fs.remove("old", { recursive = true }) and not fs.exists("old"))
---```
---@async
---@param path string
---@param options? { recursive: boolean }
---@return true? ok
---@return string? err
function fs.remove(path, options) end

---Copies a file; with `recursive`, a folder and all that is in it, links as links. The copy appears whole: a file in
---place of what had its name, a folder only where nothing has it.
---```lua
---local fs = require "almanac.fs"
---assert(fs.mkdir("photos") and fs.write("photos/list.txt", "one"))
---assert(fs.copy("photos", "photos-copy", { recursive = true }))
---assert(fs.read("photos-copy/list.txt") == "one")
---```
---@async
---@param from string
---@param to string The new path, not a folder to put it into.
---@param options? { recursive: boolean }
---@return true? ok
---@return string? err
function fs.copy(from, to, options) end

---Gives a file or folder another path. A file that has it is replaced. What holds the job, the user's home or the
---like, or stands right below `/`, is refused.
---```lua
---local fs = require "almanac.fs"
---assert(fs.write("draft.txt", "x") and fs.move("draft.txt", "final.txt"))
---assert(fs.exists("final.txt") and not fs.exists("draft.txt"))
---```
---@async
---@param from string
---@param to string The new path, not a folder to put it into.
---@return true? ok
---@return string? err
function fs.move(from, to) end

---@class almanac.fs.Entry
---@field name string
---@field type "file"|"folder"|"link"|"other"
---@field size integer Bytes.
---@field modified number Seconds since 1970.
---@field mode string Permissions: `"0644"`.
---@field link boolean It is a symbolic link; with `follow`, the rest tells of what it leads to.
---@field skip? boolean To be set for a folder: what is in it is passed over.

---@class almanac.fs.WalkOptions
---@field depth? integer How many levels; 1 is the folder alone.
---@field hidden? boolean false: without names that begin with a dot.
---@field follow? boolean true: links to folders are entered, each folder once.
---@field on_error? fun(path: string, err: string) Takes the trouble with a folder; without it, that raises.

---An iterator over all that is below a folder, each folder before what is in it; in order of names. No path: the
---folder of the job's file.
---```lua
---local fs = require "almanac.fs"
---assert(fs.mkdir("logs/old") and fs.write("logs/a.log", "12345") and fs.write("logs/old/b.log", "123"))
---local bytes = 0
---for path, entry in assert(fs.walk("logs")) do
---  if entry.type == "file" then bytes = bytes + entry.size end
---end
---assert(bytes == 8)
---```
---@async
---@param path? string
---@param options? almanac.fs.WalkOptions
---@return (fun(): string?, almanac.fs.Entry?)? iterator
---@return string? err
function fs.walk(path, options) end

---The digest of a file's bytes in hexadecimal digits; of any size.
---```lua
---local fs = require "almanac.fs"
---assert(fs.write("abc.txt", "abc"))
---assert(fs.hash("abc.txt", "md5") == "900150983cd24fb0d6963f7d28e17f72")
---```
---@async
---@param path string
---@param digest? "sha256"|"md5"|"sha1"|"sha384"|"sha512" SHA-256 where none is named.
---@return string? digest
---@return string? err
function fs.hash(path, digest) end

---Packs a file as gzip, which keeps its mode and time. The file itself stays.
---```lua
---local fs = require "almanac.fs"
---assert(fs.write("dump.sql", ("insert;"):rep(1000)))
---assert(fs.gzip("dump.sql") == "dump.sql.gz" and fs.stat("dump.sql.gz").size < 200)
---```
---@async
---@param from string
---@param to? string Without it: `from` and `.gz`.
---@param options? { level?: integer } From 1 (fast) to 9 (small); 6.
---@return string? path Of the packed file.
---@return string? err
function fs.gzip(from, to, options) end

---Unpacks a gzip file, and checks it. A damaged one changes nothing.
---```lua
---local fs = require "almanac.fs"
---assert(fs.write("notes.txt", "hello") and fs.gzip("notes.txt"))
---assert(fs.gunzip("notes.txt.gz", "back.txt") == "back.txt" and fs.read("back.txt") == "hello")
---```
---@async
---@param from string
---@param to? string Without it: `from` without its `.gz`.
---@return string? path Of the unpacked file.
---@return string? err
function fs.gunzip(from, to) end

---@class almanac.fs.TarOptions
---@field gzip? boolean Without it: as the name says (`.gz`, `.tgz`).
---@field level? integer From 1 (fast) to 9 (small); 6.
---@field prefix? string A folder's name, put before all names.
---@field exclude? string[] Patterns of what is left out: `"*.tmp"` anywhere, `"cache/*"` by its path.

---Packs what is in a folder, or one file, as tar. Modes, times, links and hard links are kept; the archive appears
---whole. `skipped` names what is neither file, folder nor link.
---```lua
---local fs = require "almanac.fs"
---assert(fs.mkdir("site/css") and fs.write("site/index.html", "hi") and fs.write("site/css/a.tmp", "x"))
---local packed = assert(fs.tar("site", "site.tar.gz", { exclude = { "*.tmp" } }))
---assert(packed.entries == 2 and packed.bytes == 2)
---```
---@async
---@param from string
---@param to string
---@param options? almanac.fs.TarOptions
---@return { entries: integer, bytes: integer, skipped: string[] }? packed
---@return string? err
function fs.tar(from, to, options) end

---Unpacks a tar archive (plain, or packed by gzip, bzip2, xz or zstd) into a folder, which is made where it is missing.
---Modes and times are kept, owners and setuid bits are not. An archive that is damaged, or has an entry or a link
---that leads out of the folder, changes nothing; for that it is read twice.
---```lua
---local fs = require "almanac.fs"
---assert(fs.mkdir("data") and fs.write("data/a.txt", "1") and fs.tar("data", "data.tar"))
---assert(fs.untar("data.tar", "restored").entries == 1 and fs.read("restored/a.txt") == "1")
---```
---@async
---@param from string
---@param to string The folder.
---@return { entries: integer, bytes: integer }? unpacked
---@return string? err
function fs.untar(from, to) end

---Sets the permissions of a file or folder.
---```lua
---local fs = require "almanac.fs"
---assert(fs.write("key.pem", "secret") and fs.chmod("key.pem", "0600"))
---assert(fs.stat("key.pem").mode == "0600")
---```
---@async
---@param path string
---@param mode string Octal digits, as `fs.stat` has them.
---@return true? ok
---@return string? err
function fs.chmod(path, mode) end

---Makes a symbolic link, in place of a link that has its name.
---```lua
---local fs = require "almanac.fs"
---assert(fs.symlink("releases/7", "current") and fs.readlink("current") == "releases/7")
---```
---@async
---@param target string What the link says; a relative one counts from the link's folder.
---@param path string The link.
---@return true? ok
---@return string? err
function fs.symlink(target, path) end

---What a symbolic link says.
---```lua
---local fs = require "almanac.fs"
---assert(fs.symlink("a", "b") and fs.readlink("b") == "a")
---```
---@async
---@param path string
---@return string? target
---@return string? err
function fs.readlink(path) end

return fs
