import FolderSync
import Glibc

/// One look at a jobs folder or parts of it. Paths are relative to the folder; a job's path is its name.
struct FolderScanner {
  /// Deeper folders than this are a mistake, or a link that leads out into the world.
  static let maximumDepth = 32
  /// Of one folder job, all files together.
  static let maximumJobBytes = 32 << 20

  let folder: JobsFolder
  /// Files that somebody is writing are left for later.
  let leavesBusyFiles: Bool
  var scan = FolderScan(scopes: [])
  private var seen: Set<FolderScan.Scope> = []

  init(folder: JobsFolder, leavesBusyFiles: Bool = false) {
    self.folder = folder
    self.leavesBusyFiles = leavesBusyFiles
  }

  /// The finished scan: in order, and free of two files that would be one job.
  func finish() -> FolderScan {
    var scan = scan
    scan.sources.sort { $0.name < $1.name }
    var kept: [JobSource] = []
    var clashing: String?
    for source in scan.sources {
      if let last = kept.last, last.name == source.name {
        // Names that look alike but are spelled with different code points.
        if last.mainPath.utf8.elementsEqual(source.mainPath.utf8) { continue }
        scan.errors.append(clash(of: source.name, last.mainPath, source.mainPath))
        clashing = source.name
        kept.removeLast()
      } else if source.name != clashing {
        kept.append(source)
      }
    }
    scan.sources = kept
    scan.errors = Array(Set(scan.errors)).sorted()
    return scan
  }

  // MARK: - What to read

  mutating func readEverything() {
    guard enter(.everything) else { return }
    guard FolderIdentity(folder.absolutePath) != nil else {
      report("", at: "", missingFolder, unknown: .everything)
      return
    }
    readFolder("", within: [])
  }

  mutating func readJob(containing path: String) {
    guard !path.isEmpty, !NameRules.ignoresPath(path) else { return }
    let parts = path.split(separator: "/")
    if let owner = folderJob(around: parts.dropLast()) {
      // Its main file decides what else in the folder is a job.
      look(at: owner, wholly: path == owner + "/" + NameRules.mainFile)
    } else if parts.count > 1, parts.last == Substring(NameRules.mainFile) {
      look(at: parts.dropLast().joined(separator: "/"), wholly: true)
    } else if path.hasSuffix(NameRules.suffix) {
      look(at: String(path.dropLast(NameRules.suffix.count)), wholly: false)
    }
  }

  mutating func readTree(_ path: String) {
    if path.isEmpty { return readEverything() }
    guard !NameRules.ignoresPath(path) else { return }
    if let owner = folderJob(around: path.split(separator: "/").dropLast()) {
      look(at: owner, wholly: false)
    } else {
      look(at: path, wholly: true)
    }
  }

  mutating func readJob(named name: String) {
    guard !name.isEmpty, !name.hasPrefix("/"), !name.hasSuffix("/"), !name.contains("//"),
      NameRules.objection(to: name) == nil, !NameRules.ignoresPath(name),
      folderJob(around: name.split(separator: "/").dropLast()) == nil
    else {
      _ = enter(.job(name))
      return
    }
    look(at: name, wholly: false)
  }

  /// The outermost of these nested folders that is a folder job.
  private func folderJob(around parts: ArraySlice<Substring>) -> String? {
    var path = ""
    for part in parts {
      path = path.isEmpty ? String(part) : path + "/" + part
      if SourceFile.presence(absolute(path + "/" + NameRules.mainFile)) == .there { return path }
    }
    return nil
  }

  // MARK: - Reading

  /// Reads the job of this name, and if `wholly` those below it. No folder above is a folder job.
  private mutating func look(at name: String, wholly: Bool) {
    let scope: FolderScan.Scope = wholly ? .tree(name) : .job(name)
    guard enter(scope) else { return }
    guard FolderIdentity(folder.absolutePath) != nil else {
      return report("", at: "", missingFolder, unknown: .everything)
    }
    if let objection = NameRules.objection(to: name) {
      let shown = NameRules.displayed(name)
      return report(shown, at: shown + NameRules.suffix, objection)
    }
    let parts = name.split(separator: "/")
    var ancestors: [FolderIdentity] = []
    for count in 0..<parts.count {
      let path = parts.prefix(count).joined(separator: "/")
      guard let identity = FolderIdentity(absolute(path)) else { break }
      ancestors.append(identity)
    }
    let filePath = name + NameRules.suffix
    let file = SourceFile.presence(absolute(filePath))
    let main = SourceFile.presence(absolute(join(name, NameRules.mainFile)))
    guard file != .unknown, main != .unknown else {
      let trouble = FileTrouble(code: EACCES, doing: "read")
      return report(name, at: file == .unknown ? filePath : name, trouble.message, unknown: scope)
    }
    let isFile = file == .there
    let isFolder = main == .there
    if isFile && isFolder {
      refuseClash(of: name)
    } else if isFile {
      let parent = parts.dropLast().joined(separator: "/")
      readWhole(parent, unknown: scope) { $0.readFile(of: name) }
    }
    if isFolder {
      if !isFile { readFolderJob(name, within: ancestors) }
    } else if wholly, FolderIdentity(absolute(name)) != nil {
      readFolder(name, within: ancestors)
    }
  }

