import Jobs
import Logging
import RunLifecycle
import RunStore
import Scheduling

/// What is wrong with a job only in view of the others and of the configuration.
extension Runner {
  func objection(to definition: JobDefinition) -> LoadFailure? {
    var messages: [String] = []
    if let pool = definition.policy.pool, configuration.pools[pool] == nil {
      let known = configuration.pools.keys.sorted()
      let near = SlipFinder.nearest(to: pool, in: known).map { "; did you mean \"\($0)\"?" }
      messages.append(
        "schedule.pool: there is no pool \"\(pool)\""
          + (near
            ?? (known.isEmpty ? "; none is configured" : "; configured are \(known.joined(separator: ", "))"))
          + "; add it under `pools:` in almanac.yaml")
    }
    if let cycle = AfterCycle.through(definition, awaitedBy: { catalog.live[$0]?.awaitedJobs ?? [] }) {
      messages.append(
        "schedule.after: the jobs wait for each other in a circle: \(cycle.joined(separator: " -> "))")
    }
    if let former = definition.formerly, catalog.live[former] != nil || loading[former] != nil {
      messages.append("schedule.formerly: the job \(former) is still there; its history is its own")
    }
    guard !messages.isEmpty else { return nil }
    return LoadFailure(
      messages.map {
        LoadError(job: definition.name, file: definition.source.mainPath, line: nil, message: $0)
      })
  }

  /// Takes over what is kept of the job that this one was before it was renamed.
  func inherit(_ heir: JobKey, from name: String) {
    // What was decided for the old name is in the store first.
    commitPending()
    ledger.wait()
    do {
      guard try store.inherit(heir, from: name) else { return }
      let old = stored.keys[name] ?? keys[name]
      stored.accounts[heir] = try store.accounts(of: [heir])[heir]
      stored.lastEnded[heir] = try store.lastEnded([heir])[heir]
      if let old {
        stored.pauses[heir] = stored.pauses.removeValue(forKey: old)
        stored.accounts[old] = nil
        stored.lastEnded[old] = nil
        stored.openRows[heir] = stored.openRows.removeValue(forKey: old)?.map { row in
          var row = row
          row.run.job = heir
          openRuns[row.run.id]?.job = heir
          return row
        }
      }
      logger.log(level: .notice, "took over the history of \(name)", job: self.name(of: heir))
    } catch {
      logger.error("the history of \(name) could not be taken over: \(error)", job: self.name(of: heir))
    }
  }
}

/// Jobs that wait for each other's ends in a circle.
enum AfterCycle {
  /// The names along a circle that the definition would close, from its own to its own.
  ///
  /// - Parameter awaitedBy: The jobs that another job waits for.
  /// - Complexity: O(jobs that it waits for, directly or not).
  static func through(_ definition: JobDefinition, awaitedBy: (String) -> [String]) -> [String]? {
    var path = [definition.name]
    var seen: Set<String> = []
    func search(_ name: String) -> Bool {
      for next in name == definition.name ? definition.awaitedJobs : awaitedBy(name) {
        if next == definition.name { return true }
        guard seen.insert(next).inserted else { continue }
        path.append(next)
        if search(next) { return true }
        path.removeLast()
      }
      return false
    }
    return search(definition.name) ? path + [definition.name] : nil
  }
}

extension JobDefinition {
  /// The jobs whose ends its triggers wait for.
  var awaitedJobs: [String] {
    (schedule?.triggers ?? []).flatMap { trigger -> [String] in
      if case .after(let conditions) = trigger.rule { conditions.map(\.job) } else { [] }
    }
  }
}
