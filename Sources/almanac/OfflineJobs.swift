import CLinux
import FoundationEssentials
import Jobs
import RunLifecycle
import RunStore
import Runner
import Scheduling
import Settings

/// The jobs folder looked at without a daemon: files are evaluated in a host process, and nothing of
/// them is run.
struct OfflineJobs {
  /// What was looked at, whether or not it loads.
  let sources: [JobSource]
  let definitions: [JobDefinition]
  let errors: [LoadError]
  /// What is most likely not meant, and yet loads.
  let doubts: [LoadError]

  /// - Parameters:
  ///   - settings: where the jobs are, and the state directory, which has their rocks or gets them.
  ///   - modules: whether to look at all of the jobs' modules.
  ///   - only: the jobs to load; all of them if there is no such list.
  init(_ settings: DaemonSettings, modules: Bool = false, only: Set<String>? = nil) throws {
    let folder = settings.jobs.value
    try JobsFolderChoice.require(folder)
    let scan = JobsFolder(path: folder).scan()
    sources = scan.sources.filter { only?.contains($0.name) ?? true }
    if let only,
      let missing = only.first(where: { name in
        !scan.sources.contains { $0.name == name } && !scan.errors.contains { $0.job == name }
      })
    {
      throw CommandFailure(noSuchJobText(missing, among: scan.sources.map(\.name)), status: ExitStatus.noJob)
    }
    settings.giveZoneToHosts()
    let loaded = try DefinitionLoader.load(
      sources, modules: modules, hosts: ProcessInfo.processInfo.activeProcessorCount, zone: settings.zone(),
      defaults: settings.defaults,
      rocks: (settings.directory, { job, text in Console.note("\(job): \(text)") }))
    let found = Dictionary(loaded.definitions.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    let names = Set(scan.sources.map(\.name) + scan.errors.map(\.job))
    let surroundings = JobSurroundings(
      pools: settings.pools.keys, definition: { found[$0] }, isThere: names.contains, names: { Array(names) })
    let objections = Dictionary(grouping: found.values.flatMap(surroundings.objections), by: \.job)
    definitions = found.values.filter { objections[$0.name] == nil }.sorted { $0.name < $1.name }
    errors =
      (loaded.errors + objections.values.joined() + scan.errors.filter { only?.contains($0.job) ?? true })
      .sorted()
    doubts = found.values.flatMap(surroundings.doubts).sorted()
  }

  /// The jobs as a daemon that started now would show them.
  func views(ledger: LedgerReader?) throws -> [JobView] {
    let now = Instant(microseconds: clinux_wall_us())
    let accounts = try ledger?.store.accounts(of: []) ?? [:]
    let lastEnded = try ledger?.store.lastEnded(Array(ledger?.keys.values ?? [:].values)) ?? [:]
    var planner = Planner(claimAhead: .zero, node: "", nextRunID: RunID(1), startID: "", testMode: false)
    var views: [JobView] = []
    for (number, definition) in definitions.enumerated() {
      let key = ledger?.keys[definition.source.name] ?? JobKey(Int32(clamping: -1 - number))
      _ = planner.handle(
        .jobLive(
          definition.plan(key: key), accounts: accounts[key] ?? [], lastEnded: lastEnded[key],
          pause: ledger?.pauses[key], initial: false),
        at: now)
      views.append(
        JobView(
          name: definition.source.name, file: definition.source.mainPath, definition: definition,
          state: state(of: definition, key, pause: ledger?.pauses[key], in: planner, at: now),
          nextDue: planner.nextFiring(of: key)?.firing.startAt, lastEnded: lastEnded[key], errors: [],
          pause: ledger?.pauses[key], testMode: false))
    }
    for (name, errors) in Dictionary(grouping: errors, by: \.job) {
      views.append(
        JobView(
          name: name, file: errors.first?.file, definition: nil, state: .refused, nextDue: nil,
          lastEnded: ledger?.keys[name].flatMap { lastEnded[$0] }, errors: errors, testMode: false))
    }
    return views.sorted { $0.name < $1.name }
  }

  private func state(
    of definition: JobDefinition, _ key: JobKey, pause: RunLifecycle.Pause?, in planner: Planner,
    at now: Instant
  ) -> JobView.State {
    if !definition.policy.enabled { return .disabled }
    if pause != nil { return .paused }
    return planner.isArchived(key, at: now) ? .archived : .idle
  }
}
