import Files
import Glibc
import Values

/// Changes that were cut off.
extension FolderSync {
  /// Brings a change to its end that was cut off: to nothing where it was not committed.
  ///
  /// - Returns: Whether there was one.
  @discardableResult
  func undoInterrupted() throws(FolderSyncError) -> Bool {
    guard let bytes = try DiskFile.read(journalPath) else {
      clear()
      return false
    }
    guard let value = try? DataValue(json: bytes), let journal = Journal(value) else {
      throw FolderSyncError("\(journalPath) is damaged; the files as they were are in \(hidden)/old")
    }
    if try readManifest().transaction != journal.transaction {
      for file in journal.kept where DiskFile.exists(hidden + "/old/" + file) {
        try DiskFile.move(hidden + "/old/" + file, to: folder + "/" + file)
      }
      // One that still waits has not been put into place.
      for file in journal.created where !DiskFile.exists(hidden + "/new/" + file) {
        try DiskFile.remove(folder + "/" + file)
      }
      Folder.settle(folder)
    }
    finish()
    return true
  }

  /// The folder is whole: says so to those who watch it.
  func finish() {
    unlink(journalPath)
    clear()
    // Watchers pass hidden names over; this they see.
    utimensat(AT_FDCWD, folder, nil, 0)
  }

  private func clear() {
    DiskFile.removeFolder(hidden + "/new")
    DiskFile.removeFolder(hidden + "/old")
  }

  /// Brings every change below a folder to its end that was cut off.
  ///
  /// - Returns: The folders in which there was one, and what went wrong with others.
  public static func recover(below root: String) -> (recovered: [String], troubles: [String]) {
    var (recovered, troubles): ([String], [String]) = ([], [])
    visit(root, depth: 0) { folder in
      guard state(of: folder) == .interrupted else { return }
      let sync = FolderSync(folder: folder)
      do throws(FolderSyncError) {
        let lock = try sync.takeLock()
        defer { close(lock) }
        if try sync.undoInterrupted() { recovered.append(folder) }
      } catch {
        troubles.append(error.description)
      }
    }
    return (recovered, troubles)
  }

  /// Calls for each folder, links to folders left out.
  private static func visit(_ folder: String, depth: Int, _ call: (String) -> Void) {
    call(folder)
    guard depth < 32, let entries = try? Folder.entries(in: folder) else { return }
    for entry in entries where entry.kind == .folder {
      guard let name = entry.name, !name.hasPrefix(".") else { continue }
      visit(folder + "/" + name, depth: depth + 1, call)
    }
  }
}
