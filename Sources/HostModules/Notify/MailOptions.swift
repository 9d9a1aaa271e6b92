import LuaHost
import Notifying
import Values

/// What a script says of a mail, and of the server that is to take it.
enum MailOptions {
  static let known = [
    "to", "cc", "bcc", "from", "reply_to", "subject", "body", "smtp", "timeout",
  ]
  private static let server = ["host", "port", "user", "password", "from", "tls", "ca_file"]

  /// - Parameters:
  ///   - folder: The job's, for relative paths.
  ///   - configured: The configuration's `notify.smtp`.
  static func read(
    _ options: Options, folder: String, configured: DataValue
  ) throws(Misuse) -> (Email, MailServer, seconds: Double) {
    let server = try mailServer(options, folder, configured)
    let from = try address(options, "from") ?? server.sender
    let (to, cc, bcc) = (
      try addresses(options, "to"), try addresses(options, "cc"), try addresses(options, "bcc")
    )
    let (subject, body) = (try options.text("subject"), try options.text("body"))
    let replyTo = try address(options, "reply_to")
    let email = try understood(options) { () throws(NotifyMistake) in
      try Email(
        from: from, to: to, cc: cc, bcc: bcc, replyTo: replyTo, subject: subject ?? "", body: body ?? "")
    }
    return (email, server, try options.seconds("timeout") ?? 60)
  }

  /// The configuration's server, with what the script says put over it. One that names a host of its own
  /// is not given the password that is for the configuration's.
  private static func mailServer(
    _ options: Options, _ folder: String, _ configured: DataValue
  ) throws(Misuse) -> MailServer {
    var fields = configured.asTable?.fields ?? [:]
    if let given = try options.table("smtp") {
      fields = given.fields["host"] == nil ? fields.merging(given.fields) { $1 } : given.fields
    }
    let smtp = try Options(.object(fields), of: "\(options.function): smtp", known: server)
    let host = try smtp.text("host") ?? MailServer.local.host
    let word = try smtp.text("tls") ?? "auto"
    guard let security = MailServer.Security(rawValue: word) else {
      let words = MailServer.Security.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
      throw smtp.misuse("tls must be one of \(words), not \(describe(smtp["tls"]))")
    }
    var authorityFile: String?
    if let path = try smtp.bytes("ca_file") {
      let path = try JobPath(path, in: folder, of: smtp.function, name: "ca_file")
      authorityFile = String(decoding: path.bytes, as: UTF8.self)
    }
    return MailServer(
      host: host, port: try smtp.count("port", in: 1...65535), user: try smtp.text("user"),
      password: try smtp.text("password"), from: try address(smtp, "from"), security: security,
      authorityFile: authorityFile)
  }

  private static func address(_ options: Options, _ name: String) throws(Misuse) -> MailAddress? {
    guard let text = try options.text(name) else { return nil }
    return try understood(options, name) { () throws(NotifyMistake) in try MailAddress(parsing: text) }
  }

  private static func addresses(_ options: Options, _ name: String) throws(Misuse) -> [MailAddress] {
    var addresses: [MailAddress] = []
    for text in try options.texts(name) {
      addresses.append(
        try understood(options, name) { () throws(NotifyMistake) in try MailAddress(parsing: text) })
    }
    return addresses
  }

  private static func understood<Value>(
    _ options: Options, _ name: String? = nil, _ body: () throws(NotifyMistake) -> Value
  ) throws(Misuse) -> Value {
    do throws(NotifyMistake) { return try body() } catch {
      throw options.misuse((name.map { $0 + ": " } ?? "") + error.description)
    }
  }
}
