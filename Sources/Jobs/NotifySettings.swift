import Notifying
import Scheduling
import Values

/// Whom to tell what of a job's runs, as `notify` says it; what it leaves open is `nil`.
public struct NotifySettings: Sendable, Equatable {
  /// What messages are sent about.
  public enum Event: String, Sendable, CaseIterable {
    case started
    case succeeded
    /// A run ended failed, timed out or interrupted, its last attempt included.
    case failed
    /// A run succeeded after one that had failed.
    case recovered
    case missed
    /// A run goes on for longer than it should.
    case longRunning = "long_running"
  }

  public var on: Set<Event>?
  /// URLs.
  public var webhook: [String]?
  public var email: [MailAddress]?
  /// Topics of ntfy, or their URLs.
  public var ntfy: [String]?
  /// The URL of a dead-man switch; empty for none.
  public var ping: String?
  /// How long is long; zero for no such limit.
  public var longRunning: Interval?
  public var mail: Mail?

  /// The mail server, and the table that described it, for the job's own mails.
  public struct Mail: Sendable, Equatable {
    public var server: MailServer
    public var table: DataValue
  }

  public init() {}

  /// `notify = false`: nobody is told anything.
  public static let off = {
    var settings = NotifySettings()
    (settings.on, settings.webhook, settings.email, settings.ntfy) = ([], [], [], [])
    (settings.ping, settings.longRunning) = ("", .zero)
    return settings
  }()

  /// These settings, with what they leave open taken from `defaults`.
  public func completed(by defaults: NotifySettings) -> NotifySettings {
    var settings = self
    settings.on = on ?? defaults.on
    settings.webhook = webhook ?? defaults.webhook
    settings.email = email ?? defaults.email
    settings.ntfy = ntfy ?? defaults.ntfy
    settings.ping = ping ?? defaults.ping
    settings.longRunning = longRunning ?? defaults.longRunning
    settings.mail = mail ?? defaults.mail
    return settings
  }

  /// Whether a message goes out about this.
  public func tells(_ event: Event) -> Bool {
    guard !((webhook ?? []).isEmpty && (email ?? []).isEmpty && (ntfy ?? []).isEmpty) else { return false }
    if event == .longRunning { return longRunningLimit != nil }
    return (on ?? [.failed, .recovered]).contains(event)
  }

  /// After how long a run is a long one.
  public var longRunningLimit: Interval? { longRunning.flatMap { $0 > .zero ? $0 : nil } }

  /// The dead-man switch, if there is one.
  public var pingURL: String? { ping.flatMap { $0.isEmpty ? nil : $0 } }
}
