import Foundation

/// An authority for certificates that nobody else trusts, and certificates for servers of the test's own.
package final class TestAuthority: Sendable {
  package struct Certificate: Sendable {
    /// Paths of PEM files.
    package let certificate: String
    package let key: String
  }

  package struct Failure: Error {
    package let text: String
  }

  private let folder: String

  /// The authority's own certificate, a PEM file.
  package var file: String { folder + "/authority.pem" }

  package init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/authority-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try openssl(
      ["req", "-x509", "-days", "30", "-subj", "/CN=Test Authority", "-out", file] + newKey("authority"))
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// A certificate for these names, as OpenSSL writes them.
  ///
  /// - Parameter days: How long it is valid from now on; with -1, until yesterday.
  package func certificate(
    names: String = "DNS:localhost,IP:127.0.0.1", days: Int = 30
  ) throws -> Certificate {
    let name = UUID().uuidString
    let (request, extensions) = ("\(folder)/\(name).csr", "\(folder)/\(name).ext")
    try openssl(["req", "-subj", "/CN=Test", "-out", request] + newKey(name))
    try "subjectAltName=\(names)\n".write(toFile: extensions, atomically: true, encoding: .utf8)
    let certificate = Certificate(certificate: "\(folder)/\(name).pem", key: "\(folder)/\(name).key")
    try openssl([
      "x509", "-req", "-in", request, "-CA", file, "-CAkey", "\(folder)/authority.key", "-set_serial",
      "\(Int.random(in: 1 ... .max))", "-days", "\(days)", "-extfile", extensions, "-out",
      certificate.certificate,
    ])
    return certificate
  }

  private func newKey(_ name: String) -> [String] {
    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(folder)/\(name).key"]
  }

  private func openssl(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(text: "openssl \(arguments[0]) failed") }
  }
}
