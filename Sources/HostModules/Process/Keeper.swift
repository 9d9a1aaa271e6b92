import CLinux
import Dispatch
import Glibc

/// The conversation with the process that starts, ends and reaps the children of this one
/// (`clinux_keeper.h`).
///
/// One keeper serves all jobs of a host; it ends everything when the host is gone. Everything about children
/// happens on ``queue``.
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

  public static let shared = Keeper()

  let queue = DispatchQueue(label: "almanac.processes")
  // The rest belongs to the queue.
  private var socket: Int32 = -1
  private var pid: pid_t?
  private var lastID: UInt32 = 0
  private var listeners: [UInt32: (Report) -> Void] = [:]

  private init() {
    // Writing to a child that no longer reads is an answer, not the end of the host.
    signal(SIGPIPE, SIG_IGN)
  }

  /// Starts the keeper, if it does not run; a host does so before it has any threads and memory to copy.
  ///
  /// - Returns: Its process id, or `nil` where it cannot be started.
  @discardableResult
  public func start() -> pid_t? {
    queue.sync {
      _ = connect()
      return pid
    }
  }

  /// An error number, where it does not run and cannot be started.
  private func connect() -> Int32 {
    guard socket < 0 else { return 0 }
    var started: pid_t = 0
    let descriptor = keeper_start(&started)
    guard descriptor >= 0 else { return -descriptor }
    socket = descriptor
    pid = started
    DispatchQueue(label: "almanac.processes.reports").async { [self] in listen(to: descriptor) }
    return 0
  }

  /// Sends a child off.
  ///
  /// - Parameter listener: Is told what becomes of it, unless this returns `nil`.
  /// - Returns: The child's number here, or an error of the system's.
  func launch(_ launch: Launch, _ listener: @escaping (Report) -> Void) -> Result<UInt32, Trouble> {
    let code = connect()
    guard code == 0 else { return .failure(Self.trouble(code)) }
    lastID &+= 1
    let id = lastID
    let sent = launch.texts.withUnsafeBufferPointer { texts in
      var message = keeper_launch(
        id: id, programs: UInt32(launch.programs.count), arguments: UInt32(launch.arguments.count),
        variables: UInt32(launch.environment.count), texts: texts.baseAddress, length: texts.count,
        descriptors: (launch.input, launch.output, launch.errors))
      return keeper_launch_child(socket, &message)
    }
    guard sent == 0 else { return .failure(Self.trouble(-sent)) }
    listeners[id] = listener
    return .success(id)
  }

  private static func trouble(_ code: Int32) -> Trouble {
    Trouble("cannot start a process: \(Trouble.reason(code))")
  }

  /// Sends a signal to the whole group of a child that was started.
  func send(_ signal: Int32, to id: UInt32) {
    if socket >= 0 { _ = keeper_signal(socket, id, signal) }
  }

  /// Reads reports until the keeper is gone. It has a thread of its own, so that the keeper never waits for the
  /// queue while the queue waits for the keeper.
  private func listen(to socket: Int32) {
    var report = keeper_report()
    while keeper_next(socket, &report) > 0 {
      let taken = report
      queue.async { [self] in take(taken) }
    }
    queue.async { [self] in
      self.socket = -1
      pid = nil
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
