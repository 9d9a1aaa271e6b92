---@meta almanac.time

---Instants, calendars, durations, business days. An instant is a number of seconds since 1970, as `os.time` has it;
---where one is asked for, ISO 8601 text does too. Zones are IANA names; without one it is the zone of the job's
---schedule (`time_zone`), else the daemon's.
---```lua
---local time = require "almanac.time"
---local tomorrow = time.add(time.start_of(time.now(), "day"), { days = 1 })
---assert(tomorrow > time.now())
---```
---@class almanac.time
local time = {}

---@alias almanac.time.Instant number|string Seconds since 1970, or `"2026-12-24T18:00"`.

---The seconds since 1970, with a fraction.
---```lua
---local time = require "almanac.time"
---assert(math.abs(time.now() - os.time()) < 2)
---```
---@return number instant
function time.now() end

---Reads ISO 8601: a date, a date and a time, with an offset or `Z` or local to the zone. A local time that daylight
---saving skips is the first instant after the gap; of one that comes twice it is the first.
---```lua
---local time = require "almanac.time"
---assert(time.parse("2026-11-23T10:00:00Z") == 1795428000)
---assert(time.parse("2026-11-23T10:00", "Europe/Vienna") == 1795424400)
---assert(time.parse("tomorrow") == nil)
---```
---@param text string
---@param zone? string
---@return number? instant
---@return string? err
function time.parse(text, zone) end

---Reads a text by a pattern like those of `format`. What it does not say is the beginning of its year, month or day.
---```lua
---local time = require "almanac.time"
---local instant = assert(time.parse_as("23/Nov/2026:10:00:00 +0000", "%d/%b/%Y:%H:%M:%S %z"))
---assert(instant == 1795428000)
---```
---@param text string
---@param pattern string
---@param zone? string
---@return number? instant
---@return string? err
function time.parse_as(text, pattern, zone) end

