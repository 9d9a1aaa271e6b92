import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A request to a web server, and how it is sent: through the proxy that the environment names, over a
/// connection that is kept, along redirects.
public struct HTTPRequest: Sendable {
  public var address: HTTPAddress
  public var method: String
  public var headers: HTTPHeaders
  /// Makes the body anew for each time that it is sent.
  public var body: (@Sendable () -> HTTPClientRequest.Body)?
  /// A file of certificates (PEM) to trust instead of the system's.
  public var authorityFile: String?
  /// Why a redirect may not be followed to this address; `nil` if it may.
  public var objection: (@Sendable (HTTPAddress) -> String?)?

  /// How many redirects are followed.
  static let redirectLimit = 10

  public init(
    _ address: HTTPAddress, method: String = "GET", headers: HTTPHeaders = [:],
    body: (@Sendable () -> HTTPClientRequest.Body)? = nil, authorityFile: String? = nil
  ) {
    self.address = address
    self.method = method
    self.headers = headers
    self.body = body
    self.authorityFile = authorityFile
    if let credentials = address.credentials, !headers.contains(name: "authorization") {
      self.headers.add(
        name: "Authorization", value: HTTPClient.Authorization(credentials: credentials).headerValue)
    }
  }

  /// Sends the request, and returns when the head of the answer is there; its body is still to be read.
  ///
  /// Redirects are followed, each through the proxy of its own address. One that leads to another server is
  /// not given what was meant for the first: `Authorization`, `Cookie`. It ends early when its task is
  /// cancelled, and has no time limit of its own but 30 s to connect.
  ///
  /// - Returns: The answer, and the address that it came from.
  public func send() async throws(HTTPTrouble) -> (response: HTTPClientResponse, address: HTTPAddress) {
    try await send(through: HTTPConnections.proxies)
  }

  /// Waits until each connection has dealt with what it was handed so far.
  ///
  /// The client hands a body's chunks to their connection as fast as they come, and hears only when that
  /// has had its turn that it is full. Whoever makes a large body awaits this between two chunks; else tens
  /// of megabytes gather.
  public static func letChunksGo() async throws {
    for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() { try await loop.submit {}.get() }
  }

  func send(
    through proxies: Proxies
  ) async throws(HTTPTrouble) -> (response: HTTPClientResponse, address: HTTPAddress) {
    var request = self
    for _ in 0...Self.redirectLimit {
      let response = try await request.sendOnce(proxies)
      guard let next = try request.redirected(by: response) else { return (response, request.address) }
      await response.discard()
      request = next
    }
    throw HTTPTrouble("\(request.address.authority) redirects without end")
  }

  private func sendOnce(_ proxies: Proxies) async throws(HTTPTrouble) -> HTTPClientResponse {
    let route = HTTPConnections.route(to: address, proxies: proxies)
    let request = try clientRequest(route)
    let client = HTTPConnections.client(route)
    do {
      do {
        return try await client.execute(request, deadline: .distantFuture)
      } catch let error where isRepeatable && HTTPTrouble.isClosedConnection(error) {
        // A connection kept open from an earlier request may be closed by the server at the very moment
        // when it is used again.
        return try await client.execute(request, deadline: .distantFuture)
      }
    } catch {
      if route == .direct, NetworkWords.isDistrust(error),
        let objection = await CertificateLook.objection(to: address)
      {
        throw HTTPTrouble("no safe connection to \(address.authority): \(objection)", isUnsent: true)
      }
      throw HTTPTrouble(explaining: error, address, proxy: route.proxy)
    }
  }

  private func clientRequest(_ route: HTTPConnections.Route) throws(HTTPTrouble) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: address.url)
    request.method = HTTPMethod(rawValue: method)
    request.headers = headers
    if case .forward(let proxy) = route {
      request.url = "http://\(proxy.authority)\(address.path)"
      if !headers.contains(name: "host") { request.headers.add(name: "Host", value: address.authority) }
      if let credentials = proxy.credentials {
        request.headers.replaceOrAdd(
          name: "Proxy-Authorization",
          value: HTTPClient.Authorization(credentials: credentials).headerValue)
      }
    }
    request.body = body?()
    if let authorityFile, address.isSecure {
      request.tlsConfiguration = try TLSConfiguration.trusting(authorityFile)
    }
    return request
  }

  private var isRepeatable: Bool { method == "GET" || method == "HEAD" }

  /// The request to make next where the answer is a redirect (RFC 9110, 15.4).
  private func redirected(by response: HTTPClientResponse) throws(HTTPTrouble) -> HTTPRequest? {
    guard [301, 302, 303, 307, 308].contains(response.status.code),
      let location = response.headers.first(name: "location")
    else { return nil }
    var next = self
    do throws(HTTPAddress.Problem) {
      next.address = try address.following(location)
    } catch {
      throw HTTPTrouble("\(address.authority) redirects to where no request can go: \(error.text)")
    }
    if let objection = objection?(next.address) {
      throw HTTPTrouble("\(address.authority) redirects to \(next.address.authority): \(objection)")
    }
    if next.address.origin != address.origin {
      for name in ["Authorization", "Cookie", "Proxy-Authorization", "Host"] {
        next.headers.remove(name: name)
      }
    }
    let becomesGet =
      response.status.code == 303 ? method != "HEAD" : response.status.code < 303 && method == "POST"
    if becomesGet {
      next.method = "GET"
      next.body = nil
      for name in ["Content-Type", "Content-Length", "Transfer-Encoding"] { next.headers.remove(name: name) }
    }
    return next
  }
}

extension HTTPClientResponse {
  /// Reads what is left of a short body, so that the connection can be used again.
  fileprivate func discard() async {
    var size = 0
    do {
      for try await buffer in body {
        size += buffer.readableBytes
        if size > 64 << 10 { return }
      }
    } catch {
      // Nobody wants this body; that it is broken will show where the next request goes.
    }
  }
}
