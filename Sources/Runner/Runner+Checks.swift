import Jobs
import KillPoints
import Logging
import RunLifecycle
import RunStore
import Scheduling

/// What is wrong with a job only in view of the others and of the configuration.
extension Runner {
  private var surroundings: JobSurroundings {
    JobSurroundings(
      pools: configuration.pools.keys, definition: { [catalog] in catalog.live[$0] },
      isThere: { [catalog, loading] name in
        catalog.live[name] != nil || catalog.refused[name] != nil || loading[name] != nil
      }, names: { [catalog] in Array(catalog.live.keys) })
  }

  func objection(to definition: JobDefinition) -> LoadFailure? {
    let objections = surroundings.objections(to: definition)
    return objections.isEmpty ? nil : LoadFailure(objections)
  }

  /// Loads what was refused for the sake of another job, once that is no reason any more.
  func takeUpObjected() {
    guard initialLoads == 0, !objected.isEmpty else { return }
    for (name, definition) in objected.sorted(by: { $0.key < $1.key }) where objection(to: definition) == nil
    {
      objected[name] = nil
      if let source = catalog.takeUpAgain(name), source == definition.source { load(source) }
    }
  }

  /// Says what a job waits for that is not there: of every job once the folder is read, then of each that goes live.
  func warn(of definitions: some Sequence<JobDefinition>) {
    let surroundings = surroundings
    for definition in definitions {
      for doubt in surroundings.doubts(about: definition) { logger.warning("\(doubt)", job: definition.name) }
    }
  }

  /// Takes over what is kept of the job that this one was before it was renamed.
  func inherit(_ heir: JobKey, from name: String) {
    guard live[heir] == nil else { return historyStays(heir, name) }
    // What was decided for the old name is in the store first.
    writeNow()
    do {
      guard try store.inherit(heir, from: name) else { return historyStays(heir, name) }
      KillPoint.jobRenamed.pass()
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

  /// Two histories are never mixed: the job has one of its own, as it went live before it said what it had been.
  private func historyStays(_ heir: JobKey, _ name: String) {
    guard let old = stored.keys[name] ?? keys[name], stored.lastEnded[old] != nil else { return }
    logger.warning(
      "schedule.formerly: the history of \(name) stays under that name; this job has one of its own",
      job: self.name(of: heir))
  }
}
