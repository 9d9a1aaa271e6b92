import Files
import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// What failures of connections are called in words that a person understands.
public enum NetworkWords {
  /// Why a connection could not be made.
  public static func reason(_ error: NIOConnectionError) -> String {
    guard let failed = error.connectionErrors.first else { return "the name \(error.host) is not known" }
    switch failed.error {
    case let error as IOError: return SystemFailure(code: error.errnoCode).reason
    case is ChannelError: return "no answer in time"
    case let error as NIOSSLError: return tlsReason(error)
    default: return "\(failed.error)"
    }
  }

  /// Whether a server's certificate was seen, and is not one to trust.
  static func isDistrust(_ error: any Error) -> Bool {
    guard case NIOSSLError.handshakeFailed(let cause) = error else { return false }
    return "\(cause)".contains("CERTIFICATE_VERIFY_FAILED")
  }

  /// Why a connection could not be made safe.
  public static func tlsReason(_ error: any Error) -> String {
    switch error {
    case let error where isDistrust(error):
      "its certificate is not one that this machine trusts: its authority is not known here, or it has expired"
    case NIOSSLError.handshakeFailed(let cause): handshakeReason("\(cause)")
    case let error as BoringSSLError: handshakeReason("\(error)")
    case NIOSSLError.noSuchFilesystemObject: "SSL_CERT_FILE names a file that is not there"
    case let error as NIOSSLExtraError where error == .failedToValidateHostname:
      "its certificate is for another name"
    default: "\(error)"
    }
  }

  /// What the library says of a handshake, without the places in its own sources.
  private static func handshakeReason(_ text: String) -> String {
    // `... error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER at /...`
    let mark = ":OPENSSL_internal:"
    guard let reason = text.split(separator: mark).dropFirst().first?.prefix(while: { $0 != " " }) else {
      return "the handshake failed"
    }
    return switch reason {
    case "WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST":
      "what answers there does not speak TLS"
    default: "the handshake failed (\(reason.lowercased().replacing("_", with: " ")))"
    }
  }
}
