import AsyncHTTPClient
import Files
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A failed exchange with a server, in words that a person understands.
///
/// Addresses are told without path and query, as tokens may stand in those.
public struct HTTPTrouble: Error, Equatable, Sendable, CustomStringConvertible {
  public let description: String
  /// The server cannot have seen the request: it can be made again, whatever it does.
  public let isUnsent: Bool

  public init(_ description: String, isUnsent: Bool = false) {
    self.description = description
    self.isUnsent = isUnsent
  }

  public static func cancelled(_ address: HTTPAddress) -> HTTPTrouble {
    HTTPTrouble("the request to \(address.authority) was cancelled")
  }

  /// What `error` means for a request to `address`, which went through `proxy` if there is one.
  public init(explaining error: any Error, _ address: HTTPAddress) {
    self.init(explaining: error, address, proxy: nil)
  }

  init(explaining error: any Error, _ address: HTTPAddress, proxy: Proxies.Proxy?) {
    let place = address.authority
    // What cannot be connected to is the proxy, where there is one.
    let peer = proxy.map { "the proxy \($0.authority) on the way to \(place)" } ?? place
    switch error {
    case let error as HTTPTrouble: self = error
    case let error as NIOConnectionError:
      self.init("cannot connect to \(peer): \(NetworkWords.reason(error))", isUnsent: true)
    case let error as IOError where Self.unreachable.contains(error.errnoCode):
      // The others may befall a connection that has carried the request too.
      self.init(
        "cannot connect to \(peer): \(SystemFailure(code: error.errnoCode).reason)",
        isUnsent: error.errnoCode == ECONNREFUSED)
    case let error as IOError:
      self.init("the connection to \(place) broke: \(SystemFailure(code: error.errnoCode).reason)")
    case let error as HTTPParserError where error != .invalidEOFState:
      self.init("\(place) does not answer as a web server: \(error)")
    case let error where Self.isClosedConnection(error):
      self.init("\(place) closed the connection before its answer was complete")
    case is CancellationError: self = .cancelled(address)
    case let error as HTTPClientError where error == .cancelled: self = .cancelled(address)
    case let error as HTTPClientError: self = Self.explain(error, place, peer)
    // Nothing is sent before the handshake is done, and after it there are hardly such errors.
    case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
      self.init("no safe connection to \(place): \(NetworkWords.tlsReason(error))", isUnsent: true)
    default: self.init("the exchange with \(place) failed: \(error)")
    }
  }

  /// Whether the other side closed the connection, be it before or amid its answer.
  static func isClosedConnection(_ error: any Error) -> Bool {
    switch error {
    case let error as HTTPClientError: error == .remoteConnectionClosed
    case let error as HTTPParserError: error == .invalidEOFState
    case is ChannelError, NIOSSLError.uncleanShutdown: true
    case let error as IOError: error.errnoCode == ECONNRESET || error.errnoCode == EPIPE
    default: false
    }
  }

  /// What a connection that never came to be fails with.
  private static let unreachable = [
    ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, ENETDOWN, EHOSTDOWN, EADDRNOTAVAIL,
  ]

  private static func explain(_ error: HTTPClientError, _ place: String, _ peer: String) -> HTTPTrouble {
    switch error {
    case .connectTimeout, .getConnectionFromPoolTimeout:
      HTTPTrouble("cannot connect to \(peer): no answer in time", isUnsent: true)
    case .tlsHandshakeTimeout:
      HTTPTrouble("no safe connection to \(place): no answer in time", isUnsent: true)
    case .proxyAuthenticationRequired:
      HTTPTrouble("the proxy on the way to \(place) wants a password", isUnsent: true)
    case .invalidProxyResponse, .httpProxyHandshakeTimeout, .socksHandshakeTimeout:
      HTTPTrouble("\(peer) does not answer as one that lets the request through", isUnsent: true)
    default: HTTPTrouble("the exchange with \(place) failed: \(error.shortDescription)")
    }
  }
}
