import Glibc

/// The watching thread's state: what is watched, and what has been seen but not told yet.
///
/// It belongs to one thread at a time.
final class WatchLoop {
  let folder: JobsFolder
  let notice: @Sendable (String) -> Void
  let inotify: Inotify?
  var tree = WatchedTree()
  var settler = ChangeSettler()
  private var root: FolderIdentity?
  var rootMayHaveChanged = false
  /// Folders that could not be watched: they are looked at once a second.
  var unwatched: [String: FolderSnapshot] = [:]
  var lastLook: Int64

  /// - Parameter inotify: `nil` where the kernel gives none: then everything is looked at once a second.
  init(folder: JobsFolder, inotify: Inotify?, notice: @escaping @Sendable (String) -> Void) {
    self.folder = folder
    self.notice = notice
    self.inotify = inotify
    lastLook = Self.now
    if inotify == nil { noticeLimit("max_user_instances") }
    attach()
  }

  /// Reads what changed, without what somebody is writing: when that is closed, it is told again.
  func read(_ changes: [FolderChange]) -> FolderScan {
    var scan = folder.read(changes, leavingBusyFiles: true)
    for path in scan.busy { settler.held(path, at: Self.now) }
    // What was begun while it was read has left its notice by now.
    inotify?.drain { handle($0) }
    scan.withhold(settler.unfinished)
    return scan
  }

