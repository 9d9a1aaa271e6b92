import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import WebClient

/// A small message to a web server, whose answer is only yes or no.
enum WebDelivery {
  /// Sends the request, and waits for an answer of success.
  ///
  /// - Throws: A sentence; with what the server said, where it did.
  static func send(
    _ method: String = "POST", to address: HTTPAddress, headers: [(String, String)], body: [UInt8],
    within seconds: Double
  ) async throws(NotifyTrouble) {
    var request = HTTPRequest(address, method: method, headers: HTTPHeaders(headers))
    request.headers.replaceOrAdd(name: "User-Agent", value: "almanac")
    request.body = { .bytes(ByteBuffer(bytes: body)) }
    let prepared = request
    try await Deadline.run(
      seconds,
      late: {
        let limit = seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
        return NotifyTrouble("timeout: no answer from \(address.authority) within \(limit) s")
      }
    ) { () async throws(NotifyTrouble) in
      do {
        let (response, from) = try await prepared.send()
        let text = try await head(of: response.body)
        try judge(response.status, response.headers, text, from)
      } catch let trouble as NotifyTrouble {
        throw trouble
      } catch {
        throw NotifyTrouble(HTTPTrouble(explaining: error, address).description)
      }
    }
  }

  /// The address in a text, or what is wrong with it.
  static func address(_ text: String) throws(NotifyMistake) -> HTTPAddress {
    do throws(HTTPAddress.Problem) { return try HTTPAddress(text) } catch { throw NotifyMistake(error.text) }
  }

  private static func judge(
    _ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ text: String, _ address: HTTPAddress
  ) throws(NotifyTrouble) {
    let code = Int(status.code)
    guard !(200..<300).contains(code) else { return }
    let words = text.isEmpty ? "" : ": \(text.shown)"
    throw NotifyTrouble(
      "\(address.authority) answered \(code) \(status.reasonPhrase)\(words)",
      isPermanent: (300..<500).contains(code) && ![408, 425, 429].contains(code),
      retryAfter: RetryAfter.seconds(in: headers, now: WallClock.now()))
  }

  /// The first bytes of an answer, as text.
  private static func head(of body: HTTPClientResponse.Body) async throws -> String {
    var bytes: [UInt8] = []
    for try await buffer in body {
      bytes += buffer.readableBytesView.prefix(4096 - bytes.count)
      if bytes.count >= 4096 { break }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
