/// Decides when what the kernel tells of a jobs folder is a change to act on.
///
/// Editors save in several steps, and tools write many files. So:
/// - a file counts when it is closed after writing, or renamed to: at once;
/// - not while it is being written;
/// - a file that went is given a moment, for it may be on its way back (delete and create, backup and
///   write anew);
/// - a folder job, and a folder that has just appeared and may be one, counts when nothing has
///   happened in it for a while.
///
/// A pure value: times are microseconds on any clock that only goes forward.
struct ChangeSettler {
  typealias Time = Int64

  /// How long a folder job must be quiet.
  static let quiet: Time = 50_000
  /// How long something that went may stay away unnoticed.
  static let grace: Time = 20_000
  /// How long a file is held that somebody has open and does not write.
  static let holding = Time(SourceFile.writerPatience + 1) * 1_000_000
  /// How long a new folder is held that is no folder job (yet) and does not become quiet.
  static let patience: Time = 150_000

  private enum Writer {
    /// A file that came by a hard link is complete, and no close tells: look then.
    case seenUntil(Time)
    case untilClosed
    /// Somebody has it open, and whether a close will tell is not known: it counts then all the same.
    case heldUntil(Time)
  }

  private struct Tree {
    var since: Time
    var due: Time
  }

  /// When the file counts, if nobody is writing it then.
  private var files: [String: Time] = [:]
  private var trees: [String: Tree] = [:]
  /// Files that are being written.
  private var writing: [String: Writer] = [:]
  private var everythingDue: Time?
  /// Folders with a `main.lua`; one whose main file is away for a moment still counts as one.
  private(set) var folderJobs: Set<String> = []

  // MARK: - What happened

  /// A file's name appeared; its content may be still to come.
  mutating func created(_ path: String, at now: Time) {
    writing[path] = .seenUntil(now + Self.grace)
    schedule(path, at: now, now)
  }

  mutating func modified(_ path: String, at now: Time) {
    writing[path] = .untilClosed
    schedule(path, at: now, now)
  }

  /// A file was found being written. What was seen of it before goes for nothing.
  mutating func held(_ path: String, at now: Time) {
    if case .untilClosed = writing[path] { return }
    writing[path] = .heldUntil(now + Self.holding)
    schedule(path, at: now, now)
  }

  /// A file is complete: closed, renamed to, linked. An empty one may be about to be filled.
  mutating func written(_ path: String, isEmpty: Bool = false, at now: Time) {
    writing[path] = nil
    schedule(path, at: isEmpty ? now + Self.grace : now, now)
  }

  /// A file's permissions changed.
  mutating func attributed(_ path: String, at now: Time) { schedule(path, at: now, now) }

  mutating func removed(_ path: String, at now: Time) {
    writing[path] = nil
    schedule(path, at: now + Self.grace, now)
  }

  /// A folder appeared, went, or changed as a whole.
  mutating func changedTree(_ path: String, at now: Time) {
    if path.isEmpty { return changedEverything(at: now) }
    touch(owner(of: path) ?? path, now)
  }

  mutating func changedEverything(at now: Time) {
    everythingDue = now + Self.quiet
  }

  /// The folder went: what was being written in it is no more.
  mutating func forgetWriters(in path: String) {
    guard !writing.isEmpty else { return }
    if path.isEmpty { writing = [:] } else { writing = writing.filter { !$0.key.isInside(path) } }
  }

  /// A main file was seen in the folder.
  mutating func noteFolderJob(_ path: String) {
    if !path.isEmpty { folderJobs.insert(path) }
  }

  /// The files that are being written, or may be.
  var unfinished: some Sequence<String> { writing.keys }

  mutating func forgetFolderJobs() { folderJobs = [] }

  private mutating func schedule(_ path: String, at due: Time, _ now: Time) {
    if let (folder, name) = path.splitLast, name == NameRules.mainFile { noteFolderJob(folder) }
    if let owner = owner(of: path) { touch(owner, now) } else { files[path] = due }
  }

