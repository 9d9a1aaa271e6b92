---@meta almanac.csv

---Rows of text fields, as spreadsheets and databases write them (RFC 4180).
---```lua
---local csv = require "almanac.csv"
---local people = assert(csv.decode("name,age\nAda,36\n", { header = true }))
---assert(people[1].name == "Ada" and people[1].age == "36")
---```
---@class almanac.csv
local csv = {}

---@class almanac.csv.DecodeOptions
---@field header? boolean|string[] true: the first row has the names, and rows become records; or the names themselves.
---@field separator? string One character; `,`.
---@field quote? string One character, `"`; `""` for none.
---@field ragged? boolean Rows may differ in length; in a record the fields at its end are missing. Else that is an error.

---@class almanac.csv.EncodeOptions
---@field header? string[]|false The names in their order, written as first row; false: none is written. Records without it: all names, in order of the alphabet.
---@field separator? string One character; `,`.
---@field quote? string One character, `"`; `""` for none.
---@field line_end? "\n"|"\r\n"

---The rows of a CSV text. Fields are text as it stands; empty lines are passed over; a byte order mark, CRLF and
---line ends in quotes are understood. A text that is not CSV gives nil and a sentence that names the line.
---```lua
---local csv = require "almanac.csv"
---local rows = assert(csv.decode('a;"b;c"\r\n', { separator = ";" }))
---assert(rows[1][2] == "b;c")
---local none, err = csv.decode("a,b\n1\n")
---assert(err == "not CSV: line 2: 1 field where the first row has 2 ({ ragged = true } takes it as it is)")
---```
---@param text string
---@param options? almanac.csv.DecodeOptions
---@return (string[]|table<string, string>)[]? rows
---@return string? err
function csv.decode(text, options) end

---The CSV text of rows: lists of fields, or records. Fields are strings, numbers, booleans; nil and `json.null` are
---empty.
---```lua
---local csv = require "almanac.csv"
---assert(csv.encode({ { "a", 1 }, { "b, c", 2.5 } }) == 'a,1\n"b, c",2.5\n')
---assert(csv.encode({ { name = "Ada", age = 36 } }, { header = { "name", "age" } }) == "name,age\nAda,36\n")
---```
---@param rows table[]
---@param options? almanac.csv.EncodeOptions
---@return string text
function csv.encode(rows, options) end

---An iterator over the rows of a file of any size, and the number of the line that each begins at. A file that
---cannot be read gives nil and the reason; what is wrong further on raises.
---```lua
---local csv, fs = require "almanac.csv", require "almanac.fs"
---fs.write("sales.csv", "day,amount\nmon,10\ntue,20\n")
---local sum = 0
---for row, line in assert(csv.rows("sales.csv", { header = true })) do
---  sum = sum + assert(tonumber(row.amount), "line " .. line)
---end
---assert(sum == 30)
---```
---@async
---@param path string
---@param options? almanac.csv.DecodeOptions
---@return (fun(): string[]|table<string, string>, integer)? iterator
---@return string? err
function csv.rows(path, options) end

return csv
