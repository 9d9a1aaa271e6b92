import Notifying
import Scheduling
import Values

/// Reads `notify`, of a job's schedule table or of the configuration.
package enum NotifyDecoder {
  /// The settings under `key`; `nil` if there are none.
  package static func decode(_ reader: inout TableReader, _ key: String) -> NotifySettings? {
    if reader.has(key), let flag = reader.value(key)?.asBool {
      if flag { reader.report(key, "true says nothing; write whom to tell: { email = \"ops@example.com\" }") }
      return .off
    }
    guard var table = reader.table(key, example: "notify = { email = \"ops@example.com\" }") else {
      return nil
    }
    var settings = NotifySettings()
    settings.on = events(&table)
    settings.webhook = list(&table, "webhook", "a URL (\"https://example.com/hook\")") {
      (text) throws(NotifyMistake) in
      _ = try Webhook(url: text, data: .null)
      return text
    }
    settings.email = list(&table, "email", "a mail address (\"ops@example.com\")") {
      (text) throws(NotifyMistake) in try MailAddress(parsing: text)
    }
    settings.ntfy = list(&table, "ntfy", "a topic (\"my-alerts\", \"https://ntfy.example.com/alerts\")") {
      (text) throws(NotifyMistake) in
      _ = try Ntfy(target: text, message: "")
      return text
    }
    settings.ping = ping(&table)
    settings.longRunning = longRunning(&table)
    settings.mail = mail(&table)
    table.close(.notify)
    if settings.on?.contains(.longRunning) == true, settings.longRunningLimit == nil {
      table.report(
        "on", "\"long_running\" needs to know how long is long: write long_running = \"1h\" beside it")
    }
    return settings
  }

  private static func events(_ table: inout TableReader) -> Set<NotifySettings.Event>? {
    let words = NotifySettings.Event.allCases.map(\.rawValue)
    let list = words.map { "\"\($0)\"" }.joined(separator: ", ")
    return table.parsedList("on", wanted: "one of " + list) { (text) throws(ScheduleError) in
      if let event = NotifySettings.Event(rawValue: text) { return event }
      let near = SlipFinder.nearest(to: text, in: words).map { "; did you mean \"\($0)\"?" } ?? ""
      throw ScheduleError("\(Found.quoted(text)) is not one of \(list)\(near)")
    }.map { Set($0) }
  }

  /// One or several; `false` for none, whatever the configuration says.
  private static func list<Item>(
    _ table: inout TableReader, _ key: String, _ wanted: String,
    _ parse: (String) throws(NotifyMistake) -> Item
  ) -> [Item]? {
    if table.value(key) == .bool(false) { return [] }
    return table.parsedList(key, wanted: wanted) { (text) throws(ScheduleError) in
      do throws(NotifyMistake) { return try parse(text) } catch { throw ScheduleError(error.description) }
    }
  }

  private static func ping(_ table: inout TableReader) -> String? {
    if table.value("ping") == .bool(false) { return "" }
    return table.parsed("ping", wanted: "a URL (\"https://hc-ping.com/...\")") {
      (text) throws(ScheduleError) in
      do throws(NotifyMistake) { _ = try Ping(url: text, .success) } catch {
        throw ScheduleError(error.description)
      }
      return text
    }
  }

  private static func longRunning(_ table: inout TableReader) -> Interval? {
    if table.value("long_running") == .bool(false) { return .zero }
    return table.duration("long_running", positive: true)
  }

  private static func mail(_ table: inout TableReader) -> NotifySettings.Mail? {
    guard var smtp = table.table("smtp", example: "smtp = { host = \"mail.example.com\" }"),
      let value = table.value("smtp")
    else { return nil }
    let host = smtp.text("host", wanted: "a name (\"mail.example.com\")")
    let port = smtp.integer("port", in: 1...65535)
    let user = smtp.text("user", wanted: "a name")
    let password = smtp.text("password", wanted: "a string")
    let from = smtp.parsed("from", wanted: "a mail address (\"ops@example.com\")") {
      (text) throws(ScheduleError) in
      do throws(NotifyMistake) { return try MailAddress(parsing: text) } catch {
        throw ScheduleError(error.description)
      }
    }
    let word = smtp.choice("tls", of: MailServer.Security.allCases.map(\.rawValue))
    let file = smtp.text("ca_file", wanted: "a path (\"/etc/ssl/own.pem\")")
    if let file, !file.hasPrefix("/") {
      smtp.report("ca_file", "\(Found.quoted(file)) does not begin with /")
    }
    smtp.close(.smtp)
    let server = MailServer(
      host: host ?? MailServer.local.host, port: port, user: user, password: password, from: from,
      security: word.flatMap(MailServer.Security.init) ?? .auto, authorityFile: file)
    return NotifySettings.Mail(server: server, table: value)
  }
}

extension KeyList {
  static let notify = KeyList(
    known: ["on", "webhook", "email", "ntfy", "ping", "long_running", "smtp"],
    elsewhere: Dictionary(
      uniqueKeysWithValues: ["host", "port", "user", "password", "from", "tls", "ca_file"].map {
        ($0, "belongs into `smtp = { \($0) = ... }`")
      }),
    otherNames: ["mail": "email", "events": "on", "url": "webhook", "healthcheck": "ping", "to": "email"],
    example: "write email = \"ops@example.com\"")
  static let smtp = KeyList(
    known: ["host", "port", "user", "password", "from", "tls", "ca_file"],
    otherNames: ["username": "user", "server": "host", "sender": "from", "starttls": "tls"],
    example: "write host = \"mail.example.com\"")
}
