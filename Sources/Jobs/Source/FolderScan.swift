/// What a look at the jobs folder, or at a part of it, found.
public struct FolderScan: Sendable, Equatable {
  /// Which job names a scan speaks for: a name in its scope that it does not list is not there.
  public enum Scope: Sendable, Hashable {
    case everything
    case job(String)
    /// The job of this name, and all whose names begin with it and a `/`.
    case tree(String)

    public func covers(_ name: String) -> Bool {
      switch self {
      case .everything: true
      case .job(let job): name == job
      case .tree(let folder): name == folder || name.hasPrefix(folder + "/")
      }
    }
  }

  public var scopes: [Scope]
  /// In the order of their names, each name once.
  public var sources: [JobSource]
  /// Of files and folders that cannot be jobs as they are.
  public var errors: [LoadError]
  /// Parts of the scope that could not be looked at (a folder that cannot be read, the jobs folder
  /// itself missing): nothing is known of the jobs in them, so they are not gone.
  public var unknown: [Scope]
  /// Files that somebody was writing, by their paths in the folder. Nothing is known of their jobs: what they
  /// held is no version.
  var busy: [String] = []

  public init(
    scopes: [Scope], sources: [JobSource] = [], errors: [LoadError] = [], unknown: [Scope] = []
  ) {
    self.scopes = scopes
    self.sources = sources
    self.errors = errors
    self.unknown = unknown
  }

  /// Whether the scan says that there is no such job: it looked where the job would be.
  public func rulesOut(_ name: String) -> Bool {
    scopes.contains { $0.covers(name) } && !unknown.contains { $0.covers(name) }
  }

  /// Takes back what was read of jobs with these files, of which writing has begun meanwhile.
  mutating func withhold(_ paths: some Sequence<String>) {
    var jobs: Set<String> = []
    for path in paths {
      jobs.insert(NameRules.jobName(ofFile: path))
      var folder = path
      // A folder job's files are all of one version.
      while let parent = folder.splitLast?.folder {
        if sources.contains(where: { $0.name == parent && $0.isFolder }) { jobs.insert(parent) }
        folder = parent
      }
    }
    guard !jobs.isEmpty else { return }
    sources.removeAll { jobs.contains($0.name) }
    errors.removeAll { jobs.contains($0.job) }
    unknown += jobs.sorted().map(Scope.job)
  }
}
