import CLinux
import Files
import Glibc
import Values

/// Listens on the control socket, a Unix socket that only the daemon's user can open.
final class ControlServer: LoopSource {
  let descriptor: Int32
  let wantsWrite = false
  private let loop: EventLoop
  private let path: String
  private let handle: (ControlRequest, ControlConnection) -> Void
  private var isClosed = false
  private var connections: [Int32: ControlConnection] = [:]
  /// Given up when there are no more descriptors, so that whoever asks what is wrong is heard.
  private var spare = ControlServer.spareDescriptor()

  /// - Parameter handle: answers a request by the connection's `reply` and `finish`, then or later.
  init(
    path: String, loop: EventLoop, handle: @escaping (ControlRequest, ControlConnection) -> Void
  ) throws(RunnerError) {
    self.path = path
    self.loop = loop
    self.handle = handle
    descriptor = socket(
      AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { throw RunnerError("cannot make the control socket: \(SystemFailure())") }
    unlink(path)
    let mask = umask(0o177)
    let bound = try withSocketAddress(path) { bind(descriptor, $0, $1) }
    umask(mask)
    guard bound == 0, listen(descriptor, 64) == 0 else {
      let reason = SystemFailure()
      Glibc.close(descriptor)
      throw RunnerError("cannot listen on \(path): \(reason)")
    }
    loop.add(self)
  }

  func becameReady(readable: Bool, writable: Bool) {
    while true {
      guard let accepted = accept() else { return }
      let connection = ControlConnection(descriptor: accepted, handle: handle) { [unowned self] connection in
        loop.remove(connection)
        connections[connection.descriptor] = nil
        Glibc.close(connection.descriptor)
        if spare < 0 { spare = Self.spareDescriptor() }
      }
      connections[accepted] = connection
      loop.add(connection)
    }
  }

  private func accept() -> Int32? {
    let accepted = clinux_accept(descriptor)
    if accepted >= 0 { return accepted }
    guard accepted == -EMFILE || accepted == -ENFILE else { return nil }
    if spare >= 0 {
      Glibc.close(spare)
      spare = -1
      return accept()
    }
    // Who waits would keep the loop turning: it is looked at again when there may be a descriptor.
    loop.remove(self)
    loop.after(milliseconds: 200) { [weak self] in
      guard let self, !isClosed else { return }
      loop.add(self)
    }
    return nil
  }

  private static func spareDescriptor() -> Int32 { open("/dev/null", O_RDONLY | O_CLOEXEC) }

  func close() {
    isClosed = true
    if spare >= 0 { Glibc.close(spare) }
    loop.remove(self)
    unlink(path)
    Glibc.close(descriptor)
    for connection in connections.values { connection.finish() }
  }
}

/// One client of the control socket.
final class ControlConnection: LoopSource {
  /// A request longer than this is refused.
  private static let longestRequest = 16 << 20

  let descriptor: Int32
  private let handle: (ControlRequest, ControlConnection) -> Void
  private let onClose: (ControlConnection) -> Void
  private var incoming: [UInt8] = []
  private var outgoing: ArraySlice<UInt8> = []
  private var asked = false
  private var finished = false
  private var closed = false

  init(
    descriptor: Int32, handle: @escaping (ControlRequest, ControlConnection) -> Void,
    onClose: @escaping (ControlConnection) -> Void
  ) {
    self.descriptor = descriptor
    self.handle = handle
    self.onClose = onClose
  }

  var wantsWrite: Bool { !outgoing.isEmpty }

  /// Sends a part of the answer.
  func reply(_ value: DataValue) { send(["reply": value]) }

  /// Says that all is said, and closes when it is sent.
  func finish(error: String? = nil) {
    send(error.map { ["failure": .string($0)] } ?? ["done": true])
    finished = true
    write()
  }

  private func send(_ line: DataValue) {
    guard !closed, !finished else { return }
    let text = (try? line.json()) ?? #"{"failure":"the answer has no form in JSON"}"#
    outgoing += Array(text.utf8) + [10]
    write()
  }

  func becameReady(readable: Bool, writable: Bool) {
    if writable { write() }
    if readable && !closed { read() }
  }

  private func read() {
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    let count = recv(descriptor, &chunk, chunk.count, 0)
    if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
    // Whoever asked has gone: nobody hears the answer.
    guard count > 0 else { return end() }
    guard !asked else { return }
    incoming += chunk[..<count]
    if let newline = incoming.firstIndex(of: 10) {
      asked = true
      answer(Array(incoming[..<newline]))
    } else if incoming.count > Self.longestRequest {
      finish(error: "the request is too long")
    }
  }

  private func answer(_ line: [UInt8]) {
    do {
      handle(try ControlRequest(try DataValue(json: line)), self)
    } catch {
      finish(error: "\(error)")
    }
  }

  private func write() {
    while !outgoing.isEmpty && !closed {
      let count = outgoing.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        outgoing = outgoing.dropFirst(count)
      } else if errno == EAGAIN {
        return
      } else if errno != EINTR {
        return end()
      }
    }
    if finished { end() }
  }

  private func end() {
    guard !closed else { return }
    closed = true
    onClose(self)
  }
}

/// Calls `body` with the address of a Unix socket.
func withSocketAddress<Result>(
  _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) throws(RunnerError) -> Result {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  let bytes = Array(path.utf8)
  guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
    throw RunnerError(
      "the path of the control socket is too long (\(bytes.count) bytes; at most 107): \(path); "
        + "choose a state directory with a shorter path with --state")
  }
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
}
