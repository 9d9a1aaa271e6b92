import CLinux
import Dispatch
import Files
import Glibc
import Synchronization

/// The conversation with the process that starts, ends and reaps the children of this one
/// (`clinux_keeper.h`).
///
/// One keeper serves all jobs of a host; it ends everything when the host is gone. Everything about children
/// happens on the thread of ``loop``.
public final class Keeper: @unchecked Sendable {
  /// What the keeper tells of a child.
  enum Report {
    case started(pid_t)
    /// It could not be started; the last that is told of it.
    case refused(code: Int32, inFolder: Bool)
    case ended(ChildProcess.Status)
    /// Nothing of its group is left; the last that is told of it.
    case gone
    /// The keeper itself was ended; the last that is told of it.
    case lost
  }

  private struct Running {
    /// To the keeper, if it runs.
    var socket: Int32?
    var onStart: @Sendable (pid_t) -> Void = { _ in }
  }

  public static let shared = Keeper()

  let loop = PollLoop()
  private let running = Mutex(Running())
  // The rest belongs to the loop's thread.
  private var lastID: UInt32 = 0
  private var listeners: [UInt32: (Report) -> Void] = [:]

  private init() {
    // Writing to a child that no longer reads is an answer, not the end of the host.
    signal(SIGPIPE, SIG_IGN)
  }

  /// Starts the keeper; a host does so before it has any threads and memory to copy. One that was killed is started
  /// again when it is next needed.
  ///
  /// - Parameter onStart: Is told the process id of each keeper.
  public func start(_ onStart: @escaping @Sendable (pid_t) -> Void) {
    running.withLock { $0.onStart = onStart }
    _ = connect()
  }

  /// The socket of the keeper, which is started if it does not run.
  private func connect() -> Result<Int32, Trouble> {
    running.withLock { running in
      if let socket = running.socket { return .success(socket) }
      var pid: pid_t = 0
      let socket = keeper_start(&pid)
      guard socket >= 0 else { return .failure(Self.trouble(-socket)) }
      running.socket = socket
      running.onStart(pid)
      DispatchQueue(label: "almanac.keeper").async { [self, pid] in listen(to: socket, of: pid) }
      return .success(socket)
    }
  }

  /// Sends a child off.
  ///
  /// - Parameter listener: Is told what becomes of it, on the loop's thread.
  /// - Returns: The child's number here.
  func launch(_ launch: Launch, _ listener: @escaping (Report) -> Void) throws(Trouble) -> UInt32 {
    let socket = try connect().get()
    lastID &+= 1
    let id = lastID
    let sent = launch.texts.withUnsafeBufferPointer { texts in
      var message = keeper_launch(
        id: id, programs: UInt32(launch.programs.count), arguments: UInt32(launch.arguments.count),
        variables: UInt32(launch.environment.count), texts: texts.baseAddress, length: texts.count,
        descriptors: (launch.input, launch.output, launch.errors))
      return keeper_launch_child(socket, &message)
    }
    guard sent == 0 else { throw Self.trouble(-sent) }
    listeners[id] = listener
    return id
  }

  private static func trouble(_ code: Int32) -> Trouble {
    Trouble("cannot start a process: \(SystemFailure(code: code).reason)")
  }

  /// Sends a signal to the whole group of a child that was started.
  func send(_ signal: Int32, to id: UInt32) {
    if let socket = running.withLock({ $0.socket }) { _ = keeper_signal(socket, id, signal) }
  }

  /// Reads reports until the keeper is gone. It has a thread of its own, so that the keeper never waits for the
  /// loop while the loop waits for the keeper.
  private func listen(to socket: Int32, of pid: pid_t) {
    var report = keeper_report()
    while keeper_next(socket, &report) > 0 {
      let taken = report
      loop.async { [self] in take(taken) }
    }
    waitpid(pid, nil, 0)
    keeper_end_orphans()
    loop.async { [self] in
      running.withLock { $0.socket = nil }
      close(socket)
      let left = listeners
      listeners = [:]
      for listener in left.values { listener(.lost) }
    }
  }

  private func take(_ report: keeper_report) {
    guard let listener = listeners[report.id] else { return }
    switch Int(report.kind) {
    case KEEPER_STARTED: listener(.started(report.value))
    case KEEPER_REFUSED:
      listeners[report.id] = nil
      listener(.refused(code: report.value, inFolder: report.detail != 0))
    case KEEPER_ENDED:
      listener(.ended(report.detail != 0 ? .signal(report.value) : .code(report.value)))
    default:
      listeners[report.id] = nil
      listener(.gone)
    }
  }
}

/// What a child is started with.
struct Launch: Sendable {
  /// An absolute path.
  var folder: [UInt8]
  /// The paths to try in their order.
  var programs: [[UInt8]]
  /// The first is what the program is called.
  var arguments: [[UInt8]]
  /// `NAME=value`
  var environment: [[UInt8]]
  /// Descriptors; they stay the caller's.
  var input: Int32 = -1
  var output: Int32 = -1
  var errors: Int32 = -1

  /// All texts, each closed by a zero.
  fileprivate var texts: [UInt8] {
    var texts: [UInt8] = []
    for text in [folder] + programs + arguments + environment {
      texts += text
      texts.append(0)
    }
    return texts
  }
}
