import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import WebClient

/// A connection to a mail server: lines go out, replies come in.
final class SMTPConnection: Sendable {
  private let channel: any Channel
  private let replies: NIOLoopBound<SMTPReplies>
  private let server: MailServer

  private init(_ channel: any Channel, _ replies: NIOLoopBound<SMTPReplies>, _ server: MailServer) {
    self.channel = channel
    self.replies = replies
    self.server = server
  }

  /// - Parameter connectTimeout: In seconds.
  static func open(_ server: MailServer, connectTimeout: Double) async throws -> SMTPConnection {
    let safety = server.startsSafe ? try tlsContext(server) : nil
    // A name may have several addresses, each tried by a channel of its own. Asked later, a channel that has
    // failed meanwhile would no longer know its handlers, and so not the reason.
    let handlers = Mutex<[ObjectIdentifier: NIOLoopBound<SMTPReplies>]>([:])
    let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connectTimeout(.milliseconds(Int64(connectTimeout * 1000)))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let safety { try pipeline.addHandler(try tlsHandler(safety, server)) }
          let replies = SMTPReplies()
          try pipeline.addHandler(replies)
          let bound = NIOLoopBound(replies, eventLoop: channel.eventLoop)
          handlers.withLock { $0[ObjectIdentifier(channel)] = bound }
        }
      }
      .connect(host: server.host, port: server.port).get()
    guard let replies = handlers.withLock({ $0[ObjectIdentifier(channel)] }) else { throw ChannelError.eof }
    return SMTPConnection(channel, replies, server)
  }

  /// The next reply.
  func reply() async throws -> SMTPReply {
    try await channel.eventLoop.flatSubmit { [replies, channel] in replies.value.next(on: channel.eventLoop) }
      .get()
  }

  /// Sends these bytes. What goes wrong is told by the next ``reply()``, which knows the cause.
  func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

  /// Sends a command, and returns the reply to it.
  func ask(_ command: String) async throws -> SMTPReply {
    send(Array((command + "\r\n").utf8))
    return try await reply()
  }

  /// Goes on safely, after the server has said that it is ready to.
  func startTLS() async throws {
    let safety = try Self.tlsContext(server)
    try await channel.eventLoop.submit { [replies, channel, server] in
      // What was sent before the connection was safe, somebody else may have put there.
      guard replies.value.isQuiet else { throw SMTPReplyReader.Malformed(line: "more after STARTTLS") }
      try channel.pipeline.syncOperations.addHandler(try Self.tlsHandler(safety, server), position: .first)
    }.get()
  }

  /// From any thread; whoever waits for a reply is told.
  func close() { channel.close(promise: nil) }

  private static func tlsContext(_ server: MailServer) throws -> NIOSSLContext {
    let configuration =
      if let file = server.authorityFile { try TLSConfiguration.trusting(file) } else {
        TLSConfiguration.systemClient()
      }
    return try NIOSSLContext(configuration: configuration)
  }

  private static func tlsHandler(_ context: NIOSSLContext, _ server: MailServer) throws -> NIOSSLClientHandler
  {
    // An address instead of a name is compared with the addresses in the certificate.
    let isAddress = (try? SocketAddress(ipAddress: server.host, port: 0)) != nil
    return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : server.host)
  }
}

/// Keeps what the server has said until somebody asks for it.
private final class SMTPReplies: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private var reader = SMTPReplyReader()
  private var ready: [SMTPReply] = []
  private var waiting: EventLoopPromise<SMTPReply>?
  private var failure: (any Error)?

  /// Nothing has come that nobody has asked for.
  var isQuiet: Bool { ready.isEmpty && reader.isEmpty && failure == nil }

  func next(on loop: any EventLoop) -> EventLoopFuture<SMTPReply> {
    if !ready.isEmpty { return loop.makeSucceededFuture(ready.removeFirst()) }
    if let failure { return loop.makeFailedFuture(failure) }
    let promise = loop.makePromise(of: SMTPReply.self)
    waiting = promise
    return promise.futureResult
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    do {
      ready += try reader.take(unwrapInboundIn(data).readableBytesView)
      if !ready.isEmpty, let promise = waiting {
        waiting = nil
        promise.succeed(ready.removeFirst())
      }
    } catch {
      fail(error)
      context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { fail(ChannelError.eof) }

  private func fail(_ error: any Error) {
    if failure == nil { failure = error }
    waiting?.fail(error)
    waiting = nil
  }
}
