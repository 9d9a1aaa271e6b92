import CLua
import Values

// What a worker does with a state. Nothing here runs on two threads at once.
extension LuaState {
  /// Does one step of what there is to do, and gives the state back.
  func takeTurn(on worker: Worker) {
    switch lock.withLock({ mailbox.nextStep() }) {
    case .command(.load(let limits)): load(limits, on: worker)
    case .command(.initialize(let limits)): initialize(limits, on: worker)
    case .command(.start(let run)): start(run, on: worker)
    case .command(.when(let call)): askWhen(call, on: worker)
    case .command(.close): closeLua()
    case .answer(let reply):
      enter(on: worker) { [self] in clua_continue($0, write(reply, to: $0)) }
    case .unwind(let actions):
      for action in actions { action() }
      enter(on: worker) { clua_continue($0, Int32(CLUA_REPLY_CANNOT_WAIT)) }
    case .conclude:
      if let lua = lock.withLock({ mailbox.lua }) { conclude(lua) }
    case nil: break
    }
    if lock.withLock({ mailbox.endTurn() }) { host.pool.push(self) }
  }

  // MARK: Beginning

  private func load(_ limits: StateLimits, on worker: Worker) {
    guard !lock.withLock({ mailbox.isClosed || mailbox.lua != nil }) else {
      return host.delegate.loaded(id, .failure(ScriptError(text: "the state is loaded already")))
    }
    if let error = source.main.refusal { return failLoad(error) }
    var config = luaConfig(memoryLimit: limits.memoryLimit)
    guard let lua = clua_new(&config) else { return failLoad(ScriptError(text: "no memory for a Lua state")) }
    self.limits = limits
    let activity = lock.withLock {
      mailbox.lua = lua
      return mailbox.begin(.load)
    }
    beginLog(run: nil)
    setLimit(host.loadLimit, on: activity)
    enter(on: worker) { [source] lua in
      source.main.bytes.withUnsafeBufferPointer {
        let name = "@" + source.main.path
        return source.isToRun
          ? clua_load(lua, $0.baseAddress, $0.count, name) : clua_compile(lua, $0.baseAddress, $0.count, name)
      }
    }
  }

  private func failLoad(_ error: ScriptError) {
    var error = error
    if error.file == nil { error.file = source.main.path }
    closeLua()
    host.delegate.loaded(id, .failure(error))
  }

  private func initialize(_ limits: StateLimits, on worker: Worker) {
    let begun = lock.withLock { () -> Activity? in
      guard let lua = mailbox.lua else { return nil }
      clua_set_memory_limit(lua, limits.memoryLimit)
      return mailbox.begin(.initialize)
    }
    guard let begun else { return host.delegate.initialized(id, .failure(Self.gone)) }
    self.limits = limits
    isConfigured = true
    book = RunBook()
    beginLog(run: nil)
    setLimit(host.loadLimit, on: begun)
    enter(on: worker) { clua_initialize($0) }
  }

