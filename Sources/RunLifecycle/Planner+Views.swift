import Scheduling

/// What is, for `status` and `next`.
extension Planner {
  /// The rows that are running, in the order in which they were claimed.
  public var running: [Run] {
    jobs.lazy.filter { !$0.running.isEmpty }.flatMap { job in
      job.open.filter(\.isRunning).map(\.run)
    }
    .sorted { $0.id < $1.id }
  }

  /// The rows that wait: claimed a moment ahead, deferred, made up, between attempts.
  public var waiting: [Run] {
    slotOfRun.values.reduce(into: Set()) { $0.insert($1) }
      .flatMap { jobs[$0].open.map(\.run).filter { $0.state == .waiting } }.sorted { $0.id < $1.id }
  }

  public var runningCount: Int { jobs.reduce(0) { $0 + $1.running.count } }

  /// The open rows of a job, in the order in which they were claimed.
  public func openRuns(of key: JobKey) -> [Run] {
    guard let slot = slots[key] else { return [] }
    return jobs[slot].open.map(\.run)
  }

  /// A row that has not ended.
  public func run(_ id: RunID) -> Run? {
    guard let slot = slotOfRun[id], let index = jobs[slot].index(of: id) else { return nil }
    return jobs[slot].open[index].run
  }

  /// What is really ahead of a job: its next firing, with the trigger as it is shown. `nil` if none comes, or
  /// not before the run that is going has ended.
  public func nextFiring(of key: JobKey) -> (label: String, firing: Firing)? {
    guard let slot = slots[key], let schedule = jobs[slot].plan.schedule else { return nil }
    // A row that was claimed a moment ahead is ahead still.
    let claimed = jobs[slot].open.first {
      $0.run.claim == .onTime && $0.run.attempt == 0 && $0.run.state == .waiting
    }
    if let run = claimed?.run, case .clock = run.cause {
      let index = schedule.triggers.firstIndex { $0.label == run.trigger } ?? 0
      return (run.trigger, Firing(trigger: index, dueAt: run.dueAt, startAt: run.notBefore))
    }
    let next = jobs[slot].triggers.compactMap(\.next).min { $0.dueAt < $1.dueAt }
    return next.map { (schedule.triggers[$0.trigger].label, $0) }
  }

  /// How far the triggers of a job are accounted for: where a listing of coming firings goes on from.
  public func accounts(of key: JobKey) -> [TriggerAccount] {
    guard let slot = slots[key] else { return [] }
    return jobs[slot].triggers.map(\.account)
  }

  /// What a trigger that does not follow the clock remembers.
  public func memo(of key: JobKey, trigger: String) -> String? {
    slots[key].flatMap { jobs[$0].triggers.first { $0.key == trigger }?.memo }
  }

  /// True if `archive_after` has passed since the job's last trigger ended.
  public func isArchived(_ key: JobKey, at now: Instant) -> Bool {
    slots[key].map { jobs[$0].isArchived(at: now) } ?? false
  }

  /// True if nothing runs, and no row that has been claimed is about to.
  public var isIdle: Bool {
    slotOfRun.values.allSatisfy { slot in
      jobs[slot].running.isEmpty
        && jobs[slot].open.allSatisfy { $0.phase == .waiting && isHeld($0.run, in: jobs[slot]) }
    }
  }
}
