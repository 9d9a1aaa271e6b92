import Glibc

/// What a folder that cannot be watched looked like, to be compared with a later look.
struct FolderSnapshot: Equatable {
  enum Change: Equatable {
    case file(String)
    case fileGone(String)
    case folder(String)
    case folderGone(String)
  }

  /// What changes when a file does.
  private struct Mark: Equatable {
    let inode: UInt64
    let size: Int
    let mode: UInt32
    let seconds: Int
    let nanoseconds: Int
  }

  private var files: [String: Mark] = [:]
  private var folders: Set<String> = []

  init(of path: String) {
    guard let listing = try? FolderListing(reading: path) else { return }
    folders = Set(listing.folders)
    for name in listing.files + [NameRules.rocksFile] {
      var status = stat()
      guard stat(path + "/" + name, &status) == 0 else { continue }
      files[name] = Mark(
        inode: UInt64(status.st_ino), size: Int(status.st_size), mode: UInt32(status.st_mode),
        seconds: Int(status.st_mtim.tv_sec), nanoseconds: Int(status.st_mtim.tv_nsec))
    }
  }

  func changes(since before: FolderSnapshot) -> [Change] {
    var changes: [Change] = []
    for (name, mark) in files where before.files[name] != mark { changes.append(.file(name)) }
    for name in before.files.keys where files[name] == nil { changes.append(.fileGone(name)) }
    for name in folders.subtracting(before.folders) { changes.append(.folder(name)) }
    for name in before.folders.subtracting(folders) { changes.append(.folderGone(name)) }
    return changes
  }
}
