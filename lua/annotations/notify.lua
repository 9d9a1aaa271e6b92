---@meta almanac.notify

---Messages to people and to other machines. The run waits until a message is taken; what does not get
---through gives nil and why. What is to be said of failed runs, the daemon says: `schedule.notify`.
---```lua
---local notify = require "almanac.notify"
---local ok, err = notify.webhook(url, { text = "backup done" })
---if not ok then print("nobody was told: " .. err) end
---```
---@class almanac.notify
local notify = {}

---Sends data as JSON by POST. An answer that is no success is trouble.
---```lua
---local notify = require "almanac.notify"
---assert(notify.webhook(url, { text = "backup done", files = 3 }, { timeout = "10s" }))
---```
---@async
---@param url string
---@param data? table
---@param options? { timeout?: number|string } Seconds, or a duration like `"10s"`. Default 30 s.
---@return true? ok
---@return string? err Why it did not get through.
function notify.webhook(url, data, options) end

---A server that takes mail.
---@class almanac.notify.Smtp
---@field host? string Without it, the configuration's server is meant, with what stands here put over it.
---@field port? integer Default: 465 for `tls = "tls"`, 587 with a user or `"starttls"`, else 25.
---@field user? string
---@field password? string
---@field from? string The sender of mails that name none.
---@field tls? "auto"|"starttls"|"tls"|"none" `"auto"`: STARTTLS where the server offers it, TLS from the start on port 465; no password goes without it, but to this machine itself. Default `"auto"`.
---@field ca_file? string A file of certificates (PEM) to trust instead of the system's.

---@class almanac.notify.Email
---@field to? string|string[] `"ops@example.com"` or `"Night Shift <ops@example.com>"`.
---@field cc? string|string[]
---@field bcc? string|string[] Get it too, and are not named in it.
---@field from? string Default: `smtp.from`.
---@field reply_to? string
---@field subject? string
---@field body? string The text.
---@field smtp? almanac.notify.Smtp Default: the configuration's `notify.smtp`.
---@field timeout? number|string For everything. Default 60 s.

---Sends a mail. Where some of several recipients are refused, the others get it, and err says so.
---```lua
---local notify = require "almanac.notify"
---assert(notify.email {
---  to = { "ops@example.com", "Night Shift <night@example.com>" },
---  from = "almanac@example.com",
---  subject = "Digest of the logs",
---  body = "3 warnings\n",
---  smtp = { host = "127.0.0.1", port = smtp_port },
---})
---```
---@async
---@param email almanac.notify.Email
---@return true? ok
---@return string? err Why it did not get through, in the server's words.
function notify.email(email) end

---@class almanac.notify.Ntfy
---@field message string
---@field title? string
---@field priority? integer From 1, silent, to 5, urgent. Default 3.
---@field tags? string|string[] Words, or names of emoji: `"warning"`.
---@field click? string Where a click leads.
---@field timeout? number|string Default 30 s.

---Sends a message to telephones and desktops by ntfy.
---```lua
---local notify = require "almanac.notify"
---assert(notify.ntfy(url .. "/my-topic", { message = "disk is full", title = "db1", priority = 4, tags = "warning" }))
---```
---@async
---@param topic string A topic of ntfy.sh, or the URL of a topic: `"https://user:password@ntfy.example.com/alerts"`.
---@param message string|almanac.notify.Ntfy
---@return true? ok
---@return string? err Why it did not get through.
function notify.ntfy(topic, message) end

---Gives a sign of life to a dead-man switch that speaks as healthchecks.io does. For a job's own runs,
---`schedule.notify.ping` does it.
---```lua
---local notify = require "almanac.notify"
---assert(notify.ping(url .. "/0d1f", "start"))
---assert(notify.ping(url .. "/0d1f", "success", "3 files"))
---```
---@async
---@param url string
---@param kind? "start"|"success"|"fail" Default `"success"`.
---@param text? string Shown beside it.
---@return true? ok
---@return string? err Why it did not get through.
function notify.ping(url, kind, text) end

return notify
