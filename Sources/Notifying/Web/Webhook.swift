import Values
import WebClient

/// Data for a web server, as JSON by POST.
public struct Webhook: Sendable, Equatable {
  private let address: HTTPAddress
  private let json: String

  /// - Throws: If the URL is none, or the data has no form in JSON.
  public init(url: String, data: DataValue) throws(NotifyMistake) {
    address = try WebDelivery.address(url)
    do throws(JSONTrouble) { json = try data.json() } catch { throw NotifyMistake("the data: \(error)") }
  }

  public func send(within seconds: Double = 30) async throws(NotifyTrouble) {
    try await WebDelivery.send(
      to: address, headers: [("Content-Type", "application/json")], body: Array(json.utf8), within: seconds)
  }
}
