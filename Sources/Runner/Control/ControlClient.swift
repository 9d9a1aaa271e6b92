import Files
import Glibc
import Values

/// The other end of the control socket: what the command line uses.
public final class ControlClient {
  private let descriptor: Int32
  private var buffer: [UInt8] = []

  /// Connects to the daemon that holds the state directory; `nil` if there is none.
  public init?(_ state: StateDirectory) throws(RunnerError) {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw RunnerError("cannot make a socket: \(SystemFailure())") }
    let descriptor = descriptor
    guard try withSocketAddress(state.socketPath, { connect(descriptor, $0, $1) }) == 0 else {
      let reason = errno
      if reason == EACCES || reason == EPERM {
        throw RunnerError(
          "\(state.socketPath) belongs to another user; run this command as the daemon's user")
      }
      return nil
    }
  }

  deinit { close(descriptor) }

  public func send(_ request: ControlRequest) throws(RunnerError) {
    guard let text = try? request.value.json() else { throw RunnerError("the request has no form in JSON") }
    var bytes = (Array(text.utf8) + [10])[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 || errno == EINTR else {
        throw RunnerError("the daemon went away: \(SystemFailure())")
      }
      bytes = bytes.dropFirst(max(0, count))
    }
  }

  /// The next reply; `nil` when all is said. Throws what the daemon refuses, and when it goes away.
  public func next() throws(RunnerError) -> DataValue? {
    while true {
      if let newline = buffer.firstIndex(of: 10) {
        let line = Array(buffer[..<newline])
        buffer.removeFirst(newline + 1)
        guard let value = try? DataValue(json: line) else {
          throw RunnerError("the daemon's answer is not JSON")
        }
        if let failure = value["failure"].asString { throw RunnerError(failure) }
        return value["done"] == true ? nil : value["reply"]
      }
      var chunk = [UInt8](repeating: 0, count: 64 * 1024)
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw RunnerError("the daemon went away before it had answered") }
      buffer += chunk[..<count]
    }
  }

  /// The next reply if it comes within that time, else `nil`.
  public func poll(milliseconds: Int32) throws(RunnerError) -> DataValue? {
    if !buffer.contains(10) {
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard Glibc.poll(&waiting, 1, milliseconds) > 0 else { return nil }
    }
    return try next()
  }

  /// Sends the request and returns its only reply.
  public func ask(_ request: ControlRequest) throws(RunnerError) -> DataValue {
    try send(request)
    var answer: DataValue = .null
    while let reply = try next() { answer = reply }
    return answer
  }
}
