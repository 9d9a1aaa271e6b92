import Glibc

/// Which watch stands for which folder, and for which names on the way of which link.
///
/// Bookkeeping for ``WatchLoop``: a folder may be reached by several paths, and a watch may serve the
/// jobs' tree and a link's trail at once.
struct WatchedTree {
  /// Whose way a name lies on.
  enum Traveller: Hashable {
    /// The jobs folder's own path.
    case root
    /// A symbolic link in the tree, by its path relative to the jobs folder.
    case link(String)
  }

  private(set) var watchOf: [String: Inotify.Watch] = [:]
  private var pathsOf: [Inotify.Watch: Set<String>] = [:]
  private var travellersOf: [Inotify.Watch: [String: Set<Traveller>]] = [:]
  private var trails: [Traveller: [(watch: Inotify.Watch, name: String)]] = [:]

  /// The folders, by path relative to the jobs folder, that the watch stands for.
  func paths(of watch: Inotify.Watch) -> Set<String> { pathsOf[watch] ?? [] }

  func travellers(past name: String, in watch: Inotify.Watch) -> Set<Traveller> {
    travellersOf[watch]?[name] ?? []
  }

  func hasTrail(_ traveller: Traveller) -> Bool { trails[traveller] != nil }

  mutating func add(_ path: String, _ watch: Inotify.Watch) {
    watchOf[path] = watch
    pathsOf[watch, default: []].insert(path)
  }

  mutating func add(_ traveller: Traveller, _ watch: Inotify.Watch, name: String) {
    trails[traveller, default: []].append((watch, name))
    travellersOf[watch, default: [:]][name, default: []].insert(traveller)
  }

  /// Forgets the folder and all below it, links included. Returns the watches that serve nothing more.
  mutating func remove(tree path: String) -> [Inotify.Watch] {
    var idle: [Inotify.Watch] = []
    for folder in watchOf.keys where folder == path || folder.isInside(path) {
      guard let watch = watchOf.removeValue(forKey: folder) else { continue }
      pathsOf[watch]?.remove(folder)
      if isIdle(watch) { idle.append(watch) }
    }
    for case .link(let link) in trails.keys where link.isInside(path) {
      idle += remove(trailOf: .link(link))
    }
    return idle
  }

  mutating func remove(trailOf traveller: Traveller) -> [Inotify.Watch] {
    var idle: [Inotify.Watch] = []
    for (watch, name) in trails.removeValue(forKey: traveller) ?? [] {
      travellersOf[watch]?[name]?.remove(traveller)
      if travellersOf[watch]?[name]?.isEmpty == true { travellersOf[watch]?[name] = nil }
      if isIdle(watch) { idle.append(watch) }
    }
    return idle
  }

  /// The kernel has ended the watch: its folder is no more.
  mutating func forget(_ watch: Inotify.Watch) {
    for path in pathsOf.removeValue(forKey: watch) ?? [] where watchOf[path] == watch { watchOf[path] = nil }
    travellersOf[watch] = nil
    for (traveller, steps) in trails { trails[traveller] = steps.filter { $0.watch != watch } }
  }

  func serves(_ watch: Inotify.Watch) -> Bool { pathsOf[watch] != nil || travellersOf[watch] != nil }

  private mutating func isIdle(_ watch: Inotify.Watch) -> Bool {
    guard pathsOf[watch]?.isEmpty ?? true, travellersOf[watch]?.isEmpty ?? true else { return false }
    pathsOf[watch] = nil
    travellersOf[watch] = nil
    return true
  }
}
