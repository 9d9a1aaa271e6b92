/// A server that takes mail by SMTP, and how it is spoken to.
public struct MailServer: Sendable, Hashable {
  /// How the connection is made safe.
  public enum Security: String, Sendable, CaseIterable {
    /// TLS from the start on port 465; elsewhere STARTTLS where the server offers it. On this machine's own
    /// loopback nothing is asked for.
    case auto
    /// STARTTLS, or nothing is sent.
    case starttls
    /// TLS from the start.
    case tls
    /// None. The password travels as it is.
    case none
  }

  public var host: String
  public var port: Int
  public var user: String?
  public var password: String?
  /// The sender of what names none.
  public var from: MailAddress?
  public var security: Security
  /// A file of certificates (PEM) to trust instead of the system's.
  public var authorityFile: String?

  /// - Parameter port: By default 465 for `tls`, 587 for `starttls` and where there is a user, else 25.
  public init(
    host: String, port: Int? = nil, user: String? = nil, password: String? = nil, from: MailAddress? = nil,
    security: Security = .auto, authorityFile: String? = nil
  ) {
    self.host = host
    self.port = port ?? (security == .tls ? 465 : security == .starttls || user != nil ? 587 : 25)
    self.user = user
    self.password = password
    self.from = from
    self.security = security
    self.authorityFile = authorityFile
  }

  /// The one that this machine runs itself, which needs no settings: what cron's mails go through.
  public static let local = MailServer(host: "localhost")

  /// Whom mails come from that name nobody: ``from``, else `almanac` at this machine.
  public var sender: MailAddress { from ?? MailAddress(address: "almanac@\(OwnName.text)") }

  /// `host:port`, for messages.
  public var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

  var startsSafe: Bool { security == .tls || (security == .auto && port == 465) }

  /// Whether what is sent never leaves this machine.
  var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}
