import Scheduling

/// Which jobs there are: what is live of each, what was refused, and what a look at the folder changes.
///
/// A version that does not load does not touch the one that is live. Pure bookkeeping: the owner reads
/// the folder, loads what ``apply(_:)`` hands out, and tells how that ended.
public struct Catalog: Sendable {
  /// What is to be done after a scan.
  public struct Changes: Sendable, Equatable {
    /// New versions, to be loaded; each is answered by ``Catalog/accept(_:)`` or
    /// ``Catalog/refuse(_:_:)``, unless a newer one of the same job comes first.
    public var toLoad: [JobSource] = []
    /// Jobs whose files are gone, be they live, refused or just being loaded.
    public var removed: [String] = []
    /// What was not known to be wrong before.
    public var newErrors: [LoadError] = []
  }

  /// What the file last held, as far as it was read.
  private enum Candidate {
    case loading(JobSource)
    case live(JobSource)
    case refused(JobSource)
    /// It could not be read as a job at all.
    case unreadable
  }

  /// The last good version of each job.
  public private(set) var live: [String: JobDefinition] = [:]
  /// What is wrong with a job's file as it stands now, whether or not an older version is live.
  public private(set) var refused: [String: LoadFailure] = [:]
  /// What is wrong with the jobs folder itself.
  public private(set) var folderErrors: [LoadError] = []
  private var candidates: [String: Candidate] = [:]
  private var ownHosts: Set<String> = []
  /// To be handed out again by the next scan that finds them.
  private var outdated: Set<String> = []

  public init() {}

  /// Takes in what a look at the folder found.
  ///
  /// What reads as it did before changes nothing. A job that the scan did not find, though it looked
  /// where the job would be, is removed; one in a place that could not be looked at stays.
  ///
  /// - Complexity: O(what the scan found); O(all jobs) for a scan of more than single jobs.
  public mutating func apply(_ scan: FolderScan) -> Changes {
    var changes = Changes()
    let errors = Dictionary(grouping: scan.errors, by: \.job)
    take(folderErrors: errors[""] ?? [], of: scan, &changes)
    for (job, errors) in errors where !job.isEmpty {
      let failure = LoadFailure(errors.sorted())
      if refused[job] != failure { changes.newErrors += failure.errors }
      refused[job] = failure
      candidates[job] = .unreadable
    }
    for source in scan.sources where errors[source.name] == nil { take(source, &changes) }
    let found = Set(scan.sources.lazy.map(\.name)).union(errors.keys)
    for name in suspects(of: scan) where !found.contains(name) && scan.rulesOut(name) {
      let wasLive = live.removeValue(forKey: name) != nil
      let former = candidates.removeValue(forKey: name)
      refused[name] = nil
      ownHosts.remove(name)
      // What could never be read as a job was none.
      if case .unreadable = former, !wasLive { continue }
      changes.removed.append(name)
    }
    changes.removed.sort()
    changes.newErrors.sort()
    return changes
  }

  private mutating func take(_ source: JobSource, _ changes: inout Changes) {
    let name = source.name
    let isOutdated = outdated.remove(name) != nil
    switch candidates[name] {
    case .loading(let known) where known == source: return
    case .refused(let known) where known == source && !isOutdated: return
    case .live(let known) where known == source && !isOutdated: return
    case .loading: break
    case .live, .refused, .unreadable, nil:
      if !isOutdated, let definition = live[name], definition.source == source {
        // Back to what is live: nothing to load, and nothing wrong any more.
        candidates[name] = .live(source)
        refused[name] = nil
        return
      }
    }
    candidates[name] = .loading(source)
    changes.toLoad.append(source)
  }

  /// Has the next scan hand out what it finds, though a job's files read as before, where something else that
  /// it was read from is another one now (``JobDefinition/isOutdated(daemonZone:)``), or it was refused, which may have been
  /// for what is there by now.
  public mutating func readAgainWhatMayHaveChanged(daemonZone: Zone) {
    outdated = Set(live.values.lazy.filter { $0.isOutdated(daemonZone: daemonZone) }.map(\.name)).union(
      refused.keys)
  }

  private mutating func take(folderErrors errors: [LoadError], of scan: FolderScan, _ changes: inout Changes)
  {
    changes.newErrors += errors.filter { !folderErrors.contains($0) }
    // Any scan that got as far as the folder shows that it is there.
    folderErrors = errors
  }

  /// The names that the scan may rule out.
  private func suspects(of scan: FolderScan) -> [String] {
    var single: [String] = []
    for scope in scan.scopes {
      guard case .job(let name) = scope else { return Array(candidates.keys) }
      if candidates[name] != nil { single.append(name) }
    }
    return single
  }

  // MARK: - How loading ended

  /// The definition is live from now on. False if a newer version came, or the file went, meanwhile.
  @discardableResult public mutating func accept(_ definition: JobDefinition) -> Bool {
    let name = definition.source.name
    guard case .loading(let source) = candidates[name], source == definition.source else { return false }
    candidates[name] = .live(source)
    live[name] = definition
    refused[name] = nil
    return true
  }

  /// This version does not load; what was live stays so. False if a newer version came, or the file
  /// went, meanwhile.
  @discardableResult public mutating func refuse(_ source: JobSource, _ failure: LoadFailure) -> Bool {
    guard case .loading(let current) = candidates[source.name], current == source else { return false }
    candidates[source.name] = .refused(source)
    refused[source.name] = failure
    return true
  }

  /// The source of a job that was refused for what may have changed by now, to be loaded once more; `nil` if its
  /// file has changed or gone meanwhile.
  public mutating func takeUpAgain(_ name: String) -> JobSource? {
    guard case .refused(let source) = candidates[name] else { return nil }
    candidates[name] = .loading(source)
    return source
  }

  // MARK: - Hosts

  /// Whether the job's state belongs into a host process of its own: it asks for one, or was given one.
  public func needsOwnHost(_ name: String) -> Bool {
    ownHosts.contains(name) || live[name]?.ownHost == true
  }

  /// Gives the job a host process of its own, for as long as its file is there: it has brought a
  /// shared one down.
  public mutating func giveOwnHost(_ name: String) { ownHosts.insert(name) }
}
