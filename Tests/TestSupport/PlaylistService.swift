import Values

/// Three playlists behind a token, in pages of 100, each with a link to the next.
package struct PlaylistService {
  package let server: LoopbackServer

  /// - Parameter busyAtFirst: How many requests are asked to come again in no time at all.
  package init(token: String, busyAtFirst: Int = 0) {
    let count = Counter()
    server = LoopbackServer { request, connection in
      if count.next() <= busyAtFirst {
        return connection.answer("", status: "429 Too Many Requests", headers: ["Retry-After: 0"])
      }
      guard request.headers["authorization"] == "Bearer \(token)" else {
        return connection.answer("", status: "401 Unauthorized")
      }
      let base = "http://\(request.headers["host"] ?? "")"
      let parts = request.target.split(separator: "?")
      let offset =
        parts.last?.split(separator: "&").first { $0.hasPrefix("offset=") }.flatMap { Int($0.dropFirst(7)) }
        ?? 0
      let (items, page) = Self.items(of: String(parts[0]))
      let end = min(offset + page, items.count)
      let next: DataValue =
        end < items.count ? .string("\(base)\(parts[0])?limit=\(page)&offset=\(end)") : .null
      let list = DataValue.object([
        "items": .list(Array(items[offset..<end])), "next": next, "total": .int(Int64(items.count)),
      ])
      connection.answer((try? list.json()) ?? "", headers: ["Content-Type: application/json"])
    }
  }

  private static func items(of path: String) -> ([DataValue], Int) {
    func tracks(_ count: Int) -> [DataValue] {
      count == 0 ? [] : (1...count).map { .object(["track": .object(["name": .string("track \($0)")])]) }
    }
    switch path {
    case "/me/playlists":
      let names = [("p1", "AC/DC \"live\""), ("p2", ".hidden"), ("p3", "Empty")]
      return (
        [.null]
          + names.map { .object(["id": .string($0), "name": .string($1), "tracks": .object(["total": 1])]) },
        2
      )
    case "/playlists/p1/tracks": return (tracks(230), 100)
    case "/playlists/p2/tracks": return (tracks(20), 100)
    default: return ([], 100)
    }
  }
}
