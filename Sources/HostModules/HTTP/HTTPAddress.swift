import LuaHost
import Values

/// The address of a request: checked, with what may not stand in one escaped, and credentials taken out.
struct HTTPAddress: Equatable {
  /// The absolute URL, without credentials and fragment.
  private(set) var url: String
  let isSecure: Bool
  /// The host's name alone, as proxies and messages want it.
  let host: String
  /// `host:port` as written, for messages.
  let authority: String
  /// `user:password` from the URL, escapes undone.
  let credentials: String?

  /// - Throws: A text that says what is wrong with the URL.
  init(_ text: String, query: [(String, String)] = []) throws(Misuse) {
    guard let separator = text.firstRange(of: "://") else {
      throw Misuse("url \(describe(.string(text))) does not begin with http:// or https://")
    }
    let scheme = text[..<separator.lowerBound].lowercased()
    guard scheme == "http" || scheme == "https" else {
      throw Misuse("url \(describe(.string(text))) does not begin with http:// or https://")
    }
    isSecure = scheme == "https"
    let rest = text[separator.upperBound...]
    let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
    var authority = rest[..<end]
    var user: String?
    if let at = authority.lastIndex(of: "@") {
      user = PercentEncoding.decoded(String(authority[..<at]))
      authority = authority[authority.index(after: at)...]
    }
    credentials = user
    self.authority = String(authority)
    host = try Self.host(of: authority, text)
    var path = String(rest[end...].prefix { $0 != "#" })
    if !path.hasPrefix("/") { path = "/" + path }
    path = PercentEncoding.repaired(path)
    if !query.isEmpty {
      let pairs = query.map { PercentEncoding.component($0) + "=" + PercentEncoding.component($1) }
      let mark = !path.contains("?") ? "?" : path.hasSuffix("?") || path.hasSuffix("&") ? "" : "&"
      path += mark + pairs.joined(separator: "&")
    }
    url = "\(scheme)://\(authority)\(path)"
  }

  private static func host(of authority: Substring, _ text: String) throws(Misuse) -> String {
    var name = authority
    var port: Substring = ""
    if authority.hasPrefix("["), let close = authority.firstIndex(of: "]") {
      name = authority[authority.index(after: authority.startIndex)..<close]
      port = authority[authority.index(after: close)...]
    } else if let colon = authority.firstIndex(of: ":") {
      name = authority[..<colon]
      port = authority[colon...]
    }
    guard !name.isEmpty else { throw Misuse("url \(describe(.string(text))) has no host") }
    guard
      !name.unicodeScalars.contains(where: {
        $0.value <= 0x20 || $0.value == 0x7f || "<>\"\\^`{}|".unicodeScalars.contains($0)
      })
    else { throw Misuse("url \(describe(.string(text))) has a character in its host that may not be there") }
    guard port.isEmpty || (port.first == ":" && UInt16(port.dropFirst()) != nil) else {
      throw Misuse("url \(describe(.string(text))) has no valid port (1 to 65535)")
    }
    return String(name)
  }
}
