import Jobs
import RunLifecycle
import RunStore
import Scheduling
import Settings

/// The jobs of a folder, ready to be played: how far they have come, and how long their runs take.
struct SimulatedJobs {
  /// A run's length is the median of so many that did their work.
  private static let history = 20

  let jobs: [Forecast.Job]
  let names: [JobKey: String]
  let pools: [String: Int]
  /// What stands between the forecast and what will be.
  private(set) var notes: [String] = []

  /// - Parameters:
  ///   - only: the job to play; all of the folder's without one.
  ///   - duration: of the runs of a job that has none in the ledger.
  init(_ settings: DaemonSettings, only: String?, duration: Interval, from: Instant) throws {
    let found = try OfflineJobs(settings, only: only.map { [$0] })
    for error in found.errors + found.doubts { Console.note("\(error)") }
    if only != nil, found.definitions.isEmpty { throw CommandFailure(nil, status: ExitStatus.noJob) }
    let ledger = try LedgerReader(settings.directory)
    let accounts = try ledger?.store.accounts(of: []) ?? [:]
    pools = settings.pools.mapValues(\.value)
    var jobs: [Forecast.Job] = []
    for (number, definition) in found.definitions.enumerated() {
      let key = ledger?.keys[definition.name]
      let known = key.flatMap { accounts[$0] } ?? []
      jobs.append(
        Forecast.Job(
          plan: definition.plan(key: JobKey(Int32(clamping: number + 1))),
          account: { trigger in known.first { $0.triggerKey == trigger.accountKey }?.account },
          pause: key.flatMap { ledger?.pauses[$0] },
          duration: try key.flatMap { try Self.median(of: $0, in: ledger) } ?? duration, from: from))
    }
    self.jobs = jobs
    names = Dictionary(jobs.map { ($0.plan.key, $0.plan.name) }, uniquingKeysWith: { $1 })
    addNotes()
  }

  private static func median(of job: JobKey, in ledger: LedgerReader?) throws -> Interval? {
    let runs = try ledger?.store.runs(RunQuery(job: job, limit: history)) ?? []
    let lengths = runs.compactMap { run -> Interval? in
      guard run.outcome == .succeeded, run.attempt == 1, let started = run.startedAt, let ended = run.endedAt
      else {
        return nil
      }
      return ended - started
    }
    return lengths.isEmpty ? nil : lengths.sorted()[lengths.count / 2]
  }

  private mutating func addNotes() {
    func note(_ text: String, _ isMeant: (JobPlan) -> Bool) {
      let meant = jobs.map(\.plan).filter(isMeant).map(\.name)
      guard !meant.isEmpty else { return }
      let shown =
        meant.prefix(3).joined(separator: ", ") + (meant.count > 3 ? " and \(meant.count - 3) more" : "")
      notes.append("\(text): \(shown)")
    }
    note("what is required, and `when`, is taken as met") { $0.policy.requires != nil || $0.policy.hasWhen }
    note("files, starts and stops of the daemon do not come in a simulation") { plan in
      plan.policy.runOnStartup
        || plan.schedule?.triggers.contains { trigger in
          switch trigger.rule {
          case .watch, .event: true
          default: false
          }
        } == true
    }
    note("paused all the time") { plan in jobs.contains { $0.plan.key == plan.key && $0.pause != nil } }
    note("disabled") { !$0.policy.enabled }
  }
}
