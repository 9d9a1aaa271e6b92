/// The address of a request: checked, with what may not stand in one escaped, and credentials taken out.
public struct HTTPAddress: Sendable, Equatable {
  /// Why a text is no address of a page, in words that quote it.
  public struct Problem: Error, Equatable {
    public let text: String
  }

  /// The absolute URL, without credentials and fragment.
  public private(set) var url: String
  public let isSecure: Bool
  /// The host's name alone, as proxies and messages want it.
  public let host: String
  /// As written, else the scheme's own.
  public let port: Int
  /// `host:port` as written, for messages.
  public let authority: String
  /// `user:password` from the URL, escapes undone.
  public let credentials: String?

  /// Where the path begins in ``url``.
  private var pathStart: String.Index { url.index(url.startIndex, offsetBy: origin.count) }

  /// `http://host:port`: the URL without path and query.
  public var origin: String { "\(isSecure ? "https" : "http")://\(authority)" }
  /// Path and query, beginning with `/`.
  public var path: String { String(url[pathStart...]) }

  /// - Throws: A text that says what is wrong with the URL.
  public init(_ text: String, query: [(String, String)] = []) throws(Problem) {
    guard let separator = text.firstRange(of: "://") else {
      throw Problem(text: "url \(Self.shown(text)) does not begin with http:// or https://")
    }
    let scheme = text[..<separator.lowerBound].lowercased()
    guard scheme == "http" || scheme == "https" else {
      throw Problem(text: "url \(Self.shown(text)) does not begin with http:// or https://")
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
    let (host, port) = try Self.parts(of: authority, text)
    self.host = host
    self.port = port ?? (isSecure ? 443 : 80)
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

  /// Where a redirect from here leads: `location` may be a whole URL, or any part of one (RFC 3986, 5.2).
  public func following(_ location: String) throws(Problem) -> HTTPAddress {
    if let colon = location.firstIndex(of: ":"), location[..<colon].allSatisfy({ $0.isLetter }) {
      return try HTTPAddress(location)
    }
    let scheme = isSecure ? "https:" : "http:"
    if location.hasPrefix("//") { return try HTTPAddress(scheme + location) }
    let reference = location.prefix { $0 != "#" }
    let ownPath = path.prefix { $0 != "?" }
    if reference.isEmpty { return try HTTPAddress(url) }
    if reference.hasPrefix("?") { return try HTTPAddress(origin + String(ownPath) + reference) }
    let target = reference.prefix { $0 != "?" }
    let query = reference[target.endIndex...]
    let folder = ownPath[...(ownPath.lastIndex(of: "/") ?? ownPath.startIndex)]
    let whole = target.hasPrefix("/") ? String(target) : String(folder) + target
    return try HTTPAddress(origin + Self.withoutDots(whole) + query)
  }

  /// A path with its `.` and `..` followed.
  private static func withoutDots(_ path: String) -> String {
    var parts: [Substring] = []
    let given = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    for part in given where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    if given.last == "." || given.last == ".." { parts.append("") }
    return "/" + parts.joined(separator: "/")
  }

  private static func parts(
    of authority: Substring, _ text: String
  ) throws(Problem) -> (host: String, port: Int?) {
    var name = authority
    var port: Substring = ""
    if authority.hasPrefix("["), let close = authority.firstIndex(of: "]") {
      name = authority[authority.index(after: authority.startIndex)..<close]
      port = authority[authority.index(after: close)...]
    } else if let colon = authority.firstIndex(of: ":") {
      name = authority[..<colon]
      port = authority[colon...]
    }
    guard !name.isEmpty else { throw Problem(text: "url \(shown(text)) has no host") }
    guard
      !name.unicodeScalars.contains(where: {
        $0.value <= 0x20 || $0.value == 0x7f || "<>\"\\^`{}|".unicodeScalars.contains($0)
      })
    else { throw Problem(text: "url \(shown(text)) has a character in its host that may not be there") }
    guard port.isEmpty || (port.first == ":" && UInt16(port.dropFirst()) != nil) else {
      throw Problem(text: "url \(shown(text)) has no valid port (1 to 65535)")
    }
    return (String(name), Int(port.dropFirst()))
  }

  /// A short text as it is; of a long one, its length: a token may stand in it.
  private static func shown(_ text: String) -> String {
    text.utf8.count <= 60 ? "\"\(text)\"" : "a string of \(text.utf8.count) bytes"
  }
}
