import Files
import Glibc

/// What stands in one folder, as far as jobs are concerned.
struct FolderListing {
  /// Names of Lua files (or of what claims to be one), in order.
  var files: [String] = []
  /// Names of folders, links to folders included, in order.
  var folders: [String] = []
  /// Those of both that are symbolic links, and links that lead nowhere yet.
  var links: [String] = []
  /// Names that would be jobs or namespaces but for what their name is made of.
  var refused: [(displayed: String, objection: String)] = []

  var isFolderJob: Bool { files.contains(NameRules.mainFile) }

  init() {}

  /// Reads the folder. Files whose names end otherwise, and ignored names, are left out.
  init(reading path: String) throws(FileTrouble) {
    do throws(SystemFailure) {
      for entry in try Folder.entries(in: path) { add(entry, in: path) }
    } catch {
      throw FileTrouble(code: error.code, doing: "read")
    }
    files.sort()
    folders.sort()
    refused.sort { $0.displayed < $1.displayed }
  }

  private mutating func add(_ entry: Folder.Entry, in path: String) {
    guard let name = entry.name else {
      if Self.mattersThough(entry) {
        refused.append((NameRules.displayed(entry.bytes), NameRules.notUTF8))
      }
      return
    }
    guard !NameRules.ignores(name) else { return }
    let isFolder = Self.isFolder(entry.kind, at: path + "/" + name)
    if entry.kind == .link, isFolder || Self.mayBecomeJob(name, at: path + "/" + name) { links.append(name) }
    guard isFolder || NameRules.isLuaFile(name) else { return }
    if let objection = NameRules.objection(to: name) {
      // A data folder may be called what it likes.
      if !isFolder || Self.holdsLua(path + "/" + name) {
        refused.append((NameRules.displayed(name), objection))
      }
    } else if isFolder {
      folders.append(name)
    } else {
      files.append(name)
    }
  }

  /// Whether a name that is not text would have been a job's.
  private static func mattersThough(_ entry: Folder.Entry) -> Bool {
    guard let first = entry.bytes.first, first != UInt8(ascii: "."), first != UInt8(ascii: "_") else {
      return false
    }
    return entry.kind != .folder && entry.bytes.suffix(4).elementsEqual(NameRules.suffix.utf8)
  }

  /// Whether a link that leads to no folder is a job's file, or may lead to a folder some day.
  static func mayBecomeJob(_ name: some StringProtocol, at path: String) -> Bool {
    var status = stat()
    return NameRules.isJobFile(name) || stat(path, &status) != 0
  }

  private static func isFolder(_ kind: Folder.Entry.Kind, at path: String) -> Bool {
    if kind == .folder { return true }
    guard kind == .link || kind == .unknown else { return false }
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The Lua files under a folder of a jobs folder, as paths relative to that.
  static func luaFiles(in folder: JobsFolder, under path: String, depth: Int = 0) -> [String] {
    guard depth < FolderScanner.maximumDepth,
      let listing = try? FolderListing(reading: folder.absolutePath(of: path))
    else { return [] }
    return listing.files.map { path + "/" + $0 }
      + listing.folders.flatMap { luaFiles(in: folder, under: path + "/" + $0, depth: depth + 1) }
  }

  private static func holdsLua(_ path: String) -> Bool {
    guard let listing = try? FolderListing(reading: path) else { return false }
    return !listing.files.isEmpty
  }
}

/// Which folder a path leads to, whatever it is called.
struct FolderIdentity: Hashable {
  let device: UInt64
  let inode: UInt64

  /// `nil` if there is no folder at the path.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}
