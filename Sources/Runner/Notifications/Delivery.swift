import Jobs
import Notifying
import Scheduling
import Values

/// One message on its way to one place.
struct Delivery: Sendable, Equatable {
  enum Content: Sendable, Equatable {
    case webhook(url: String, DataValue)
    /// - Parameter account: Whose mail server takes it: a job's, or the configuration's.
    case email(account: String?, to: [String], subject: String, body: String)
    case ntfy(target: String, message: String, title: String, priority: Int, tag: String)
    case ping(url: String, Ping.Kind, text: String)
  }

  /// What it is of its kind: the same message is not queued twice.
  var id: String
  var createdAt: Instant
  var content: Content

  /// What goes to the same place goes one after the other.
  var lane: String {
    switch content {
    case .webhook(let url, _): "webhook \(url)"
    case .email(let account, _, _, _): "email \(account ?? "")"
    case .ntfy(let target, _, _, _, _): "ntfy \(target)"
    case .ping(let url, _, _): "ping \(url)"
    }
  }

  /// How logs call the place: without what may be a token.
  var place: String {
    switch content {
    case .webhook(let url, _): "the webhook at \(Self.host(url))"
    case .email(_, let to, _, _): "the mail to \(to.joined(separator: ", "))"
    case .ntfy(let target, _, _, _, _): "ntfy at \(target.contains("://") ? Self.host(target) : "ntfy.sh")"
    case .ping(let url, _, _): "the ping of \(Self.host(url))"
    }
  }

  var isPing: Bool { if case .ping = content { true } else { false } }

  private static func host(_ url: String) -> String {
    let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
    let authority = rest.prefix { !"/?#".contains($0) }
    return String(authority.split(separator: "@").last ?? authority)
  }

  /// Sends it.
  ///
  /// - Parameter server: The mail server of an account, where it is known.
  func send(server: (String?) -> MailServer?) async throws(NotifyTrouble) {
    do {
      switch content {
      case .webhook(let url, let data): try await Webhook(url: url, data: data).send()
      case .ntfy(let target, let message, let title, let priority, let tag):
        try await Ntfy(target: target, message: message, title: title, priority: priority, tags: [tag]).send()
      case .ping(let url, let kind, let text): try await Ping(url: url, kind, text: text).send()
      case .email(let account, let to, let subject, let body):
        guard let server = server(account) else {
          throw NotifyTrouble(
            "the mail server of the job \(account ?? "") is not known, as the job is not live")
        }
        var recipients: [MailAddress] = []
        for text in to { recipients.append(try MailAddress(parsing: text)) }
        try await Email(from: server.sender, to: recipients, subject: subject, body: body).send(
          through: server)
      }
    } catch let trouble as NotifyTrouble {
      throw trouble
    } catch {
      // What was decoded once is well formed; only a damaged file can lead here.
      throw NotifyTrouble("\(error)", isPermanent: true)
    }
  }
}

extension Delivery {
  /// The messages by which a notification goes to everybody whom the settings name.
  static func all(_ notification: Notification, _ settings: NotifySettings, now: Instant) -> [Delivery] {
    let text = notification.text(now: now)
    var contents: [Content] = []
    for url in settings.webhook ?? [] { contents.append(.webhook(url: url, notification.data(now: now))) }
    if let email = settings.email, !email.isEmpty {
      let account = settings.mail == nil ? nil : notification.job
      contents.append(
        .email(account: account, to: email.map(\.text), subject: notification.title, body: text))
    }
    let priority = [.succeeded, .started, .recovered].contains(notification.event) ? 3 : 4
    for target in settings.ntfy ?? [] {
      contents.append(
        .ntfy(
          target: target, message: text, title: notification.title, priority: priority, tag: notification.tag)
      )
    }
    let name = "\(notification.event.rawValue)-\(notification.run.id)"
    return contents.enumerated().map { Delivery(id: "\(name)-\($0)", createdAt: now, content: $1) }
  }

  /// A sign of life of a run.
  static func ping(_ kind: Ping.Kind, of run: String, url: String, text: String, now: Instant) -> Delivery {
    Delivery(id: "ping-\(kind.rawValue)-\(run)", createdAt: now, content: .ping(url: url, kind, text: text))
  }
}

// MARK: - On disk

extension Delivery {
  /// The message as it is kept over a restart.
  var stored: DataValue {
    var fields: [String: DataValue] = [
      "id": .string(id), "created_at_us": .int(createdAt.microseconds),
    ]
    switch content {
    case .webhook(let url, let data):
      fields.merge(["kind": "webhook", "url": .string(url), "data": data]) { $1 }
    case .email(let account, let to, let subject, let body):
      fields.merge([
        "kind": "email", "account": account.map { .string($0) } ?? .null, "subject": .string(subject),
        "to": .list(to.map { .string($0) }), "body": .string(body),
      ]) { $1 }
    case .ntfy(let target, let message, let title, let priority, let tag):
      fields.merge([
        "kind": "ntfy", "url": .string(target), "message": .string(message), "title": .string(title),
        "priority": .int(Int64(priority)), "tag": .string(tag),
      ]) { $1 }
    case .ping(let url, let kind, let text):
      fields.merge([
        "kind": "ping", "url": .string(url), "ping": .string(kind.rawValue), "text": .string(text),
      ]) {
        $1
      }
    }
    return .object(fields)
  }

  /// Reads ``stored``; `nil` for what is none.
  init?(stored: DataValue) {
    guard let id = stored["id"].asString, let created = stored["created_at_us"].asInt,
      let content = Content(stored: stored)
    else { return nil }
    self.init(id: id, createdAt: Instant(microseconds: created), content: content)
  }
}

extension Delivery.Content {
  fileprivate init?(stored: DataValue) {
    func text(_ name: String) -> String { stored[name].asString ?? "" }
    switch text("kind") {
    case "webhook": self = .webhook(url: text("url"), stored["data"])
    case "email":
      let to = (stored["to"].asTable?.items ?? []).compactMap(\.asString)
      self = .email(account: stored["account"].asString, to: to, subject: text("subject"), body: text("body"))
    case "ntfy":
      self = .ntfy(
        target: text("url"), message: text("message"), title: text("title"),
        priority: Int(stored["priority"].asInt ?? 3), tag: text("tag"))
    case "ping":
      guard let kind = Ping.Kind(rawValue: text("ping")) else { return nil }
      self = .ping(url: text("url"), kind, text: text("text"))
    default: return nil
    }
  }
}
