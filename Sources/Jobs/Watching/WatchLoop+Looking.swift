import Glibc

/// What the watching thread sees for itself, where no watch tells it.
extension WatchLoop {
  /// Once a second, for what no watch can tell: another file system mounted there, a folder above
  /// that may not be watched, folders beyond the kernel's limits.
  func look() {
    lastLook = Self.now
    rootMayHaveChanged = true
    for (path, before) in unwatched {
      guard unwatched[path] != nil else { continue }
      if let inotify,
        case .success(let watch) = inotify.add(folder.absolutePath(of: path), for: Inotify.everything)
      {
        tree.add(path, watch)
        unwatched[path] = nil
        settler.changedTree(path, at: Self.now)
        continue
      }
      let after = FolderSnapshot(of: folder.absolutePath(of: path))
      unwatched[path] = after
      for change in after.changes(since: before) { take(change, in: path) }
    }
  }

  private func take(_ change: FolderSnapshot.Change, in folder: String) {
    func join(_ name: String) -> String { folder.isEmpty ? name : folder + "/" + name }
    switch change {
    case .file(let name): settler.written(join(name), at: Self.now)
    case .fileGone(let name): settler.removed(join(name), at: Self.now)
    case .folder(let name): arrive(join(name))
    case .folderGone(let name): depart(join(name))
    }
  }

  var disk: ChangeSettler.Disk {
    let folder = folder
    return ChangeSettler.Disk(
      hasContent: { path in
        var status = stat()
        return stat(folder.absolutePath(of: path), &status) == 0 && status.st_size > 0
      },
      isFolderJob: { path in
        SourceFile.presence(folder.absolutePath(of: path + "/" + NameRules.mainFile)) == .there
      },
      files: { FolderListing.luaFiles(in: folder, under: $0) })
  }

  func isLink(_ path: String) -> Bool { mode(path, lstat) & S_IFMT == S_IFLNK }

  func isLinkToFolder(_ path: String) -> Bool {
    isLink(path) && FolderIdentity(folder.absolutePath(of: path)) != nil
  }

  /// Whether the file is one that somebody may be about to write: not a second name of another.
  func isPlainFile(_ path: String) -> Bool {
    var status = stat()
    guard lstat(folder.absolutePath(of: path), &status) == 0 else { return true }
    return status.st_mode & S_IFMT == S_IFREG && status.st_nlink < 2
  }

  private func mode(_ path: String, _ ask: (UnsafePointer<CChar>, UnsafeMutablePointer<stat>) -> Int32)
    -> mode_t
  {
    var status = stat()
    return ask(folder.absolutePath(of: path), &status) == 0 ? status.st_mode : 0
  }

  func noticeLimit(_ name: String) {
    notice(
      "the kernel's limit fs.inotify.\(name) is reached: folders beyond it are looked at once a second; raise it with sysctl"
    )
  }
}
