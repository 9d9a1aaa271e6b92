import WebClient

/// A sign of life for a dead-man switch, which raises the alarm when none comes: healthchecks.io and those
/// that speak like it (https://healthchecks.io/docs/http_api/).
public struct Ping: Sendable, Equatable {
  /// What it is a sign of. `/start` and `/fail` are put behind the URL's path.
  public enum Kind: String, Sendable {
    case start
    case success
    case fail
  }

  private let address: HTTPAddress
  public var kind: Kind
  /// What the service shows beside it. At most 10 KB go.
  public var text: String

  public init(url: String, _ kind: Kind, text: String = "") throws(NotifyMistake) {
    let given = try WebDelivery.address(url)
    self.kind = kind
    self.text = text
    guard kind != .success else {
      address = given
      return
    }
    let end = url.firstIndex { "?#".contains($0) } ?? url.endIndex
    let slash = url[..<end].hasSuffix("/") ? "" : "/"
    address = try WebDelivery.address("\(url[..<end])\(slash)\(kind.rawValue)\(url[end...])")
  }

  public func send(within seconds: Double = 30) async throws(NotifyTrouble) {
    try await WebDelivery.send(
      to: address, headers: [("Content-Type", "text/plain; charset=utf-8")],
      body: Array(text.utf8.prefix(10_000)), within: seconds)
  }
}
