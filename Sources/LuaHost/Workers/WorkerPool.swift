import CLua

/// The threads that run Lua, and the states that wait for one.
///
/// There are few, until every one of them has been in the same state for a slice while others wait: then
/// more join, and the kernel divides the processor between them. Idle ones beyond the base leave after a
/// while.
final class WorkerPool: @unchecked Sendable {
  private static let stackSize = 16 << 20
  private static let idleTime: Int64 = 1_000_000_000

  private let clock: Clock
  private let base: Int
  private let maximum: Int

  private let condition = Condition()
  // Guarded by the condition's lock.
  private var queue: [LuaState] = []
  private var queueStart = 0
  private var workers: [Int: Worker] = [:]
  /// Threads that were started, whether or not they have come so far as to be in ``workers``.
  private var count = 0
  private var idle = 0
  private var freeIndices: [Int]
  private var isOver = false

  private var waiting: Int { queue.count - queueStart }

  init(base: Int, maximum: Int, clock: Clock) {
    self.base = max(1, base)
    self.maximum = max(self.base, maximum)
    self.clock = clock
    freeIndices = Array((0..<self.maximum).reversed())
  }

  func start() {
    condition.withLock { addWorkers(base) }
    precondition(condition.withLock { count > 0 }, "no thread for Lua: the host cannot work without one")
  }

  /// Appends a state to the queue; a worker will call its ``LuaState/takeTurn(on:)``.
  func push(_ state: LuaState) {
    condition.withLock {
      queue.append(state)
      if idle > 0 { condition.signal() }
    }
    clock.startTicking()
  }

  /// Ends the workers when the queue is empty, and waits for them, but not longer than to `deadline`.
  func shutDown(until deadline: Int64) {
    condition.withLock {
      isOver = true
      condition.broadcast()
      while count > 0, monotonicNow() < deadline { condition.wait(until: deadline) }
    }
  }

  // MARK: Watching

  /// Tells workers whose state is to stop, and adds workers where they are stuck.
  ///
  /// - Returns: Whether there is anything to watch.
  func tick() -> Bool {
    let (watched, isActive) = condition.withLock { (Array(workers.values), count > idle || waiting > 0) }
    let now = monotonicNow()
    var stuck = 0
    for worker in watched {
      let finding = worker.look(at: now)
      if finding.isLong { stuck += 1 }
      finding.action?()
    }
    if stuck > 0 { condition.withLock { relieve(stuck: stuck) } }
    return isActive
  }

  /// Stuck workers do not count: there are as many others as at the base. Where nothing else moves, twice as many
  /// in all as are stuck, so that a few slices are enough for hundreds of busy loops.
  private func relieve(stuck: Int) {
    guard waiting > 0, idle == 0, !isOver else { return }
    let moving = count - stuck
    addWorkers(min(moving > 0 ? base - moving : max(base, stuck), waiting))
  }

  private func addWorkers(_ number: Int) {
    for _ in 0..<max(0, number) {
      guard count < maximum, let index = freeIndices.popLast() else { return }
      guard startThread(named: "lua-\(index)", stackSize: Self.stackSize, { [self] in work(as: index) })
      else {
        freeIndices.append(index)
        return
      }
      count += 1
    }
  }

  // MARK: Working

  private func work(as index: Int) {
    let worker = Worker(index: index)
    condition.withLock { workers[index] = worker }
    while let state = nextState(for: worker) {
      state.takeTurn(on: worker)
      if worker.isSpent { return replace(worker) }
    }
  }

  /// The calling thread ends; another takes its place if it is missed. A thread inherits the priority of the one
  /// that starts it, so the clock's does that.
  private func replace(_ worker: Worker) {
    clock.schedule(at: 0) { [self] in refill(for: worker) }
  }

  private func refill(for worker: Worker) {
    condition.withLock {
      leave(worker)
      if !isOver || waiting > 0 { addWorkers(max(base - count, min(1, waiting))) }
    }
  }

  /// The next state in the queue, or `nil` when the thread is to end.
  private func nextState(for worker: Worker) -> LuaState? {
    condition.withLock {
      var patience = Int64.max
      while waiting == 0 {
        let isExtra = count > base
        if isExtra, patience == .max { patience = monotonicNow() + Self.idleTime }
        if isOver || (isExtra && monotonicNow() >= patience) {
          leave(worker)
          return nil
        }
        idle += 1
        if isExtra { condition.wait(until: patience) } else { condition.wait() }
        idle -= 1
      }
      let state = queue[queueStart]
      queueStart += 1
      if queueStart == queue.count {
        queue.removeAll(keepingCapacity: queue.count < 4096)
        queueStart = 0
      } else if queueStart >= 1024, queueStart > queue.count / 2 {
        queue.removeFirst(queueStart)
        queueStart = 0
      }
      return state
    }
  }

  private func leave(_ worker: Worker) {
    workers[worker.index] = nil
    freeIndices.append(worker.index)
    count -= 1
    if isOver { condition.broadcast() }
  }
}
