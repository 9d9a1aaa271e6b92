import NIOHTTP1
import Values

/// What came back from a server.
struct HTTPAnswer: Sendable {
  var status: Int
  var headers: HTTPHeaders
  /// The address it came from, redirects followed.
  var url: String
  var body: [UInt8] = []
  /// Where the body was written to instead, and how much of it.
  var file: (path: JobPath, size: Int)?
  /// From the start of the request to the end of the body.
  var seconds: Double = 0

  var isSuccess: Bool { (200..<300).contains(status) }

  /// What `http.lua` makes a response of.
  var value: DataValue {
    var names: [String: DataValue] = [:]
    for (name, value) in headers {
      let key = name.lowercased()
      // Only cookies cannot be joined by commas (RFC 6265, 3).
      let separator = key == "set-cookie" ? "\n" : ", "
      names[key] = .string(names[key].flatMap(\.asString).map { $0 + separator + value } ?? value)
    }
    var fields: [String: DataValue] = [
      "status": .int(Int64(status)), "ok": .bool(isSuccess), "headers": .object(names), "url": .string(url),
      "body": .bytes(body), "elapsed": .double(seconds),
    ]
    if let file {
      fields["file"] = .string(file.path.given)
      fields["size"] = .int(Int64(file.size))
    } else {
      fields["size"] = .int(Int64(body.count))
    }
    return .object(fields)
  }

  /// Whether the same request may well succeed a little later.
  var isWorthAnotherTry: Bool { [408, 429, 500, 502, 503, 504].contains(status) }

  /// Whether the server says that it has not done what it was asked for.
  var isRefusal: Bool { status == 429 || status == 503 }
}
