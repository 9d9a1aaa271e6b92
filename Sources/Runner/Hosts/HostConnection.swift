import CLinux
import Files
import FoundationEssentials
import Glibc
import HostProtocol
import Values

/// One host process: its socket, its evidence, and the states that live in it.
final class HostConnection: LoopSource {
  /// How a host ended.
  struct Death {
    /// "killed by signal 11 (Segmentation fault)", "exited with status 1".
    var how: String
    /// Who did it, where that is known.
    var culprit: HostEvidence.Owner?
  }

  let id: Int
  /// The job that has this host to itself; `nil` for a shared one.
  let owner: String?
  let evidence: HostEvidence
  let pid: pid_t
  let descriptor: Int32
  /// Set when the daemon itself ended the host because of this run or state.
  var blamed: HostEvidence.Owner?
  private(set) var saidHello = false
  /// When the ping was sent that it has not answered yet, monotonic nanoseconds.
  private var pingedAt: Int64?
  private var incoming = FrameBuffer()
  private var outgoing = ByteWriter(reserving: 64 * 1024)
  private var unsent: ArraySlice<UInt8> = []
  private let onEvent: (HostConnection, HostEvent) -> Void
  private let onDeath: (HostConnection, Death) -> Void
  private var dead = false

  /// Starts the process.
  init(
    id: Int, owner: String?, evidence: HostEvidence, onEvent: @escaping (HostConnection, HostEvent) -> Void,
    onDeath: @escaping (HostConnection, Death) -> Void
  ) throws(RunnerError) {
    self.id = id
    self.owner = owner
    self.evidence = evidence
    self.onEvent = onEvent
    self.onDeath = onDeath
    evidence.reset()
    var ends: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw RunnerError("cannot make a socket for a host process: \(SystemFailure())")
    }
    descriptor = ends[0]
    defer { close(ends[1]) }
    let started = Self.spawn(socket: ends[1], evidence: evidence.descriptor)
    guard started > 0 else {
      close(ends[0])
      throw RunnerError("cannot start a host process: \(SystemFailure(code: -started))")
    }
    pid = started
    evidence.setHost(started)
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
  }

  private static func spawn(socket: Int32, evidence: Int32) -> pid_t {
    let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("almanac"), strdup("host"), nil]
    // A crashed host's backtracer could hold its socket for minutes.
    let kept = ProcessInfo.processInfo.environment.filter { $0.key != "SWIFT_BACKTRACE" }.map {
      "\($0.key)=\($0.value)"
    }
    let environment = (kept + ["SWIFT_BACKTRACE=enable=no"]).map { strdup($0) } + [nil]
    defer { for text in arguments + environment { free(text) } }
    return clinux_spawn("/proc/self/exe", arguments, environment, [socket, evidence], 2)
  }

  var wantsWrite: Bool { !unsent.isEmpty }

  /// Gathers the command; ``flush()`` sends what has gathered, at the latest. In the midst of thousands
  /// the host is given some to begin with.
  func send(_ command: HostCommand) {
    command.encode(to: &outgoing)
    if outgoing.bytes.count > 32 * 1024 { flush() }
  }

  /// Writes what the socket takes; the rest follows when it takes more.
  func flush() {
    if !outgoing.bytes.isEmpty {
      unsent += outgoing.bytes
      outgoing = ByteWriter(reserving: 64 * 1024)
    }
    while !unsent.isEmpty, !dead {
      let count = unsent.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        unsent = unsent.dropFirst(count)
      } else if errno != EINTR {
        break
      }
    }
    if unsent.isEmpty { unsent = [] }
  }

  func becameReady(readable: Bool, writable: Bool) {
    if writable { flush() }
    if readable { receive() }
  }

  /// Asks for a sign of life.
  ///
  /// - Returns: How long it has given none, nanoseconds. What its jobs do has no part in that: it is the
  ///   process that is stopped, or stuck.
  func ping() -> Int64 {
    let now = clinux_monotonic_ns()
    if let pingedAt { return now - pingedAt }
    pingedAt = now
    send(.ping)
    return 0
  }

  /// Whether a signal has its process stopped, as SIGSTOP does.
  var isStopped: Bool {
    var news = siginfo_t()
    return waitid(P_PID, id_t(pid), &news, WSTOPPED | WNOHANG | WNOWAIT) == 0 && news.si_signo == SIGCHLD
  }

  /// Ends the host and all it started; `onDeath` follows at once.
  func kill(blaming owner: HostEvidence.Owner?) {
    blamed = owner
    die()
  }

  private func receive() {
    let size = 256 * 1024
    while !dead {
      let count = withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { chunk in
        let count = recv(descriptor, chunk.baseAddress, size, 0)
        if count > 0 { incoming.append(UnsafeRawBufferPointer(rebasing: chunk[..<count])) }
        return count
      }
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno == EAGAIN { break }
      takeEvents()
      if count <= 0 { die() }
      if count < size { break }
    }
  }

  private func takeEvents() {
    var events: [HostEvent] = []
    do throws(MalformedBytes) {
      try incoming.takeFrames { (reader) throws(MalformedBytes) in
        events.append(try HostEvent(from: &reader))
      }
    } catch {
      // A host that no longer makes sense is as good as dead.
      Glibc.kill(pid, SIGKILL)
    }
    if !events.isEmpty { pingedAt = nil }
    for event in events {
      if case .hello(let build) = event {
        saidHello = build == HostConversation.build
        if !saidHello { Glibc.kill(pid, SIGKILL) }
      } else {
        onEvent(self, event)
      }
    }
  }

  private func die() {
    guard !dead else { return }
    dead = true
    // It leads a session: with it goes every process that stayed in its group.
    Glibc.kill(-pid, SIGKILL)
    Glibc.kill(pid, SIGKILL)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    let fault = evidence.culprit()
    let how: String
    if let fault {
      how = "crashed (\(signalText(fault.signal)))"
    } else if status & 0x7f == 0 {
      how = "exited with status \((status >> 8) & 0xff)"
    } else {
      how = "was killed (\(signalText(status & 0x7f)))"
    }
    close(descriptor)
    onDeath(self, Death(how: how, culprit: blamed ?? fault?.owner))
  }
}

/// "signal 11, Segmentation fault".
func signalText(_ signal: Int32) -> String {
  "signal \(signal), " + (strsignal(signal).map { String(cString: $0) } ?? "unknown")
}
