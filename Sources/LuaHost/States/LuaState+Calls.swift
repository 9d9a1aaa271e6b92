import CLua
import Values

// Calls that come from Lua. They run on the state's worker, under C frames that a longjmp may cross only
// when these have returned: so nothing here raises, it returns a status.
extension LuaState {
  func luaConfig(memoryLimit: Int) -> clua_config {
    clua_config(
      context: Unmanaged.passUnretained(self).toOpaque(),
      call: { context, function, arguments, length, canWait in
        guard let state = LuaState.of(context) else { return Int32(CLUA_REPLY_CANNOT_WAIT) }
        let bytes = UnsafeRawBufferPointer(start: arguments, count: length)
        return state.answer(function: Int(function), arguments: bytes, canWait: canWait)
      },
      over_memory: { context in
        guard let state = LuaState.of(context) else { return }
        if let activity = state.lock.withLock({ state.mailbox.activity }) { state.startGrace(of: activity) }
      },
      released: { context, handle in LuaState.of(context)?.released(handle) },
      memory_limit: memoryLimit)
  }

  private static func of(_ context: UnsafeMutableRawPointer?) -> LuaState? {
    context.map { Unmanaged<LuaState>.fromOpaque($0).takeUnretainedValue() }
  }

  private func answer(function: Int, arguments: UnsafeRawBufferPointer, canWait: Int32) -> Int32 {
    guard let lua = lock.withLock({ mailbox.lua }) else { return Int32(CLUA_REPLY_CANNOT_WAIT) }
    guard host.functions.entries.indices.contains(function), let values = Self.values(arguments) else {
      return write(.misuse("the host cannot read this call"), to: lua)
    }
    let entry = host.functions.entries[function]
    let call = HostCall(
      self, arguments: values, job: jobContext, run: runContext, canWait: canWait != CLUA_CANNOT_WAIT)
    if let allowed = limits.allowed, let refusal = call.refusal(of: entry.needs, allowed: allowed) {
      return write(.misuse(refusal), to: lua)
    }
    if entry.isOutside { noteOutside() }
    lock.withLock { mailbox.call = PendingCall(call: call) }
    switch entry.body(self, call) {
    case .end(let end):
      lock.withLock { mailbox.call = nil }
      announcedEnd = end
      return Int32(CLUA_REPLY_END)
    case .reply(.waiting): return wait(canWait: canWait, lua)
    case .reply(let reply):
      lock.withLock { mailbox.call = nil }
      return write(reply, to: lua)
    }
  }

  /// Waits for the pending call as far as that is possible here.
  private func wait(canWait: Int32, _ lua: OpaquePointer) -> Int32 {
    if canWait == CLUA_CANNOT_WAIT {
      for action in lock.withLock({ mailbox.cancelCall() }) { action() }
      return Int32(CLUA_REPLY_CANNOT_WAIT)
    }
    let (reply, actions) = lock.withLock { () -> (HostReply?, [@Sendable () -> Void]) in
      if canWait == CLUA_CAN_BLOCK {
        mailbox.isBlocked = true
        while mailbox.call?.reply == nil, !clua_stop_pending(lua) { lock.wait() }
        mailbox.isBlocked = false
      }
      guard let reply = mailbox.call?.reply else {
        return (nil, canWait == CLUA_CAN_BLOCK ? mailbox.cancelCall() : [])
      }
      mailbox.call = nil
      return (reply, [])
    }
    for action in actions { action() }
    if let reply { return write(reply, to: lua) }
    return Int32(canWait == CLUA_CAN_BLOCK ? CLUA_REPLY_CANNOT_WAIT : CLUA_REPLY_WAIT)
  }

  private func noteOutside() {
    guard let run = runContext, !run.dry, !hasCalledOutside else { return }
    hasCalledOutside = true
    host.delegate.calledOutside(slot: run.slot)
  }

  private static func values(_ bytes: UnsafeRawBufferPointer) -> [DataValue]? {
    var reader = ByteReader(bytes, during: .ofRun)
    guard let count = try? reader.number(UInt32.self) else { return nil }
    var values: [DataValue] = []
    for _ in 0..<count {
      guard let value = try? reader.value() else { return nil }
      values.append(value)
    }
    return values
  }

  /// Leaves an answer in the Lua state's buffer.
  func write(_ reply: HostReply, to lua: OpaquePointer) -> Int32 {
    switch reply {
    case .values(let values):
      var writer = ByteWriter(reserving: 64, during: .ofRun)
      writer.append(UInt32(values.count))
      for value in values { writer.append(value) }
      return write(writer.bytes, CLUA_REPLY_VALUES, to: lua)
    case .trouble(let text): return write(Array(text.utf8), CLUA_REPLY_TROUBLE, to: lua)
    case .misuse(let text): return write(Array(text.utf8), CLUA_REPLY_MISUSE, to: lua)
    case .waiting: return Int32(CLUA_REPLY_CANNOT_WAIT)
    }
  }

  private func write(_ bytes: [UInt8], _ status: some BinaryInteger, to lua: OpaquePointer) -> Int32 {
    guard let space = clua_reply_space(lua, bytes.count) else { return Int32(CLUA_REPLY_CANNOT_WAIT) }
    bytes.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { space.update(from: start, count: source.count) }
    }
    return Int32(status)
  }

  /// `require` asks for a module: `"file"`, its path and text; `"host"`, its name, text and functions; or `"native"`,
  /// its library's path and the name of the function that opens it.
  func findModule(_ call: HostCall) -> HostReply {
    guard let name = call.arguments.first?.asString else {
      return .misuse("require: the name must be a string")
    }
    if let file = source.modules[name] {
      if let refusal = file.refusal { return .trouble("module '\(name)': \(refusal.message)") }
      return .values([.string("file"), .string(file.path), .bytes(file.bytes)])
    }
    if let module = host.functions.modules[name] {
      let text = module.source.map(DataValue.bytes) ?? .null
      return .values([.string("host"), .string(name), text, .object(module.functions)])
    }
    if name.hasPrefix("almanac.") {
      let names = host.functions.modules.keys.sorted().joined(separator: ", ")
      return .trouble("module '\(name)' not found: of the host's modules there are \(names)")
    }
    if let rock = source.rocks?.find(name) { return reply(rock, name) }
    let path = name.replacing(".", with: "/")
    let place =
      source.modules.isEmpty && !source.main.path.hasSuffix("/main.lua")
      ? "a job of one file has no modules: make it a folder with a main.lua"
      : source.rocks == nil
        ? "the job has no file \(path).lua; if a rock has it, name the rock in a rocks.txt beside main.lua"
        : "the job has no file \(path).lua, and no rock of its rocks.txt has the module"
    return .trouble("module '\(name)' not found: \(place)")
  }

  private func reply(_ rock: RockModules.Found, _ name: String) -> HostReply {
    switch rock {
    case .text(let file):
      if let refusal = file.refusal { return .trouble("module '\(name)': \(refusal.message)") }
      return .values([.string("file"), .string(file.path), .bytes(file.bytes)])
    case .native(let path, let opener): return .values([.string("native"), .string(path), .string(opener)])
    case .refused(let why): return .trouble("module '\(name)': \(why)")
    }
  }
}
