-- almanac.notify: what a script sees of NotifyModule.swift.
--
--   local notify = require "almanac.notify"
--   assert(notify.email { to = "ops@example.com", subject = "nightly", body = digest })
local host = ...

local notify = {}

--- Data as JSON, by POST.
function notify.webhook(url, data, options) return host.webhook(url, data, options) end

--- A mail: to, cc, bcc, from, reply_to, subject, body, smtp, timeout.
function notify.email(options) return host.email(options) end

--- A message by ntfy: its text, or a table of message, title, priority, tags, click, timeout.
function notify.ntfy(topic, message) return host.ntfy(topic, message) end

--- A sign of life for a dead-man switch: "start", "success" or "fail".
function notify.ping(url, kind, text) return host.ping(url, kind, text) end

return notify
