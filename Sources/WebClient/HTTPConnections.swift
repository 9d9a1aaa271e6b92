import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// The HTTP connections of this process: kept open and used again, by everything in it.
///
/// One client for each way out, as the client knows only one; they are made when first used, and never shut
/// down, as they live as long as the process.
enum HTTPConnections {
  /// How requests leave this machine.
  enum Route: Hashable {
    case direct
    /// Through a tunnel that the proxy makes.
    case tunnel(Proxies.Proxy)
    /// Handed to the proxy whole, with the absolute address in the first line. Many proxies make tunnels to
    /// port 443 only, so plain HTTP goes this way (RFC 9112, 3.2.2).
    case forward(Proxies.Proxy)

    /// The proxy, whichever way it is used.
    var proxy: Proxies.Proxy? {
      switch self {
      case .direct: nil
      case .tunnel(let proxy), .forward(let proxy): proxy
      }
    }
  }

  private static let clients = Mutex<[Route: HTTPClient]>([:])
  /// Those that the environment names.
  static let proxies = Proxies { name in getenv(name).map { String(cString: $0) } }

  /// How requests for this address go.
  static func route(to address: HTTPAddress, proxies: Proxies) -> Route {
    guard let proxy = proxies.proxy(for: address) else { return .direct }
    return proxy.kind == .http && !address.isSecure ? .forward(proxy) : .tunnel(proxy)
  }

  /// The client for requests that go this way.
  static func client(_ route: Route) -> HTTPClient {
    clients.withLock { clients in
      if let client = clients[route] { return client }
      let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration(route))
      clients[route] = client
      return client
    }
  }

  private static func configuration(_ route: Route) -> HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.timeout.connect = .seconds(30)
    // A refused connection is the caller's business at once; it says itself how often to try again.
    configuration.connectionPool.retryConnectionEstablishment = false
    // The default of 8 would make the ninth job that waits for one slow host fail.
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
    switch route {
    case .direct: break
    case .tunnel(let proxy): configuration.proxy = tunnel(proxy)
    case .forward:
      configuration.http1_1ConnectionDebugInitializer = { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
          try pipeline.addHandler(AbsoluteTargets(), position: .after(encoder))
        }
      }
    }
    configuration.tlsConfiguration = .systemClient()
    return configuration
  }

  private static func tunnel(_ proxy: Proxies.Proxy) -> HTTPClient.Configuration.Proxy {
    switch proxy.kind {
    case .socks: return .socksServer(host: proxy.host, port: proxy.port)
    case .http:
      return .server(
        host: proxy.host, port: proxy.port,
        authorization: proxy.credentials.map(HTTPClient.Authorization.init(credentials:)))
    }
  }
}

extension HTTPClient.Authorization {
  /// Of `user:password`.
  init(credentials: String) {
    let parts = credentials.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    self = .basic(username: String(parts[0]), password: parts.count > 1 ? String(parts[1]) : "")
  }
}

/// Writes the whole address into the first line of each request, as a proxy that forwards it needs it.
private final class AbsoluteTargets: ChannelOutboundHandler {
  typealias OutboundIn = HTTPClientRequestPart
  typealias OutboundOut = HTTPClientRequestPart

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    var part = unwrapOutboundIn(data)
    if case .head(var head) = part, let host = head.headers.first(name: "host") {
      head.uri = "http://\(host)\(head.uri)"
      part = .head(head)
    }
    context.write(wrapOutboundOut(part), promise: promise)
  }
}
