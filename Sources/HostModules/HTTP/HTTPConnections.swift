import AsyncHTTPClient
import Glibc
import NIOCore
import NIOSSL
import Synchronization

/// The HTTP connections of this process: kept open and used again, by all jobs.
///
/// One client for each proxy, as the client knows only one; they are made when first used, and never shut
/// down, as they live as long as the process.
enum HTTPConnections {
  private static let clients = Mutex<[Proxies.Proxy?: HTTPClient]>([:])
  private static let proxies = Proxies { name in getenv(name).map { String(cString: $0) } }

  /// The client for requests to this address.
  static func client(for address: HTTPAddress) -> HTTPClient { client(through: proxies.proxy(for: address)) }

  /// The client for requests through this proxy, or for direct ones.
  static func client(through proxy: Proxies.Proxy?) -> HTTPClient {
    clients.withLock { clients in
      if let client = clients[proxy] { return client }
      let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration(proxy))
      clients[proxy] = client
      return client
    }
  }

  private static func configuration(_ proxy: Proxies.Proxy?) -> HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .follow(max: 10, allowCycles: true), decompression: .enabled(limit: .none))
    configuration.timeout.connect = .seconds(30)
    // A refused connection is the script's business at once; it says itself how often to try again.
    configuration.connectionPool.retryConnectionEstablishment = false
    // The default of 8 would make the ninth job that waits for one slow host fail.
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
    configuration.proxy = proxy.map(clientProxy)
    // As curl, git and OpenSSL's own tools: certificates of one's own authority.
    if let file = getenv("SSL_CERT_FILE").map({ String(cString: $0) }), !file.isEmpty {
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .file(file)
      configuration.tlsConfiguration = tls
    }
    return configuration
  }

  private static func clientProxy(_ proxy: Proxies.Proxy) -> HTTPClient.Configuration.Proxy {
    switch proxy.kind {
    case .socks: return .socksServer(host: proxy.host, port: proxy.port)
    case .http:
      let authorization = proxy.credentials.map { credentials in
        let parts = credentials.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return HTTPClient.Authorization.basic(
          username: String(parts[0]), password: parts.count > 1 ? String(parts[1]) : "")
      }
      return .server(host: proxy.host, port: proxy.port, authorization: authorization)
    }
  }
}
