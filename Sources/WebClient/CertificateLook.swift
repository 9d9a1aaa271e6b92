import NIOCore
import NIOPosix
import NIOSSL
import Scheduling

/// A look at the certificate of a server that could not be trusted, to say why.
///
/// The failed handshake itself does not tell. The look is a handshake too, which ends with the certificate.
enum CertificateLook {
  /// What is wrong with the dates of the server's certificate; `nil` where they are in order or cannot be
  /// seen within 5 s.
  static func objection(to address: HTTPAddress) async -> String? {
    guard let certificate = try? await certificate(of: address) else { return nil }
    let now = WallClock.now()
    let from = Instant(microseconds: Int64(certificate.notValidBefore) * 1_000_000)
    let until = Instant(microseconds: Int64(certificate.notValidAfter) * 1_000_000)
    if now > until { return "its certificate expired on \(day(until))" }
    if now < from {
      return "its certificate is valid from \(day(from)) on, and this machine's date is \(day(now))"
    }
    return nil
  }

  private static func day(_ instant: Instant) -> Substring { instant.description.prefix(10) }

  private static func certificate(of address: HTTPAddress) async throws -> NIOSSLCertificate {
    let loop = MultiThreadedEventLoopGroup.singleton.any()
    let seen = loop.makePromise(of: NIOSSLCertificate.self)
    loop.scheduleTask(in: .seconds(5)) { seen.fail(ChannelError.connectTimeout(.seconds(5))) }
    let context = try NIOSSLContext(configuration: .makeClientConfiguration())
    let isNumber = (try? SocketAddress(ipAddress: address.host, port: 0)) != nil
    let channel = ClientBootstrap(group: loop).connectTimeout(.seconds(5)).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        let handler = try NIOSSLClientHandler(
          context: context, serverHostname: isNumber ? nil : address.host,
          customVerificationCallback: { chain, verdict in
            if let first = chain.first { seen.succeed(first) } else { seen.fail(ChannelError.eof) }
            verdict.succeed(.failed)
          })
        try channel.pipeline.syncOperations.addHandler(handler)
      }
    }.connect(host: address.host, port: address.port)
    channel.whenFailure { seen.fail($0) }
    defer { channel.whenSuccess { $0.close(promise: nil) } }
    return try await seen.futureResult.get()
  }
}
