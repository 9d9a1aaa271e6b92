import CLua
import Synchronization
import Values

/// One job's Lua state, and what it is doing.
///
/// At most one worker at a time has a turn with it. Other threads leave commands, answers and stops in its
/// mailbox, and push it to the workers' queue when nobody has it.
final class LuaState: @unchecked Sendable {
  let id: StateID
  let source: ScriptSource
  let host: HostCore

  /// Guards ``mailbox``; is signalled when something comes for which the worker itself waits.
  let lock = Condition()
  var mailbox = Mailbox()
  let log = Mutex(LogMeter())
  let question = Mutex(Question())
  /// What modules keep for the state, by their types.
  let resources = Mutex<[ObjectIdentifier: any StateResource]>([:])

  // What follows belongs to the worker that has the turn.

  var limits = StateLimits()
  /// Whether the schedule table has set the limits and the environment.
  var isConfigured = false
  /// The schedule's `time_zone`.
  var timeZone: String?
  var runContext: RunContext?
  /// Of the run, or of `initialize`.
  var book = RunBook()
  /// The secrets of the run, by name.
  var secrets: [String: String] = [:]
  let mask = Mutex(SecretMask())
  var hasCalledOutside = false
  /// What the run may still take of the processor, if it has a limit; nanoseconds.
  var processorTimeLeft: Int64?
  /// What `job.skip` and its kin have said.
  var announcedEnd: RunEnd?

  init(id: StateID, source: ScriptSource, host: HostCore) {
    self.id = id
    self.source = source
    self.host = host
  }

  var jobContext: JobContext {
    JobContext(
      jobName: source.jobName, folder: source.folder, outputFolder: source.outputFolder,
      environment: limits.environment, services: limits.services, timeZone: timeZone, allowed: limits.allowed)
  }
}

// MARK: - What any thread may do

extension LuaState {
  func post(_ command: Command) {
    let mustPush = lock.withLock {
      mailbox.commands.append(command)
      return mailbox.schedule()
    }
    if mustPush { host.pool.push(self) }
  }

  /// Has the state closed as soon as what it is doing has been stopped; what was still to be done is not.
  func close(_ reason: StopReason) {
    let (dropped, mustPush) = lock.withLock {
      let dropped = mailbox.commands
      mailbox.commands = [.close]
      mailbox.closing = reason
      return (dropped, mailbox.schedule())
    }
    refuse(dropped, reason.end)
    stop(reason) { _ in true }
    if mustPush { host.pool.push(self) }
  }

  /// Says of commands that they are not done.
  func refuse(_ commands: [Command], _ end: RunEnd) {
    for command in commands {
      switch command {
      case .load: host.delegate.loaded(id, .failure(Self.gone))
      case .initialize: host.delegate.initialized(id, .failure(Self.gone))
      case .start(let run): host.ended(self, run.key, end, stateLost: true, peakMemory: 0)
      case .when(let call):
        host.delegate.whenAnswered(id, number: call.number, .failed(Self.gone), stateLost: true)
      case .close: break
      }
    }
  }

  static let gone = ScriptError(text: "the job's Lua state is gone: it must be loaded again")

  /// Takes a start as a command, unless a run is in progress or waits to begin.
  func accepts(_ run: RunStart) -> Bool {
    let (isAccepted, mustPush) = lock.withLock {
      let isBusy =
        mailbox.activity?.run != nil || mailbox.beginning != nil
        || mailbox.commands.contains { $0.run != nil }
      guard !isBusy, !mailbox.isClosed else { return (false, false) }
      mailbox.commands.append(.start(run))
      return (true, mailbox.schedule())
    }
    if mustPush { host.pool.push(self) }
    return isAccepted
  }

  /// Stops the activity, if `isMeant`; a start that has not begun is to end as soon as it begins.
  func stop(_ reason: StopReason, where isMeant: (Activity) -> Bool) {
    let (mustPush, stopped) = lock.withLock { () -> (Bool, Activity?) in
      guard let activity = mailbox.activity, isMeant(activity), mailbox.stop == nil, let lua = mailbox.lua
      else { return (false, nil) }
      mailbox.stop = reason
      clua_request_stop(lua, 1)
      if mailbox.isBlocked { lock.broadcast() }
      return (mailbox.schedule(), activity)
    }
    if let stopped { startGrace(of: stopped) }
    if mustPush { host.pool.push(self) }
  }

  /// Stops the run with this key, also one that waits to begin.
  func stop(run key: RunKey, _ reason: StopReason) {
    let waited = lock.withLock { () -> Bool in
      if mailbox.activity == nil, let beginning = mailbox.beginning, beginning.run == key {
        mailbox.beginning = (key, beginning.stop ?? reason)
        return false
      }
      guard let index = mailbox.commands.firstIndex(where: { $0.run?.key == key }) else { return false }
      mailbox.commands.remove(at: index)
      return true
    }
    if waited {
      host.ended(self, key, reason.end, stateLost: false, peakMemory: 0)
    } else {
      stop(reason) { $0.run?.key == key }
    }
  }

  /// After the grace that the activity has, its closers are stopped too.
  func startGrace(of activity: Activity) {
    let end = saturatingSum(monotonicNow(), grace(of: activity))
    lock.withLock {
      guard mailbox.activity?.serial == activity.serial, mailbox.graceTimer == nil else { return }
      mailbox.graceEnds = end
      mailbox.graceTimer = host.clock.schedule(at: end) { [weak self] in
        self?.endGrace(of: activity.serial)
      }
    }
  }

  /// How long what is stopped may take to unwind, in nanoseconds.
  func grace(of activity: Activity) -> Int64 { max(0, activity.run?.stopGrace ?? HostCore.loadGrace) }

  /// Stops the closers of an activity.
  func endGrace(of serial: UInt64?) {
    let mustPush = lock.withLock { () -> Bool in
      guard let activity = mailbox.activity, serial == nil || activity.serial == serial, let lua = mailbox.lua
      else { return false }
      clua_request_stop(lua, 2)
      lock.broadcast()
      return mailbox.schedule()
    }
    if mustPush { host.pool.push(self) }
  }

  func resume(_ call: HostCall, _ reply: HostReply) {
    let mustPush = lock.withLock { () -> Bool in
      guard mailbox.call?.call === call, mailbox.call?.reply == nil else { return false }
      mailbox.call?.reply = reply
      if mailbox.isBlocked { lock.broadcast() }
      return mailbox.schedule()
    }
    if mustPush { host.pool.push(self) }
  }

  func onCancel(_ call: HostCall, _ action: @escaping @Sendable () -> Void) {
    let isCancelled = lock.withLock { () -> Bool in
      if mailbox.call?.call === call, mailbox.call?.reply == nil {
        mailbox.call?.cancelActions.append(action)
      }
      return call.isCancelled.load(ordering: .relaxed)
    }
    if isCancelled { action() }
  }
}