  /// Reads what a namespace holds.
  private mutating func readFolder(_ path: String, within ancestors: [FolderIdentity]) {
    guard let (listing, ancestors) = list(path, within: ancestors) else { return }
    if !path.isEmpty, listing.isFolderJob { return readFolderJob(path, within: Array(ancestors.dropLast())) }
    for entry in listing.refused {
      let shown = join(path, entry.displayed)
      let isFile = shown.hasSuffix(NameRules.suffix)
      report(isFile ? String(shown.dropLast(NameRules.suffix.count)) : shown, at: shown, entry.objection)
    }
    let folders = Set(listing.folders)
    var clashing: Set<String> = []
    readWhole(path, unknown: path.isEmpty ? .everything : .tree(path)) { scanner in
      for file in listing.files {
        let stem = String(file.dropLast(NameRules.suffix.count))
        let name = scanner.join(path, stem)
        let main = scanner.join(name, NameRules.mainFile)
        if folders.contains(stem), SourceFile.presence(scanner.absolute(main)) == .there {
          scanner.refuseClash(of: name)
          clashing.insert(stem)
        } else {
          scanner.readFile(of: name)
        }
      }
    }
    for folder in listing.folders where !clashing.contains(folder) {
      readFolder(join(path, folder), within: ancestors)
    }
  }

  /// Reads files of a folder that a sync may be changing: as they are before or after it, and never some of both.
  ///
  /// While it goes on nothing is known of them; its end is a change of the folder, which is read then.
  private mutating func readWhole(
    _ path: String, unknown scope: FolderScan.Scope, _ read: (inout FolderScanner) -> Void
  ) {
    let mark = FolderSync.mark(of: absolute(path))
    let count = scan.sources.count
    read(&self)
    let state = FolderSync.state(of: absolute(path))
    guard state != .settled || FolderSync.mark(of: absolute(path)) != mark else { return }
    scan.sources.removeSubrange(count...)
    scan.unknown.append(scope)
    if state == .interrupted {
      report(
        path, at: path,
        "a sync was cut off here; the next `almanac sync`, or start of the daemon, undoes what it had begun")
    }
  }

  private mutating func readFile(of name: String) {
    let path = name + NameRules.suffix
    guard let bytes = read(path, for: name) else { return }
    let parent = path.split(separator: "/").dropLast().joined(separator: "/")
    scan.sources.append(
      JobSource(name: name, folder: absolute(parent), mainPath: folder.displayPath(of: path), main: bytes))
  }

  // MARK: - Parts

  /// Notes a scope; false if the scan has it already.
  private mutating func enter(_ scope: FolderScan.Scope) -> Bool {
    guard seen.insert(scope).inserted else { return false }
    scan.scopes.append(scope)
    return true
  }

  /// The folder's listing, and the folders that it lies in with itself. What stands in the way is
  /// reported, to `job` where it has one.
  mutating func list(
    _ path: String, within ancestors: [FolderIdentity], for job: String? = nil
  ) -> (FolderListing, [FolderIdentity])? {
    // Gone since its name was read: then there is nothing in it.
    guard let identity = FolderIdentity(absolute(path)) else { return nil }
    let owner = job ?? path
    let unknown: FolderScan.Scope? = job == nil ? (path.isEmpty ? .everything : .tree(path)) : nil
    if let index = ancestors.firstIndex(of: identity) {
      let parts = path.split(separator: "/")
      let ancestor = folder.displayPath(of: parts.prefix(index).joined(separator: "/"))
      report(owner, at: path, "is a symbolic link that leads back to \(ancestor)", unknown: unknown)
      return nil
    }
    guard ancestors.count < Self.maximumDepth else {
      report(owner, at: path, "lies deeper than \(Self.maximumDepth) folders", unknown: unknown)
      return nil
    }
    do throws(FileTrouble) {
      return (try FolderListing(reading: absolute(path)), ancestors + [identity])
    } catch {
      if !error.isGone { report(owner, at: path, error.message, unknown: unknown) }
      return nil
    }
  }

  /// The file's bytes. One that has just gone is none; other trouble is reported.
  mutating func read(_ path: String, for job: String) -> [UInt8]? {
    let care: SourceFile.Care = leavesBusyFiles ? [.ofCode, .ofWriters] : .ofCode
    do throws(FileTrouble) { return try SourceFile.read(absolute(path), care: care) } catch {
      if error.isBusy {
        scan.busy.append(path)
        scan.unknown.append(.job(job))
      } else if !error.isGone {
        report(job, at: path, error.message)
      }
      return nil
    }
  }

  private mutating func refuseClash(of name: String) {
    scan.errors.append(
      clash(
        of: name, folder.displayPath(of: name + NameRules.suffix),
        folder.displayPath(of: join(name, NameRules.mainFile))))
  }

  private func clash(of name: String, _ first: String, _ second: String) -> LoadError {
    LoadError(
      job: name, file: first, message: "\(second) is the job \"\(name)\" too; rename or remove one of them")
  }

  mutating func report(
    _ job: String, at path: String, _ message: String, unknown: FolderScan.Scope? = nil
  ) {
    scan.errors.append(LoadError(job: job, file: folder.displayPath(of: path), message: message))
    if let unknown { scan.unknown.append(unknown) }
  }

  private var missingFolder: String {
    var status = stat()
    if stat(folder.absolutePath, &status) == 0 { return "is not a folder; the jobs folder has to be one" }
    let code = errno
    if code == ENOENT { return "there is no such folder; what was live stays so until it is back" }
    return FileTrouble(code: code, doing: "read").message
  }

  func absolute(_ path: String) -> String { folder.absolutePath(of: path) }

  func join(_ path: String, _ name: String) -> String {
    path.isEmpty ? name : name.isEmpty ? path : path + "/" + name
  }
}
