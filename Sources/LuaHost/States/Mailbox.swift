import CLua

/// What a state is asked to do.
enum Command {
  case load(StateLimits)
  case initialize(StateLimits)
  case start(RunStart)
  case when(WhenCall)
  case close

  var run: RunStart? {
    if case .start(let run) = self { run } else { nil }
  }
}

/// What a state is doing: from the command until its end, waiting included.
struct Activity {
  enum Kind {
    case load
    case initialize
    case run(RunStart)
    case when(WhenCall)
  }

  /// Tells activities of a state apart, for timers that come late.
  let serial: UInt64
  let kind: Kind

  var run: RunStart? {
    if case .run(let run) = kind { run } else { nil }
  }
}

/// A call for whose answer the state waits, or will wait when its function has returned.
struct PendingCall {
  let call: HostCall
  var reply: HostReply?
  var cancelActions: [@Sendable () -> Void] = []
}

/// What the threads that deal with a state tell each other, guarded by the state's lock.
struct Mailbox {
  var commands: [Command] = []
  /// Whether the state is in the workers' queue, or a worker has its turn with it. Whoever sets it
  /// pushes the state.
  private(set) var isScheduled = false
  var activity: Activity?
  /// The run that a worker is about to begin, and why it is to end before that.
  var beginning: (run: RunKey, stop: StopReason?)?
  private var lastSerial: UInt64 = 0
  /// Why the activity is being stopped.
  var stop: StopReason?
  var limitTimer: Clock.Timer?
  var graceTimer: Clock.Timer?
  /// When the grace of an activity that is being stopped is over.
  var graceEnds: Int64?
  /// How many of the state's resources have still to settle, after the activity has ended in Lua.
  var settling: Int?
  var call: PendingCall?
  /// Whether the worker itself waits for the call.
  var isBlocked = false
  /// The Lua state, from the load until it is closed.
  var lua: OpaquePointer?
  /// Why the state is being closed: nothing more begins in it.
  var closing: StopReason?
  var isClosed = false
}

/// What a worker does with a state in its turn.
enum Step {
  case command(Command)
  case answer(HostReply)
  /// A stop is pending; the call that was waited for is cancelled by these.
  case unwind([@Sendable () -> Void])
  /// The resources have settled: the activity is over.
  case conclude
}

extension Mailbox {
  /// Makes the state scheduled; returns whether the caller must push it.
  mutating func schedule() -> Bool {
    defer { isScheduled = true }
    return !isScheduled
  }

  /// Ends a worker's turn; returns whether there is more to do, and the state to be pushed again.
  mutating func endTurn() -> Bool {
    isScheduled = hasWork
    return isScheduled
  }

  private var hasWork: Bool {
    guard activity != nil else { return !commands.isEmpty }
    if let settling { return settling == 0 }
    return call?.reply != nil || lua.map(clua_stop_pending) ?? false
  }

  /// Takes out what is to be done next; `nil` if nothing is.
  mutating func nextStep() -> Step? {
    guard activity != nil else {
      guard !commands.isEmpty else { return nil }
      let command = commands.removeFirst()
      beginning = command.run.map { ($0.key, nil) }
      return .command(command)
    }
    if settling != nil { return takeSettled() ? .conclude : nil }
    if let lua, clua_stop_pending(lua) { return .unwind(cancelCall()) }
    guard let reply = call?.reply else { return nil }
    call = nil
    return .answer(reply)
  }

  /// The worker has come to the run that it was about to begin; returns why it is to end before that.
  mutating func takeBeginning() -> StopReason? {
    defer { beginning = nil }
    return beginning?.stop
  }

  /// Begins an activity: from now on it can be stopped.
  mutating func begin(_ kind: Activity.Kind) -> Activity {
    lastSerial += 1
    let activity = Activity(serial: lastSerial, kind: kind)
    self.activity = activity
    stop = closing
    if let lua {
      clua_prepare(lua)
      if closing != nil { clua_request_stop(lua, 2) }
    }
    return activity
  }

  /// Whether the resources have settled; the activity can be concluded then.
  mutating func takeSettled() -> Bool {
    guard settling == 0 else { return false }
    settling = nil
    return true
  }

  /// Ends the activity; from now on nothing stops it. The caller cancels the timers.
  mutating func end() -> (stop: StopReason?, timers: [Clock.Timer]) {
    defer {
      activity = nil
      stop = nil
      limitTimer = nil
      graceTimer = nil
      graceEnds = nil
    }
    return (stop, [limitTimer, graceTimer].compactMap { $0 })
  }

  /// Forgets the call: its answer will be ignored. The caller calls the actions, outside the lock.
  mutating func cancelCall() -> [@Sendable () -> Void] {
    guard let pending = call else { return [] }
    call = nil
    pending.call.isCancelled.store(true, ordering: .relaxed)
    return pending.cancelActions
  }
}

extension StopReason {
  /// How a run ends that was stopped for it.
  var end: RunEnd {
    switch self {
    case .timeLimit: .timedOut
    case .cpuLimit: .overCPULimit
    case .cancelled(let reason): .cancelled(reason)
    }
  }
}
