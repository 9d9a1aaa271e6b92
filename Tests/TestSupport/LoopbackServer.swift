import Dispatch
import Glibc
import Synchronization

/// A real HTTP server on a port of its own of 127.0.0.1, which says byte for byte what a test wants.
///
/// Each connection has a thread. The handler may send anything: half an answer, none, a lie.
package final class LoopbackServer: Sendable {
  package struct Request: Sendable {
    package var method: String
    /// Path and query as they came.
    package var target: String
    /// By name in lower case.
    package var headers: [String: String]
    package var body: [UInt8]

    package var text: String { String(decoding: body, as: UTF8.self) }
  }

  /// The server's end of a connection.
  package struct Connection: Sendable {
    fileprivate let socket: Int32

    package func send(_ bytes: [UInt8]) {
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if count <= 0 { return }
        rest = rest.dropFirst(count)
      }
    }

    package func send(_ text: String) { send(Array(text.utf8)) }

    /// A whole answer with its length.
    package func answer(_ body: [UInt8], status: String = "200 OK", headers: [String] = []) {
      let head = ["HTTP/1.1 \(status)", "Content-Length: \(body.count)"] + headers
      send(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
    }

    package func answer(_ body: String, status: String = "200 OK", headers: [String] = []) {
      answer(Array(body.utf8), status: status, headers: headers)
    }

    package func close() { shutdown(socket, Int32(SHUT_RDWR)) }

    /// Waits until the other side has closed; false if it has not within this time.
    package func waitForClose(seconds: Double) -> Bool {
      var wait = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      return poll(&wait, 1, Int32(seconds * 1000)) > 0
    }
  }

  package let port: UInt16
  private let listener: Int32
  private let seen = Mutex<(connections: Int, requests: [Request])>((0, []))

  package var url: String { "http://127.0.0.1:\(port)" }
  package var connections: Int { seen.withLock { $0.connections } }
  package var requests: [Request] { seen.withLock { $0.requests } }

  /// - Parameter handle: Called with each request, on its connection's thread.
  package init(_ handle: @escaping @Sendable (Request, Connection) -> Void) {
    let (listener, port) = Self.listen()
    self.listener = listener
    self.port = port
    Thread.start { [self] in
      while true {
        let socket = accept(listener, nil, nil)
        guard socket >= 0 else { return }
        seen.withLock { $0.connections += 1 }
        Thread.start { [self] in serve(Connection(socket: socket), handle) }
      }
    }
  }

  /// Ends the server; connections that are open stay so until their handler is done.
  package func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  /// A port of 127.0.0.1 at which nobody listens.
  package static func closedPort() -> UInt16 {
    let (listener, port) = listen()
    close(listener)
    return port
  }

  private static func listen() -> (Int32, UInt16) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let port: UInt16 = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        precondition(bind(listener, address, length) == 0 && Glibc.listen(listener, 64) == 0, "cannot listen")
        getsockname(listener, address, &length)
      }
      return UInt16(bigEndian: pointer.pointee.sin_port)
    }
    return (listener, port)
  }

  private func serve(_ connection: Connection, _ handle: (Request, Connection) -> Void) {
    var buffer: [UInt8] = []
    while let request = Self.read(from: connection.socket, &buffer) {
      seen.withLock { $0.requests.append(request) }
      handle(request, connection)
    }
    close(connection.socket)
  }

  private static func read(from socket: Int32, _ buffer: inout [UInt8]) -> Request? {
    var end: Int?
    while true {
      end = buffer.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound
      if end != nil { break }
      guard fill(&buffer, from: socket) else { return nil }
    }
    guard let end else { return nil }
    let lines = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\r\n").map(String.init)
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
      if parts.count == 2 { headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " }) }
    }
    buffer.removeSubrange(..<end)
    let length = headers["content-length"].flatMap { Int($0) } ?? 0
    while buffer.count < length {
      guard fill(&buffer, from: socket) else { return nil }
    }
    let body = Array(buffer[..<length])
    buffer.removeSubrange(..<length)
    let words = (lines.first ?? "").split(separator: " ").map(String.init)
    guard words.count == 3 else { return nil }
    return Request(method: words[0], target: words[1], headers: headers, body: body)
  }

  private static func fill(_ buffer: inout [UInt8], from socket: Int32) -> Bool {
    var piece = [UInt8](repeating: 0, count: 65_536)
    let count = recv(socket, &piece, piece.count, 0)
    guard count > 0 else { return false }
    buffer.append(contentsOf: piece[..<count])
    return true
  }
}

/// A thread that may block, which neither Dispatch nor Swift's own pool would thank us for.
enum Thread {
  static func start(_ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(Box(body))
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, box.toOpaque())
    precondition(result == 0, "cannot start a thread")
    pthread_detach(thread)
  }

  private final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}