  private mutating func touch(_ tree: String, _ now: Time) {
    trees[tree, default: Tree(since: now, due: now)].due = now + Self.quiet
  }

  /// The outermost folder around the path that counts as a whole.
  private func owner(of path: String) -> String? {
    guard !trees.isEmpty || !folderJobs.isEmpty else { return nil }
    var end = path.startIndex
    while let slash = path[end...].firstIndex(of: "/") {
      let folder = String(path[..<slash])
      if folderJobs.contains(folder) || trees[folder] != nil { return folder }
      end = path.index(after: slash)
    }
    return nil
  }

  // MARK: - What counts by now

  /// What the settler needs to know of the disk.
  struct Disk {
    /// Whether a file that appeared, and that nobody was seen writing, has content.
    var hasContent: (String) -> Bool
    var isFolderJob: (String) -> Bool
    /// Every Lua file in a folder that is a namespace.
    var files: (String) -> [String]
  }

  /// Takes the changes that count by now: none twice, and none within another.
  mutating func take(at now: Time, _ disk: Disk) -> [FolderChange] {
    for (path, writer) in writing {
      switch writer {
      case .seenUntil(let time) where time <= now:
        writing[path] = disk.hasContent(path) ? nil : .untilClosed
      case .heldUntil(let time) where time <= now: writing[path] = nil
      default: break
      }
    }
    if let due = everythingDue {
      guard due <= now else { return [] }
      everythingDue = nil
      files = files.filter { writing[$0.key] != nil }
      trees = [:]
      return [.everything]
    }
    var changes = takeTrees(at: now, disk)
    for (path, due) in files where due <= now && writing[path] == nil {
      files[path] = nil
      if owner(of: path) == nil { changes.append(.file(path)) } else { changedTree(path, at: now) }
    }
    return changes
  }

  private mutating func takeTrees(at now: Time, _ disk: Disk) -> [FolderChange] {
    var changes: [FolderChange] = []
    for (path, tree) in trees {
      if disk.isFolderJob(path) { folderJobs.insert(path) }
      let isJob = folderJobs.contains(path)
      let isBusy = writing.keys.contains { $0.isInside(path) }
      if tree.due <= now, !isBusy {
        changes.append(.tree(path))
      } else if !isJob, tree.since + Self.patience <= now {
        // A namespace that is being filled: its files stand for themselves.
        for file in disk.files(path) where writing[file] == nil { changes.append(.file(file)) }
        for file in writing.keys where file.isInside(path) { files[file] = now }
      } else {
        continue
      }
      trees[path] = nil
      if !disk.isFolderJob(path) { folderJobs.remove(path) }
    }
    return changes
  }

  /// When ``take(at:_:)`` may have something next; `nil` if nothing is pending.
  var nextWake: Time? {
    var next = everythingDue
    func consider(_ time: Time) { next = min(next ?? time, time) }
    for writer in writing.values {
      switch writer {
      case .seenUntil(let time), .heldUntil(let time): consider(time)
      case .untilClosed: break
      }
    }
    guard everythingDue == nil else { return next }
    for (path, due) in files where writing[path] == nil { consider(due) }
    for (path, tree) in trees {
      if !folderJobs.contains(path) { consider(tree.since + Self.patience) }
      if !writing.keys.contains(where: { $0.isInside(path) }) { consider(tree.due) }
    }
    return next
  }
}

extension String {
  /// Whether the path lies below the folder.
  func isInside(_ folder: String) -> Bool {
    folder.isEmpty
      || utf8.count > folder.utf8.count && hasPrefix(folder)
        && utf8[utf8.index(utf8.startIndex, offsetBy: folder.utf8.count)] == UInt8(ascii: "/")
  }

  /// The path's folder and its last component; `nil` if it has only one.
  var splitLast: (folder: String, name: Substring)? {
    guard let slash = lastIndex(of: "/") else { return nil }
    return (String(self[..<slash]), self[index(after: slash)...])
  }
}
