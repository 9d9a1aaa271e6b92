import NIOCore
import NIOPosix
import NIOSSL

/// The safe entrance of a ``LoopbackServer``: takes TLS on a port of its own, and hands on what is in it.
package final class TLSFront: Sendable {
  package let port: Int
  private let channel: any Channel

  package var url: String { "https://localhost:\(port)" }

  package init(_ server: LoopbackServer, _ certificate: TestAuthority.Certificate) async throws {
    let configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMFile(certificate.certificate).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: certificate.key, format: .pem)))
    let context = try NIOSSLContext(configuration: configuration)
    let target = Int(server.port)
    channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { near in
        near.eventLoop.makeCompletedFuture {
          try near.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
          try near.pipeline.syncOperations.addHandler(Joint(target: target))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  package func stop() { channel.close(promise: nil) }
}

/// Carries bytes from one channel into another; the near one opens the far one with its first bytes.
private final class Joint: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let target: Int
  private var far: EventLoopFuture<any Channel>?

  init(target: Int) { self.target = target }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    let near = context.channel
    let far =
      self.far
      ?? ClientBootstrap(group: context.eventLoop).channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(WayBack(to: near))
        }
      }.connect(host: "127.0.0.1", port: target)
    self.far = far
    far.whenSuccess { $0.writeAndFlush(bytes, promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) { far?.whenSuccess { $0.close(promise: nil) } }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

private final class WayBack: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let near: any Channel

  init(to near: any Channel) { self.near = near }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    near.writeAndFlush(unwrapInboundIn(data), promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { near.close(promise: nil) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