  /// Waits for changes and hands them over, until it is told to stop.
  func run(_ orders: WatchOrders, _ deliver: ([FolderChange]) -> Void) {
    while true {
      let time = Self.now
      let wake = min(settler.nextWake ?? .max, lastLook + Self.lookEvery)
      var waits = [
        pollfd(fd: orders.descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: inotify?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
      ]
      // Rounded up: a wake-up that is early finds nothing.
      _ = poll(&waits, 2, Int32(max(0, (wake - time + 999) / 1000)))
      if waits[0].revents != 0 {
        guard let answers = orders.take() else { return }
        inotify?.drain { handle($0) }
        for answer in answers { answer(read([.everything])) }
      }
      inotify?.drain { handle($0) }
      if Self.now - lastLook >= Self.lookEvery { look() }
      if rootMayHaveChanged { checkRoot() }
      let changes = settler.take(at: Self.now, disk)
      if !changes.isEmpty { deliver(changes) }
    }
  }

  // MARK: - What the kernel says

  private func handle(_ event: Inotify.Event) {
    if event.isOverflow {
      notice("too much changed at once for the kernel's queue; the jobs folder is read anew")
      detach()
      attach()
      settler.changedEverything(at: Self.now)
      return
    }
    guard !event.name.isEmpty else { return handleFolderItself(event) }
    let name = String(validating: event.name, as: UTF8.self)
    if let name {
      for traveller in tree.travellers(past: name, in: event.watch) {
        switch traveller {
        case .root: rootMayHaveChanged = true
        case .link(let path): handle(event, at: path, throughLink: true)
        }
      }
    }
    let paths = tree.paths(of: event.watch)
    guard !paths.isEmpty else { return }
    guard let name, NameRules.objection(to: name) == nil else {
      // Nobody's change has such a name; what is to say of it, a look at the whole folder says.
      if event.appeared || event.disappeared {
        for path in paths { settler.changedTree(path, at: Self.now) }
      }
      return
    }
    guard !NameRules.ignores(name) else { return }
    for path in paths { handle(event, at: path.isEmpty ? name : path + "/" + name, throughLink: false) }
  }

  private func handleFolderItself(_ event: Inotify.Event) {
    let paths = tree.paths(of: event.watch)
    if paths.contains("") { rootMayHaveChanged = true }
    if event.has(IN_ATTRIB) {
      for path in paths { settler.changedTree(path, at: Self.now) }
    }
    if event.has(IN_IGNORED) {
      tree.forget(event.watch)
      // A link's way may go on through a new folder of that name.
      for path in paths where !path.isEmpty { settler.changedTree(path, at: Self.now) }
    }
  }

  /// Takes in what happened to one name. Through a link, it happened to what the link leads to.
  private func handle(_ event: Inotify.Event, at path: String, throughLink: Bool) {
    let now = Self.now
    let wasLink = tree.hasTrail(.link(path))
    if throughLink || event.appeared { retrace(path) }
    let isFolder = event.isFolder || throughLink && FolderIdentity(folder.absolutePath(of: path)) != nil
    if isFolder {
      folderEvent(event, at: path)
    } else if event.disappeared {
      if !throughLink { unwatch(tree.remove(trailOf: .link(path))) }
      if wasLink || tree.watchOf[path] != nil || unwatched[path] != nil { depart(path) }
      if NameRules.isJobFile(path) { settler.removed(path, at: now) }
    } else if event.appeared, !throughLink, isLinkToFolder(path) {
      arrive(path)
    } else if NameRules.isJobFile(path) {
      fileEvent(event, at: path, now)
    }
  }

  private func fileEvent(_ event: Inotify.Event, at path: String, _ now: Int64) {
    if event.has(IN_CLOSE_WRITE | IN_MOVED_TO) {
      settler.written(path, isEmpty: !disk.hasContent(path), at: now)
    } else if event.has(IN_CREATE) {
      // Links, FIFOs and the like are whole when they are there; a file's content is still to come.
      if isPlainFile(path) { settler.created(path, at: now) } else { settler.written(path, at: now) }
    } else if event.has(IN_MODIFY) {
      settler.modified(path, at: now)
    } else if event.has(IN_ATTRIB) {
      settler.attributed(path, at: now)
    }
  }

  private func folderEvent(_ event: Inotify.Event, at path: String) {
    if event.disappeared {
      depart(path)
    } else if event.appeared || event.has(IN_ATTRIB) {
      arrive(path)
    }
  }

  func arrive(_ path: String) {
    // What was there under that path, if anything, was another folder.
    unwatch(tree.remove(tree: path))
    settler.changedTree(path, at: Self.now)
    watch(path, within: ancestors(of: path))
  }

  func depart(_ path: String) {
    unwatch(tree.remove(tree: path))
    unwatched = unwatched.filter { $0.key != path && !$0.key.isInside(path) }
    settler.forgetWriters(in: path)
    settler.changedTree(path, at: Self.now)
  }

  // MARK: - Watching

  private func attach() {
    root = FolderIdentity(folder.absolutePath)
    for step in PathTrail(of: folder.absolutePath).steps { follow(step, for: .root, Inotify.names) }
    if root != nil { watch("", within: []) }
  }

  private func detach() {
    unwatch(tree.remove(tree: ""))
    unwatch(tree.remove(trailOf: .root))
    unwatched = [:]
    settler.forgetWriters(in: "")
    settler.forgetFolderJobs()
  }

  private func checkRoot() {
    rootMayHaveChanged = false
    let identity = FolderIdentity(folder.absolutePath)
    let isSeen = tree.watchOf[""] != nil || unwatched[""] != nil
    guard identity != root || identity == nil || !isSeen else { return }
    let wasThere = root != nil
    detach()
    attach()
    if root != nil || wasThere { settler.changedEverything(at: Self.now) }
  }

  /// Watches a folder and those in it. The watch comes first, then the look at what is there: what
  /// comes between the two is seen twice and not missed.
  private func watch(_ path: String, within ancestors: [FolderIdentity]) {
    let absolute = folder.absolutePath(of: path)
    guard let identity = FolderIdentity(absolute), !ancestors.contains(identity),
      ancestors.count < FolderScanner.maximumDepth
    else { return }
    switch inotify?.add(absolute, for: Inotify.everything) {
    case .success(let watch):
      tree.add(path, watch)
      unwatched[path] = nil
    case .failure(let code) where code.number == ENOSPC || code.number == ENOMEM:
      if unwatched.isEmpty { noticeLimit("max_user_watches") }
      unwatched[path] = FolderSnapshot(of: absolute)
    case .failure: return
    case nil: unwatched[path] = FolderSnapshot(of: absolute)
    }
    guard let listing = try? FolderListing(reading: absolute) else { return }
    if listing.isFolderJob { settler.noteFolderJob(path) }
    for name in listing.links { retrace(path.isEmpty ? name : path + "/" + name) }
    for name in listing.folders {
      watch(path.isEmpty ? name : path + "/" + name, within: ancestors + [identity])
    }
  }

  private func ancestors(of path: String) -> [FolderIdentity] {
    let parts = path.split(separator: "/")
    return (0..<parts.count).compactMap {
      FolderIdentity(folder.absolutePath(of: parts.prefix($0).joined(separator: "/")))
    }
  }

  /// Follows the link at this path anew, if there is one: its way may lead through other names now.
  private func retrace(_ path: String) {
    let idle = tree.remove(trailOf: .link(path))
    let (parent, name) = path.splitLast.map { ($0.folder, String($0.name)) } ?? ("", path)
    if isLinkToFolder(path)
      || isLink(path) && FolderListing.mayBecomeJob(name, at: folder.absolutePath(of: path))
    {
      for step in PathTrail(ofLink: name, in: folder.absolutePath(of: parent)).steps {
        follow(step, for: .link(path), Inotify.everything)
      }
    }
    unwatch(idle.filter { !tree.serves($0) })
  }

  private func follow(_ step: PathTrail.Step, for traveller: WatchedTree.Traveller, _ mask: UInt32) {
    if case .success(let watch) = inotify?.add(step.folder, for: mask) {
      tree.add(traveller, watch, name: step.name)
    }
  }

  private func unwatch(_ watches: [Inotify.Watch]) {
    for watch in watches { inotify?.remove(watch) }
  }

  static let lookEvery: Int64 = 1_000_000

  /// Microseconds on a clock that nobody sets.
  static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
  }
}