  private func start(_ run: RunStart, on worker: Worker) {
    do throws(ScriptError) {
      secrets = try SecretSource(folder: limits.secretsFolder).read(limits.secrets)
    } catch {
      let stop = lock.withLock { mailbox.takeBeginning() }
      return host.ended(self, run.key, stop?.end ?? .failed(error), stateLost: false, peakMemory: 0)
    }
    if !secrets.isEmpty { mask.withLock { mask in for value in secrets.values { mask.add(value) } } }
    // The table is Lua's from here on: thousands of runs that wait are not to hold it twice.
    var held = run
    held.run = .null
    let (begun, stop) = lock.withLock { () -> (Activity?, StopReason?) in
      if let stop = mailbox.takeBeginning() { return (nil, stop) }
      return (mailbox.lua != nil ? mailbox.begin(.run(held)) : nil, nil)
    }
    if let stop { return host.ended(self, run.key, stop.end, stateLost: false, peakMemory: 0) }
    guard let begun else {
      return host.ended(self, run.key, .failed(Self.gone), stateLost: true, peakMemory: 0)
    }
    if let environment = run.environment {
      limits.environment = environment
      isConfigured = true
    }
    let deadline = run.timeLimit > 0 ? saturatingSum(monotonicNow(), run.timeLimit) : nil
    runContext = RunContext(
      key: run.key, slot: run.slot, params: run.run["params"], testing: run.run["testing"].asBool ?? false,
      dry: run.dry, answers: DryAnswers(run.answers), deadline: deadline, stopGrace: max(0, run.stopGrace))
    book = RunBook()
    hasCalledOutside = false
    announcedEnd = nil
    processorTimeLeft = limits.cpuLimit > 0 ? limits.cpuLimit : nil
    beginLog(run: run.key)
    if let deadline { setLimit(at: deadline, on: begun) }
    var argument = ByteWriter(reserving: 512)
    argument.append(run.run.withoutNullFields)
    host.delegate.mainCalled(slot: run.slot)
    enter(on: worker) { lua in
      argument.bytes.withUnsafeBufferPointer { clua_main(lua, $0.baseAddress, $0.count) }
    }
  }

  private func askWhen(_ call: WhenCall, on worker: Worker) {
    let begun = lock.withLock { mailbox.lua != nil ? mailbox.begin(.when(call)) : nil }
    guard let begun else {
      return host.delegate.whenAnswered(id, number: call.number, .failed(Self.gone), stateLost: true)
    }
    book = RunBook()
    beginLog(run: nil)
    setLimit(host.loadLimit, on: begun)
    var arguments = ByteWriter(reserving: 512)
    arguments.append(UInt32(2))
    arguments.append(DataValue.string(call.due))
    arguments.append(call.run.withoutNullFields)
    enter(on: worker) { lua in
      arguments.bytes.withUnsafeBufferPointer { clua_when(lua, $0.baseAddress, $0.count) }
    }
  }

  private func setLimit(_ length: Int64, on activity: Activity) {
    setLimit(at: saturatingSum(monotonicNow(), length), on: activity)
  }

  private func setLimit(at instant: Int64, on activity: Activity) {
    let serial = activity.serial
    let timer = host.clock.schedule(at: instant) { [weak self] in
      self?.stop(.timeLimit) { $0.serial == serial }
    }
    lock.withLock { mailbox.limitTimer = timer }
  }

  // MARK: In Lua

  private func enter(on worker: Worker, _ body: (OpaquePointer) -> Int32) {
    guard let lua = lock.withLock({ mailbox.lua }) else { return }
    host.delegate.workerEntered(worker: worker.index, state: id, slot: runContext?.slot)
    let turn = turn(in: lua)
    let progress = worker.take(turn) { body(lua) }
    host.delegate.workerLeft(worker: worker.index)
    if progress == CLUA_ENDED { return finish(lua) }
    if let left = processorTimeLeft {
      processorTimeLeft = left - worker.timeOfTurn
      if left <= worker.timeOfTurn { turn.whenSpent() }
    }
  }

  private func turn(in lua: OpaquePointer) -> Worker.Turn {
    let run = runContext?.key
    return Worker.Turn(lua: lua, budget: processorTimeLeft) { [weak self] in
      if let run { self?.stop(run: run, .cpuLimit) }
    } whenStuck: { [host] in
      if let run { host.delegate.stuck(run) }
    }
  }

  // MARK: Ending

  /// Lua is done; what it has begun outside may not be.
  private func finish(_ lua: OpaquePointer) {
    let (activity, actions) = lock.withLock { (mailbox.activity, mailbox.cancelCall()) }
    for action in actions { action() }
    guard let activity else { return }
    let end = clua_end(lua)
    let wasStopped = end == Int32(CLUA_END_STOPPED) || end == Int32(CLUA_END_MEMORY)
    if settleResources(of: activity, wasStopped: wasStopped) { conclude(lua) }
  }

