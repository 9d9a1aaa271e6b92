import Glibc

/// The proxies that the environment names: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, in
/// small or in capital letters.
struct Proxies: Sendable, Equatable {
  /// One proxy: where it is and how it is spoken to.
  struct Proxy: Sendable, Hashable {
    enum Kind { case http, socks }
    var kind = Kind.http
    var host: String
    var port: Int
    /// `user:password`, or `nil`.
    var credentials: String?

    /// `host:port`, for addresses and messages.
    var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
  }

  private let plain: Proxy?
  private let secure: Proxy?
  private let exceptions: [String]

  init(environment: (String) -> String?) {
    func value(_ name: String) -> String? {
      let value = environment(name) ?? environment(name.uppercased())
      return value.flatMap { $0.isEmpty ? nil : $0 }
    }
    let all = value("all_proxy")
    plain = (value("http_proxy") ?? all).flatMap(Self.parse)
    secure = (value("https_proxy") ?? all).flatMap(Self.parse)
    exceptions = (value("no_proxy") ?? "").split { $0 == "," || $0 == " " }.map { $0.lowercased() }
  }

  /// The proxy for requests to this address, or `nil` where there is none.
  func proxy(for address: HTTPAddress) -> Proxy? {
    guard let proxy = address.isSecure ? secure : plain else { return nil }
    return isExcepted(address) ? nil : proxy
  }

  /// `*`, a host, a domain (`example.com` or `.example.com` for all below it), either with a port.
  private func isExcepted(_ address: HTTPAddress) -> Bool {
    let host = address.host.lowercased()
    let authority = address.authority.lowercased()
    return exceptions.contains { exception in
      if exception == "*" { return true }
      let name = exception.hasPrefix("*.") ? exception.dropFirst(1) : exception[...]
      let domain = name.hasPrefix(".") ? name.dropFirst() : name
      return [host, authority].contains { $0 == domain || $0.hasSuffix("." + domain) }
    }
  }

  /// `http://user:password@host:port`, `socks5://host:port`, or `host:port` alone.
  private static func parse(_ text: String) -> Proxy? {
    let separator = text.firstRange(of: "://")
    let scheme = separator.map { text[..<$0.lowerBound].lowercased() } ?? "http"
    let rest = separator.map { text[$0.upperBound...] } ?? text[...]
    let isSocks = scheme.hasPrefix("socks")
    guard let address = try? HTTPAddress("http://" + rest) else { return nil }
    // A port that is not written is the proxy's own, not that of pages.
    let isWritten = address.authority.hasSuffix(":\(address.port)")
    return Proxy(
      kind: isSocks ? .socks : .http, host: address.host, port: isSocks && !isWritten ? 1080 : address.port,
      credentials: address.credentials)
  }
}
