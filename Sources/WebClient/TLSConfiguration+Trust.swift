import Glibc
import NIOSSL

extension TLSConfiguration {
  /// That of a client which trusts what this machine trusts: as curl, git and OpenSSL's own tools do, the
  /// certificates in the file that `SSL_CERT_FILE` names, else the system's.
  public static func systemClient() -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    if let file = getenv("SSL_CERT_FILE").map({ String(cString: $0) }), !file.isEmpty {
      configuration.trustRoots = .file(file)
    }
    return configuration
  }

  /// That of a client which trusts the certificates in this file, and no others.
  public static func trusting(_ file: String) throws(HTTPTrouble) -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    do {
      let certificates = try NIOSSLCertificate.fromPEMFile(file)
      guard !certificates.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
      configuration.trustRoots = .certificates(certificates)
    } catch {
      throw HTTPTrouble("\(file) cannot be read as certificates (PEM)")
    }
    return configuration
  }
}
