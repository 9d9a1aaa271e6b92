import CLinux
import Glibc
import LuaHost
import Synchronization
import Values

/// One call of `process.run`: the child, what goes in and what comes out, until the answer.
///
/// Belongs to the thread of the keeper's loop, but for ``begin()`` and what is passed on to it.
final class ProcessRun: @unchecked Sendable {
  private let plan: ProcessPlan
  private let call: HostCall
  private let children: Children
  private let answer: (Result<ProcessEnd, Trouble>) -> HostReply
  private var child: ChildProcess?
  private let started = clinux_monotonic_ns()
  /// Set when it is stopped before there is a child.
  private var stopsAt: Int64?
  private var timeoutTimer: PollLoop.Timer?
  private var timedOut = false
  private var writer: PipeWriter?
  private var readers: [PipeReader] = []
  private var output: CapturedOutput
  private var errors: CapturedOutput
  private var outputLines = LineCutter()
  private var errorLines = LineCutter()

  init(
    _ plan: ProcessPlan, _ call: HostCall, _ children: Children,
    answer: @escaping (Result<ProcessEnd, Trouble>) -> HostReply
  ) {
    self.plan = plan
    self.call = call
    self.children = children
    self.answer = answer
    output = CapturedOutput(limit: plan.maxOutput)
    errors = CapturedOutput(limit: plan.maxOutput)
  }

  /// How long the child has to end after SIGTERM, in nanoseconds: a little less than the run itself, so that
  /// the run's end, which waits for it, is in time.
  private var grace: Int64 { (call.run?.stopGrace ?? 1_000_000_000) / 10 * 9 }

  /// Starts the child. May block, where a file is on a disk that does.
  func begin() {
    let files: ChildFiles
    do throws(Trouble) { files = try ChildFiles(plan) } catch {
      return call.resume(answer(.failure(error)))
    }
    Keeper.shared.loop.async { [self] in launch(files) }
  }

  /// Has the child end; from any thread.
  func stop() {
    Keeper.shared.loop.async { [self] in stop(killingAt: saturatingSum(clinux_monotonic_ns(), grace)) }
  }

  private func launch(_ files: ChildFiles) {
    defer { files.close() }
    // Nobody waits for the answer any more.
    if stopsAt != nil { return }
    do throws(Trouble) { try connect(files) } catch {
      for reader in readers { reader.close() }
      writer?.close()
      return call.resume(answer(.failure(error)))
    }
    if let timeout = plan.timeout { startTimer(timeout) }
  }

  /// Makes the pipes and the child.
  private func connect(_ files: ChildFiles) throws(Trouble) {
    var launch = plan.launch
    let loop = Keeper.shared.loop
    var ends: [Int32] = []
    defer { for end in ends { close(end) } }
    if case .bytes(let bytes) = plan.input {
      let pipe = try Pipe()
      ends.append(pipe.reading)
      let writer = PipeWriter(pipe.writing, on: loop)
      writer.append(bytes)
      writer.finish()
      self.writer = writer
      launch.input = pipe.reading
    } else {
      launch.input = files.input
    }
    if let file = files.output {
      launch.output = file
    } else {
      let pipe = try Pipe()
      ends.append(pipe.writing)
      readers.append(PipeReader(pipe.reading, on: loop) { [self] in takeOutput($0) })
      launch.output = pipe.writing
    }
    if plan.mergesErrors {
      launch.errors = launch.output
    } else if let file = files.errors {
      launch.errors = file
    } else {
      let pipe = try Pipe()
      ends.append(pipe.writing)
      readers.append(PipeReader(pipe.reading, on: loop) { [self] in takeErrors($0) })
      launch.errors = pipe.writing
    }
    let child = try ChildProcess(launch, keeper: .shared) { [self] in isOver($0) }
    self.child = child
    children.add(child)
  }

  private func startTimer(_ seconds: Double) {
    let end = saturatingSum(clinux_monotonic_ns(), Int64(seconds * 1e9))
    timeoutTimer = Keeper.shared.loop.timer(at: end) { [self] in
      timedOut = true
      stop(killingAt: saturatingSum(clinux_monotonic_ns(), grace))
    }
  }

  private func stop(killingAt instant: Int64) {
    stopsAt = instant
    child?.stop(killingAt: instant)
  }

  private func takeOutput(_ bytes: UnsafeRawBufferPointer) {
    output.append(bytes)
    if plan.logs { outputLines.append(bytes) { call.log(.info, $0) } }
  }

  private func takeErrors(_ bytes: UnsafeRawBufferPointer) {
    errors.append(bytes)
    if plan.logs { errorLines.append(bytes) { call.log(.warn, $0) } }
  }

  private func isOver(_ result: Result<ChildProcess.Status, ChildProcess.LaunchRefusal>) {
    timeoutTimer?.cancel()
    writer?.close()
    for reader in readers { reader.drain() }
    if let line = outputLines.takeRest() { call.log(.info, line) }
    if let line = errorLines.takeRest() { call.log(.warn, line) }
    if let child { children.remove(child) }
    child = nil
    switch result {
    case .failure(let refusal): call.resume(answer(.failure(plan.trouble(refusal))))
    case .success(let status):
      let end = ProcessEnd(
        status: status, output: output, errors: errors,
        duration: Double(clinux_monotonic_ns() - started) / 1e9, timedOut: timedOut)
      call.resume(answer(.success(end)))
    }
  }
}
