import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import NIOSSL

/// What a failed exchange is called in words that a person understands.
enum HTTPTrouble {
  /// Addresses are told without path and query, as tokens may stand in those.
  static func explain(_ error: any Error, _ address: HTTPAddress) -> Trouble {
    let place = address.authority
    switch error {
    case let error as NIOConnectionError: return Trouble("cannot connect to \(place): \(reason(error))")
    case let error as IOError:
      let failure =
        unreachable.contains(error.errnoCode)
        ? "cannot connect to \(place)" : "the connection to \(place) broke"
      return Trouble("\(failure): \(Trouble.reason(error.errnoCode))")
    case let error as HTTPParserError where error != .invalidEOFState:
      return Trouble("\(place) does not answer as a web server: \(error)")
    case let error where isClosedConnection(error):
      return Trouble("\(place) closed the connection before its answer was complete")
    case is CancellationError: return cancelled(address)
    case let error as HTTPClientError where error == .cancelled: return cancelled(address)
    case let error as HTTPClientError: return Trouble(reason(error, place))
    case let error as NIOSSLError:
      return Trouble("no safe connection to \(place): \(reason(error))")
    case let error as NIOSSLExtraError:
      let isOtherName = error == .failedToValidateHostname
      return Trouble(
        "no safe connection to \(place): \(isOtherName ? "its certificate is for another name" : "\(error)")")
    case is NIOHTTPDecompression.DecompressionError, is NIOHTTPDecompression.ExtraDecompressionError:
      return Trouble("the answer from \(place) is damaged: its compressed body cannot be read")
    default: return Trouble("the exchange with \(place) failed: \(error)")
    }
  }

  static func cancelled(_ address: HTTPAddress) -> Trouble {
    Trouble("the request to \(address.authority) was cancelled")
  }

  /// Whether the other side closed the connection, be it before or amid its answer.
  static func isClosedConnection(_ error: any Error) -> Bool {
    switch error {
    case let error as HTTPClientError: error == .remoteConnectionClosed
    case let error as HTTPParserError: error == .invalidEOFState
    case is ChannelError: true
    case let error as IOError: error.errnoCode == ECONNRESET || error.errnoCode == EPIPE
    default: false
    }
  }

  /// What a connection that never came to be fails with.
  private static let unreachable = [
    ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, ENETDOWN, EHOSTDOWN, EADDRNOTAVAIL,
  ]

  private static func reason(_ error: NIOConnectionError) -> String {
    if let failed = error.connectionErrors.first {
      switch failed.error {
      case let error as IOError: return Trouble.reason(error.errnoCode)
      case is ChannelError: return "no answer in time"
      case let error as NIOSSLError: return reason(error)
      default: return "\(failed.error)"
      }
    }
    return "the name \(error.host) is not known"
  }

  private static func reason(_ error: NIOSSLError) -> String {
    switch error {
    case .handshakeFailed(let cause):
      "\(cause)".contains("CERTIFICATE_VERIFY_FAILED")
        ? "its certificate is not one that this machine trusts" : "\(cause)"
    case .noSuchFilesystemObject: "SSL_CERT_FILE names a file that is not there"
    default: "\(error)"
    }
  }

  private static func reason(_ error: HTTPClientError, _ place: String) -> String {
    switch error {
    case .connectTimeout, .getConnectionFromPoolTimeout: "cannot connect to \(place): no answer in time"
    case .tlsHandshakeTimeout: "no safe connection to \(place): no answer in time"
    case .redirectLimitReached: "\(place) redirects without end"
    case .proxyAuthenticationRequired: "the proxy on the way to \(place) wants a password"
    case .invalidProxyResponse, .httpProxyHandshakeTimeout, .socksHandshakeTimeout:
      "the proxy on the way to \(place) does not answer as one"
    default: "the exchange with \(place) failed: \(error.shortDescription)"
    }
  }
}