  private func conclude(_ lua: OpaquePointer) {
    let peak = clua_peak(lua)
    let (activity, stop, timers) = lock.withLock {
      let activity = mailbox.activity
      let (stop, timers) = mailbox.end()
      return (activity, stop, timers)
    }
    for timer in timers { host.clock.cancel(timer) }
    guard let activity else { return }
    let end = readEnd(lua, stop: stop)
    if case .stopped(_, let place?) = end, activity.run != nil {
      endLog("stopped at \(place.place)")
    } else {
      endLog()
    }
    runContext = nil
    secrets = [:]
    processorTimeLeft = nil
    switch activity.kind {
    case .load: finishLoad(lua, end)
    case .initialize: finishInitialize(end)
    case .when(let call): finishWhen(call, end)
    case .run(let run):
      if end.losesState { host.forget(self) }
      let runEnd = end.runEnd(announced: announcedEnd)
      let writes = run.dry ? [] : book.writes(after: runEnd)
      if !writes.isEmpty { host.delegate.wrote(id, run.key, writes) }
      host.ended(
        self, run.key, runEnd.masked(by: mask.withLock { $0 }), stateLost: end.losesState, peakMemory: peak)
      if end.losesState { closeLua() }
    }
  }

  private func finishWhen(_ call: WhenCall, _ end: LuaEnd) {
    let verdict: WhenVerdict
    if case .value(let value) = end {
      verdict = value == true ? .yes : .no(value["reason"].asString)
    } else {
      var error = end.error(during: "schedule.when", limit: host.loadLimit)
      if error.file == nil { error.file = source.main.path }
      verdict = .failed(error)
    }
    if end.losesState { host.forget(self) }
    host.delegate.whenAnswered(
      id, number: call.number, verdict.masked(by: mask.withLock { $0 }), stateLost: end.losesState)
    if end.losesState { closeLua() }
  }

  private func finishLoad(_ lua: OpaquePointer, _ end: LuaEnd) {
    switch end {
    case .value(let schedule) where schedule.roughSize > ScriptSource.scheduleLimit:
      failLoad(
        ScriptError(
          text: "the schedule table is larger than \(byteText(ScriptSource.scheduleLimit)); "
            + "keep data in a file that main reads"))
    case .value(let schedule):
      guard source.isToRun else {
        return host.delegate.loaded(id, .success(LoadedScript(schedule: .null, hasInitialize: false)))
      }
      let main = String(cString: clua_main_type(lua))
      let initialize = String(cString: clua_initialize_type(lua))
      if let error = Self.objection(main: main, initialize: initialize) { return failLoad(error) }
      timeZone = schedule["time_zone"].asString
      let script = LoadedScript(schedule: schedule, hasInitialize: initialize == "function")
      host.delegate.loaded(id, .success(script))
    default: failLoad(end.error(during: "the file's top level", limit: host.loadLimit))
    }
  }

  /// What is wrong with the globals that the host calls, by the names of their types.
  private static func objection(main: String, initialize: String) -> ScriptError? {
    switch (main, initialize) {
    case ("function", "function"), ("function", "nil"): nil
    case ("function", _):
      ScriptError(text: "`initialize` is a \(initialize), not a function: function initialize() ... end")
    default: ScriptError(text: "it defines no function `main`: a job needs function main(run) ... end")
    }
  }

  private func finishInitialize(_ end: LuaEnd) {
    if case .value(let value) = end {
      host.delegate.initialized(id, .success(value.isData ? value.messageText : nil))
      return
    }
    var error = end.error(during: "initialize", limit: host.loadLimit)
    if error.file == nil { error.file = source.main.path }
    closeLua()
    host.delegate.initialized(id, .failure(error))
  }

  /// Closes the Lua state, and refuses what was still to be done in it.
  private func closeLua() {
    host.forget(self)
    let (lua, commands) = lock.withLock {
      defer {
        mailbox.lua = nil
        mailbox.isClosed = true
        mailbox.commands = []
      }
      return (mailbox.lua, mailbox.commands)
    }
    if let lua { clua_close(lua) }
    closeResources()
    refuse(commands, .failed(Self.gone))
  }
}
