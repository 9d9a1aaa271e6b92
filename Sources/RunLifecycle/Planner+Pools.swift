import HeapModule
import Scheduling

/// A concurrency pool: how many places it has, and who waits for one.
struct Pool: Sendable {
  struct Waiter: Comparable {
    var priority: Int
    var id: RunID

    static func < (left: Waiter, right: Waiter) -> Bool {
      left.priority != right.priority ? left.priority < right.priority : left.id < right.id
    }
  }

  let size: Int
  var taken = 0
  var waiting = Heap<Waiter>()
}

/// Places in pools: taken just before a start, left when the attempt ends.
extension Planner {
  /// Takes a place for the row, if its job needs one. False: none is free, and the row waits in line, by
  /// priority, then by age.
  mutating func takePlace(_ index: Int, _ slot: Int) -> Bool {
    guard let name = jobs[slot].plan.policy.pool, let size = pools[name]?.size else {
      leavePlace(index, slot)
      return true
    }
    if jobs[slot].open[index].place == name { return true }
    leavePlace(index, slot)
    let run = jobs[slot].open[index].run
    let waiter = Pool.Waiter(priority: jobs[slot].plan.policy.priority, id: run.id)
    // A place that has just become free is for who is first in line, not for who comes by first.
    if hasFreePlace(name), firstInLine(of: name).map({ waiter < $0 }) ?? true {
      pools[name]?.taken += 1
      jobs[slot].open[index].place = name
      return true
    }
    pools[name]?.waiting.insert(waiter)
    if hasFreePlace(name) { poolsToServe.insert(name) }
    jobs[slot].open[index].run.wait(
      as: .queued, .pool, "pool \(name): all \(size) places were taken")
    jobs[slot].open[index].wait = .pool(name)
    decisions.append(.update(jobs[slot].open[index].run, []))
    return false
  }

  private func hasFreePlace(_ name: String) -> Bool { pools[name].map { $0.taken < $0.size } ?? false }

  /// Who gets the next free place; those who have left the line are dropped.
  private mutating func firstInLine(of name: String) -> Pool.Waiter? {
    while let first = pools[name]?.waiting.min {
      if isInLine(first.id, of: name) { return first }
      pools[name]?.waiting.removeMin()
    }
    return nil
  }

  private func isInLine(_ id: RunID, of name: String) -> Bool {
    guard let slot = slotOfRun[id], let index = jobs[slot].index(of: id) else { return false }
    return jobs[slot].open[index].wait == .pool(name)
  }

  mutating func leavePlace(_ index: Int, _ slot: Int) {
    guard let name = jobs[slot].open[index].place else { return }
    jobs[slot].open[index].place = nil
    pools[name]?.taken -= 1
    poolsToServe.insert(name)
  }

  /// Gives free places to those who wait; each asks its gates again.
  mutating func servePools(at now: Instant) {
    while let name = poolsToServe.popFirst() {
      while hasFreePlace(name), let waiter = firstInLine(of: name) {
        pools[name]?.waiting.removeMin()
        guard let slot = slotOfRun[waiter.id], let index = jobs[slot].index(of: waiter.id) else { continue }
        stepBack(index, slot)
        jobs[slot].open[index].checkAt = now
        if !isHeld(jobs[slot].open[index].run, in: jobs[slot]) {
          jobs[slot].open[index].place = name
          pools[name]?.taken += 1
        }
        advance(slot, at: now)
        giveBack(waiter.id, slot)
      }
    }
  }

  /// A row that does not go on, as another one of its job came first, keeps no place from that one.
  private mutating func giveBack(_ id: RunID, _ slot: Int) {
    guard let index = jobs[slot].index(of: id), jobs[slot].open[index].isWaiting,
      !jobs[slot].admitted.contains(id)
    else { return }
    leavePlace(index, slot)
  }

  /// The rows of a job whose settings may have changed ask their gates again.
  mutating func leaveLines(_ slot: Int, at now: Instant) {
    for index in jobs[slot].open.indices where jobs[slot].open[index].wait != nil {
      stepBack(index, slot)
      jobs[slot].open[index].checkAt = now
    }
  }
}
