import Values
import WebClient

/// A message for people's telephones and desktops, by a server of ntfy (https://ntfy.sh).
public struct Ntfy: Sendable, Equatable {
  private let server: HTTPAddress
  private let topic: String
  public var message: String
  public var title: String?
  /// From 1, silent, to 5, which does not stop; 3 by default.
  public var priority: Int?
  /// Words, or names of emoji, that are shown as such.
  public var tags: [String]
  /// Where a click on the message leads.
  public var click: String?

  /// - Parameter target: A topic of ntfy.sh, or the URL of a topic elsewhere, with `user:password@` or
  ///   `:token@` before the host if the server wants one.
  public init(
    target: String, message: String, title: String? = nil, priority: Int? = nil, tags: [String] = [],
    click: String? = nil
  ) throws(NotifyMistake) {
    let url = target.contains("://") ? target : "https://ntfy.sh/\(target)"
    let address = try WebDelivery.address(url)
    let parts = address.path.split(separator: "/")
    let isTopic = { (byte: UInt8) in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"): true
      default: false
      }
    }
    guard let topic = parts.last, topic.utf8.count <= 64, topic.utf8.allSatisfy(isTopic),
      target.contains("://") || !target.contains("/")
    else {
      throw NotifyMistake(
        "\"\(target.shown)\" is no topic: write its name (letters, digits, - and _) or its URL (https://ntfy.sh/name)"
      )
    }
    self.topic = String(topic)
    let folder = parts.dropLast().joined(separator: "/")
    let user = url.firstRange(of: "://").flatMap { scheme -> Substring? in
      let rest = url[scheme.upperBound...].prefix { !"/?#".contains($0) }
      return rest.lastIndex(of: "@").map { rest[...$0] }
    }
    let scheme = address.isSecure ? "https" : "http"
    server = try WebDelivery.address("\(scheme)://\(user ?? "")\(address.authority)/\(folder)")
    self.message = message
    self.title = title
    self.priority = priority
    self.tags = tags
    self.click = click
  }

  public func send(within seconds: Double = 30) async throws(NotifyTrouble) {
    var fields: [String: DataValue] = ["topic": .string(topic), "message": .string(message)]
    if let title { fields["title"] = .string(title) }
    if let priority { fields["priority"] = .int(Int64(priority)) }
    if !tags.isEmpty { fields["tags"] = .list(tags.map { .string($0) }) }
    if let click { fields["click"] = .string(click) }
    let json: String
    do { json = try DataValue.object(fields).json() } catch {
      throw NotifyTrouble("the message has no form in JSON: \(error)", isPermanent: true)
    }
    try await WebDelivery.send(
      to: server, headers: [("Content-Type", "application/json")], body: Array(json.utf8), within: seconds)
  }
}