---Writes an instant: as ISO 8601 with its offset, or by a pattern of `strftime`'s kind, in English: `%Y %m %d %H %M
---%S`, `%y %e %j %I %p %a %A %b %B %u %w %V %G %U %W %s %z %:z %Z`, `%L` (milliseconds), `%f` (microseconds), and in
---short `%F %T %R %D %c %x %X %r`; `%-d` is without zeros.
---```lua
---local time = require "almanac.time"
---assert(time.format(0, nil, "UTC") == "1970-01-01T00:00:00Z")
---assert(time.format(1795428000, "%A, %-d %B %Y, %R", "Europe/Vienna") == "Monday, 23 November 2026, 11:00")
---```
---@param instant almanac.time.Instant
---@param pattern? string
---@param zone? string
---@return string text
function time.format(instant, pattern, zone) end

---@class almanac.time.Date
---@field year integer
---@field month? integer 1
---@field day? integer 1
---@field hour? integer 0
---@field min? integer 0
---@field sec? integer 0

---The instant of a date and a time of day.
---```lua
---local time = require "almanac.time"
---assert(time.make({ year = 2026, month = 11, day = 23, hour = 10 }, "UTC") == 1795428000)
---```
---@param date almanac.time.Date
---@param zone? string
---@return number instant
function time.make(date, zone) end

---@class almanac.time.Parts
---@field year integer
---@field month integer
---@field day integer
---@field hour integer
---@field min integer
---@field sec integer
---@field fraction number Of a second.
---@field wday integer Sunday is 1, as `os.date` has it.
---@field weekday string `"mon"` to `"sun"`.
---@field yday integer
---@field week integer The week of ISO 8601, and the year that it belongs to.
---@field week_year integer
---@field offset integer Seconds east of UTC.
---@field zone string

---What the calendar and the clock show at an instant.
---```lua
---local time = require "almanac.time"
---local parts = time.parts("2026-11-23T10:00Z", "Asia/Tokyo")
---assert(parts.hour == 19 and parts.weekday == "mon" and parts.week == 48)
---```
---@param instant almanac.time.Instant
---@param zone? string
---@return almanac.time.Parts parts
function time.parts(instant, zone) end

---@class almanac.time.Span
---@field years? integer
---@field months? integer
---@field weeks? integer
---@field days? integer
---@field hours? integer
---@field minutes? integer
---@field seconds? integer

---An instant that much later. Seconds and durations (`"90m"`, `"-2h"`) are elapsed time, in which a day has 24 hours; in a
---table, years to days go by the calendar and keep the time of day, and the last days of months stay such.
---```lua
---local time = require "almanac.time"
---local change = time.parse("2026-03-28T12:00", "Europe/Vienna")   -- the clocks change in the next night
---assert(time.add(change, { days = 1 }, "Europe/Vienna") - change == 23 * 3600)
---assert(time.add(change, "1d") - change == 24 * 3600)
---```
---@param instant almanac.time.Instant
---@param span number|string|almanac.time.Span
---@param zone? string
---@return number instant
function time.add(instant, span, zone) end

---How many whole units lie between two instants; negative where `to` is the earlier. (Seconds: `to - from`.)
---```lua
---local time = require "almanac.time"
---assert(time.diff("2026-01-31", "2026-02-28", "months", "UTC") == 1)
---assert(time.diff("2026-12-24", "2026-12-31T12:00", "days", "UTC") == 7)
---```
---@param from almanac.time.Instant
---@param to almanac.time.Instant
---@param unit "years"|"months"|"weeks"|"days"|"hours"|"minutes"|"seconds"
---@param zone? string
---@return integer count
function time.diff(from, to, unit, zone) end

---The beginning of the year, month, week (Monday), day, hour, minute or second that an instant lies in.
---```lua
---local time = require "almanac.time"
---assert(time.format(time.start_of("2026-11-25T10:00Z", "week", "UTC"), "%F %T", "UTC") == "2026-11-23 00:00:00")
---```
---@param instant almanac.time.Instant
---@param unit "year"|"month"|"week"|"day"|"hour"|"minute"|"second"
---@param zone? string
---@return number instant
function time.start_of(instant, unit, zone) end

---The seconds of a duration as a schedule has it: `"90s"`, `"1h30m"`, `"PT5M"`.
---```lua
---local time = require "almanac.time"
---assert(time.parse_duration("1h30m") == 5400)
---```
---@param text string
---@return number? seconds
---@return string? err
function time.parse_duration(text) end

---A number of seconds as a duration.
---```lua
---local time = require "almanac.time"
---assert(time.format_duration(5400) == "1h30m")
---```
---@param seconds number
---@return string text
function time.format_duration(seconds) end

---@class almanac.time.BusinessOptions
---@field holidays? string|table Dates and ranges: `{ "2026-12-25", "2026-12-24..2027-01-06", calendar = "holidays.ics" }`. What a calendar file says covers a whole day makes it a holiday.
---@field weekend? string[] `{ "sat", "sun" }`
---@field zone? string

---Whether the day of an instant is neither of the weekend nor a holiday.
---```lua
---local time = require "almanac.time"
---local options = { holidays = { "2026-12-24..2026-12-26" } }
---assert(not time.is_business_day("2026-12-24", options) and time.is_business_day("2026-12-28", options))
---```
---@async
---@param instant almanac.time.Instant
---@param options? almanac.time.BusinessOptions
---@return boolean? is
---@return string? err
function time.is_business_day(instant, options) end

---The same time of day, that many business days later (earlier, where negative).
---```lua
---local time = require "almanac.time"
---local due = time.add_business_days("2026-12-23T09:00", 2, { zone = "UTC", holidays = { "2026-12-24..2026-12-26" } })
---assert(time.format(due, "%F %R", "UTC") == "2026-12-29 09:00")
---```
---@async
---@param instant almanac.time.Instant
---@param count integer
---@param options? almanac.time.BusinessOptions
---@return number? instant
---@return string? err
function time.add_business_days(instant, count, options) end

---The same time of day on the next business day.
---```lua
---local time = require "almanac.time"
---assert(time.format(time.next_business_day("2026-11-27", { zone = "UTC" }), "%F", "UTC") == "2026-11-30")
---```
---@async
---@param instant almanac.time.Instant
---@param options? almanac.time.BusinessOptions
---@return number? instant
---@return string? err
function time.next_business_day(instant, options) end

return time
