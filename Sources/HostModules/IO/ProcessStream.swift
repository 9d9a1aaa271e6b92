import Glibc
import LuaHost
import Values

/// A child process as a file, as `io.popen` gives it: its output is read, or its input written. What else it
/// writes goes to the run's log.
///
/// Belongs to the thread of the keeper's loop, but for what passes on to it.
final class ProcessStream: @unchecked Sendable {
  /// How much waits in either direction before the one who writes has to, in bytes.
  private static let backlog = 256 * 1024

  private let call: HostCall
  private let children: Children
  private var child: ChildProcess?
  /// What the child has written and nobody has read.
  private var unread: [UInt8] = []
  private var reader: PipeReader?
  private var readingCall: (call: HostCall, limit: Int)?
  private var hasEnded = false
  private var writer: PipeWriter?
  private var loggers: [PipeReader] = []
  private var status: ChildProcess.Status?
  private var closingCall: HostCall?
  /// Answers the call that starts the child.
  private var answerStart: (() -> Void)?

  init(_ call: HostCall) {
    self.call = call
    children = call.resource()
  }

  /// Starts the child, and answers the call with the number that `register` gives. May block.
  ///
  /// The answer comes when the child has been started, so that a script that starts one after the other is never ahead of
  /// the keeper: its end would have to wait until all that it asked for have been.
  func begin(_ plan: ProcessPlan, reads: Bool, register: @escaping @Sendable () -> Int64) {
    do throws(Trouble) {
      let files = try ChildFiles(plan)
      Keeper.shared.loop.async { [self] in
        defer { files.close() }
        do throws(Trouble) {
          try connect(plan, files, reads: reads)
          answerStart = { [call] in call.resume(.values([.int(register())])) }
        } catch {
          for pipe in [reader].compactMap({ $0 }) + loggers { pipe.close() }
          writer?.close()
          call.resume(.trouble(error.text))
        }
      }
    } catch {
      call.resume(.trouble(error.text))
    }
  }

  private func connect(_ plan: ProcessPlan, _ files: ChildFiles, reads: Bool) throws(Trouble) {
    var launch = plan.launch
    launch.input = files.input
    var ends: [Int32] = []
    defer { for end in ends { Glibc.close(end) } }
    if reads {
      let pipe = try Pipe()
      ends.append(pipe.writing)
      launch.output = pipe.writing
      reader = PipeReader(
        pipe.reading, on: Keeper.shared.loop, onEnd: { [self] in end() }, onBytes: { [self] in take($0) })
    } else {
      let pipe = try Pipe()
      ends.append(pipe.reading)
      launch.input = pipe.reading
      let writer = PipeWriter(pipe.writing, on: Keeper.shared.loop)
      self.writer = writer
      let output = try logger(.info)
      ends.append(output)
      launch.output = output
    }
    launch.errors = try logger(.warn)
    ends.append(launch.errors)
    let child = try ChildProcess(
      launch, keeper: .shared, onStart: { [self] in hasStarted() }, onOver: { [self] in isOver($0, plan) })
    self.child = child
    // Who reads what was written to it may finish with that, and ends by itself then.
    children.add(child, finish: reads ? nil : { [self] in writer?.finish() })
  }

  /// The end of a pipe whose lines go to the log.
  private func logger(_ level: ScriptLogLevel) throws(Trouble) -> Int32 {
    let pipe = try Pipe()
    var lines = LineCutter()
    loggers.append(
      PipeReader(
        pipe.reading, on: Keeper.shared.loop,
        onEnd: { [call] in if let line = lines.takeRest() { call.log(level, line) } },
        onBytes: { [call] bytes in lines.append(bytes) { call.log(level, $0) } }))
    return pipe.writing
  }

  private func hasStarted() {
    answerStart?()
    answerStart = nil
  }

  private func isOver(
    _ result: Result<ChildProcess.Status, ChildProcess.LaunchRefusal>, _ plan: ProcessPlan
  ) {
    for pipe in [reader].compactMap({ $0 }) + loggers { pipe.drain() }
    writer?.close()
    hasStarted()  // or cannot be
    if let child { children.remove(child) }
    child = nil
    switch result {
    case .success(let status): self.status = status
    case .failure(let refusal):
      // As a shell says that there is no such command.
      status = .code(127)
      call.log(.warn, plan.trouble(refusal).text)
    }
    answerClosing()
  }

  // MARK: Reading

  private func take(_ bytes: UnsafeRawBufferPointer) {
    unread += bytes
    reader?.pause(unread.count >= Self.backlog)
    answerReading()
  }

  private func end() {
    hasEnded = true
    answerReading()
  }

  private func answerReading() {
    guard let (call, limit) = readingCall, !unread.isEmpty || hasEnded else { return }
    readingCall = nil
    let bytes = Array(unread.prefix(limit))
    unread.removeFirst(bytes.count)
    reader?.pause(unread.count >= Self.backlog)
    call.resume(.values([.bytes(bytes)]))
  }

  /// Answers with what there is, at most `limit` bytes, as soon as there is any; with nothing at the end.
  func read(limit: Int, for call: HostCall) {
    Keeper.shared.loop.async { [self] in
      guard writer == nil else { return call.resume(.values(SystemError(code: EBADF).values)) }
      readingCall = (call, limit)
      answerReading()
    }
  }

  // MARK: Writing

  /// Answers when there is room for more.
  func write(_ bytes: [UInt8], for call: HostCall) {
    Keeper.shared.loop.async { [self] in
      guard let writer else { return call.resume(.values(SystemError(code: EBADF).values)) }
      writer.append(bytes)
      let answer = { [writer] in
        if writer.isClosed { return call.resume(.values(SystemError(code: EPIPE).values)) }
        if writer.backlog < Self.backlog { call.resume(.values([true])) }
      }
      writer.onProgress = answer
      answer()
    }
  }

  // MARK: Closing

  /// Answers when the child has ended, with how: `true` or `nil`, `"exit"` or `"signal"`, and the number.
  func close(for call: HostCall) {
    Keeper.shared.loop.async { [self] in
      closingCall = call
      abandonNow()
      answerClosing()
    }
  }

  private func answerClosing() {
    guard let status, let call = closingCall else { return }
    closingCall = nil
    call.resume(.values(status.values))
  }

  /// Closes without waiting for the child; it is given no sign, but may notice that its pipe is closed.
  func abandon() { Keeper.shared.loop.async { [self] in abandonNow() } }

  private func abandonNow() {
    reader?.close()
    unread = []
    writer?.finish()
  }
}

extension ChildProcess.Status {
  /// What `os.execute` and the `close` of a child's file return.
  var values: [DataValue] {
    switch self {
    case .code(let code): [code == 0 ? true : .null, "exit", .int(Int64(code))]
    case .signal(let number): [.null, "signal", .int(Int64(number))]
    }
  }
}
