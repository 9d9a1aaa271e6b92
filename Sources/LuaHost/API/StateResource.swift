import Values

/// What a module keeps for one Lua state from call to call, such as its child processes.
///
/// It is made by the first ``HostCall/resource(_:)`` and lives as long as the state.
public protocol StateResource: AnyObject, Sendable {
  init()

  /// What ran in the state is over: a run, or `initialize`. What it began and has not ended is to end.
  ///
  /// - Parameter done: To be called once nothing is left, from any thread. The run's end is told after that, so
  ///   that nobody takes it for ended before.
  func settle(_ ending: Ending, done: @escaping @Sendable () -> Void)

  /// Nobody can use the handle any more that `handle(id, ...)` has made in the module's Lua source.
  ///
  /// Lua's collector calls this: it must not wait.
  func released(_ handle: Int64)

  /// The state is gone. Nothing is called any more.
  func close()
}

extension StateResource {
  public func released(_ handle: Int64) {}
}

/// The end of a run, or of `initialize`, as a ``StateResource`` is told of it.
public struct Ending: Sendable {
  /// By when all should be over, in nanoseconds of the monotonic clock: a little before the grace is.
  public let deadline: Int64
  /// Whether it was stopped from outside, or by its memory limit.
  public let wasStopped: Bool
  private let write: @Sendable (ScriptLogLevel, String) -> Void

  init(
    deadline: Int64, wasStopped: Bool, write: @escaping @Sendable (ScriptLogLevel, String) -> Void
  ) {
    self.deadline = deadline
    self.wasStopped = wasStopped
    self.write = write
  }

  /// Logs a line for the job, before `done` is called.
  public func log(_ level: ScriptLogLevel, _ message: String) { write(level, message) }
}

extension HostCall {
  /// What the module keeps for the calling state.
  public func resource<Resource: StateResource>(_ type: Resource.Type = Resource.self) -> Resource {
    state.resource(type)
  }
}

extension LuaState {
  fileprivate func resource<Resource: StateResource>(_ type: Resource.Type) -> Resource {
    resources.withLock { resources in
      let key = ObjectIdentifier(type)
      if let found = resources[key] as? Resource { return found }
      let made = Resource()
      resources[key] = made
      return made
    }
  }

  /// Has the resources settle; returns whether they are done already. If not, the state is pushed when
  /// they are.
  func settleResources(of activity: Activity, wasStopped: Bool) -> Bool {
    let all = resources.withLock { Array($0.values) }
    guard !all.isEmpty else { return true }
    let grace = grace(of: activity)
    let graceEnds = lock.withLock {
      mailbox.settling = all.count
      return mailbox.graceEnds ?? saturatingSum(monotonicNow(), grace)
    }
    let run = activity.run?.key
    let ending = Ending(deadline: graceEnds - grace / 10, wasStopped: wasStopped) {
      [weak self] level, message in
      self?.write(level, message, fields: .null, of: run)
    }
    for resource in all {
      resource.settle(ending) { [weak self] in self?.resourceSettled() }
    }
    return lock.withLock { mailbox.takeSettled() }
  }

  private func resourceSettled() {
    let mustPush = lock.withLock { () -> Bool in
      mailbox.settling = mailbox.settling.map { $0 - 1 }
      return mailbox.settling == 0 && mailbox.schedule()
    }
    if mustPush { host.pool.push(self) }
  }

  func released(_ handle: Int64) {
    for resource in resources.withLock({ Array($0.values) }) { resource.released(handle) }
  }

  func closeResources() {
    let all = resources.withLock { resources in
      defer { resources = [:] }
      return Array(resources.values)
    }
    for resource in all { resource.close() }
  }
}
