import CLinux
import Dispatch
import Glibc
import LuaHost
import Synchronization
import Values

/// One call of `process.run`: the child, what goes in and what comes out, until the answer.
///
/// Belongs to the keeper's queue, but for ``begin()`` and what is passed on to it.
final class ProcessRun: @unchecked Sendable {
  private let plan: ProcessPlan
  private let call: HostCall
  private let children: Children
  private var child: ChildProcess?
  private let started = clinux_monotonic_ns()
  /// Set when it is stopped before there is a child.
  private var stopsAt: Int64?
  private var timeoutTimer: (any DispatchSourceTimer)?
  private var timedOut = false
  private var writer: PipeWriter?
  private var readers: [PipeReader] = []
  private var output: CapturedOutput
  private var errors: CapturedOutput
  private var outputLines = LineCutter()
  private var errorLines = LineCutter()

  init(_ plan: ProcessPlan, _ call: HostCall, _ children: Children) {
    self.plan = plan
    self.call = call
    self.children = children
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
      call.resume(.trouble(error.text))
      return
    }
    Keeper.shared.queue.async { [self] in launch(files) }
  }

  /// Has the child end; from any thread.
  func stop() {
    Keeper.shared.queue.async { [self] in stop(killingAt: saturatingSum(clinux_monotonic_ns(), grace)) }
  }

  private func launch(_ files: ChildFiles) {
    defer { files.close() }
    if stopsAt != nil { return call.resume(.trouble("\(plan.shown) was not started: the run is stopped")) }
    do throws(Trouble) { try connect(files) } catch {
      for reader in readers { reader.close() }
      writer?.close()
      return call.resume(.trouble(error.text))
    }
    if let timeout = plan.timeout { startTimer(timeout) }
  }

  /// Makes the pipes and the child.
  private func connect(_ files: ChildFiles) throws(Trouble) {
    var launch = Launch(
      folder: plan.folder.bytes, programs: plan.programs, arguments: plan.arguments,
      environment: plan.environment)
    let queue = Keeper.shared.queue
    var ends: [Int32] = []
    defer { for end in ends { close(end) } }
    if case .bytes(let bytes) = plan.input {
      let pipe = try Pipe()
      ends.append(pipe.reading)
      writer = PipeWriter(pipe.writing, bytes, on: queue)
      launch.input = pipe.reading
    } else {
      launch.input = files.input
    }
    if let file = files.output {
      launch.output = file
    } else {
      let pipe = try Pipe()
      ends.append(pipe.writing)
      readers.append(PipeReader(pipe.reading, on: queue) { [self] in takeOutput($0) })
      launch.output = pipe.writing
    }
    if plan.mergesErrors {
      launch.errors = launch.output
    } else if let file = files.errors {
      launch.errors = file
    } else {
      let pipe = try Pipe()
      ends.append(pipe.writing)
      readers.append(PipeReader(pipe.reading, on: queue) { [self] in takeErrors($0) })
      launch.errors = pipe.writing
    }
    let child = try ChildProcess(launch, keeper: .shared) { [self] in isOver($0) }
    self.child = child
    children.add(child)
  }

  private func startTimer(_ seconds: Double) {
    let timer = DispatchSource.makeTimerSource(queue: Keeper.shared.queue)
    timer.schedule(deadline: .now() + seconds, leeway: .milliseconds(1))
    timer.setEventHandler { [self] in
      timedOut = true
      stop(killingAt: saturatingSum(clinux_monotonic_ns(), grace))
    }
    timer.activate()
    timeoutTimer = timer
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
    for reader in readers { reader.close() }
    if let line = outputLines.takeRest() { call.log(.info, line) }
    if let line = errorLines.takeRest() { call.log(.warn, line) }
    if let child { children.remove(child) }
    child = nil
    switch result {
    case .failure(let refusal): call.resume(.trouble(plan.trouble(refusal).text))
    case .success(let status) where plan.checks && (timedOut || status != .code(0)):
      call.resume(.trouble(complaint(status)))
    case .success(let status): call.resume(.values([answer(status)]))
    }
  }

  private func answer(_ status: ChildProcess.Status) -> DataValue {
    var fields: [String: DataValue] = [
      "ok": .bool(status == .code(0) && !timedOut), "stdout": .bytes(output.bytes),
      "stderr": .bytes(errors.bytes),
      "duration": .double(Double(clinux_monotonic_ns() - started) / 1e9), "timed_out": .bool(timedOut),
      "truncated": .bool(output.isTruncated || errors.isTruncated),
    ]
    switch status {
    case .code(let code): fields["code"] = .int(Int64(code))
    case .signal(let number): fields["signal"] = .string(SignalName.of(number))
    }
    return .object(fields)
  }

  /// What `check` says of a child that has not done well.
  private func complaint(_ status: ChildProcess.Status) -> String {
    let words = [errors.tail, output.tail].first { !$0.isEmpty }
    let what =
      switch status {
      case _ where timedOut: "\(plan.shown) did not end within its timeout"
      case .code(let code): "\(plan.shown) failed with exit code \(code)"
      case .signal(let number): "\(plan.shown) was ended by \(SignalName.of(number))"
      }
    return words.map { "\(what): \($0)" } ?? what
  }
}
