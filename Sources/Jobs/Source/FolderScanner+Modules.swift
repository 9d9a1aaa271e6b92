/// Folder jobs: a main file, and the modules that it can `require`.
extension FolderScanner {
  /// Reads a folder with a main file as one job. No folder around it is one.
  mutating func readFolderJob(_ name: String, within ancestors: [FolderIdentity]) {
    let mainPath = join(name, NameRules.mainFile)
    let troubles = scan.errors.count + scan.busy.count
    guard let main = read(mainPath, for: name) else { return }
    var modules: [String: JobSource.Module] = [:]
    var total = main.count
    readModules(of: name, in: "", within: ancestors, into: &modules, total: &total)
    if total > Self.maximumJobBytes {
      report(name, at: name, "its Lua files are larger than \(Self.maximumJobBytes >> 20) MB together")
    }
    let rocks = readRocks(of: name)
    // A version that lacks a module that is there is no version.
    guard scan.errors.count + scan.busy.count == troubles else { return }
    scan.sources.append(
      JobSource(
        name: name, folder: absolute(name), mainPath: folder.displayPath(of: mainPath), main: main,
        modules: modules.values.sorted { $0.name < $1.name }, rocks: rocks))
  }

  /// What the job's `rocks.txt` says, if there is one.
  private mutating func readRocks(of job: String) -> RocksFile? {
    let path = join(job, NameRules.rocksFile)
    guard SourceFile.presence(absolute(path)) == .there, let bytes = read(path, for: job) else { return nil }
    do throws(LoadFailure) {
      return try RocksFile(path: folder.displayPath(of: path), bytes: bytes, job: job)
    } catch {
      scan.errors += error.errors
      return nil
    }
  }

  /// Reads the modules in a folder of a folder job. `inner` is relative to the job's own folder.
  private mutating func readModules(
    of job: String, in inner: String, within ancestors: [FolderIdentity],
    into modules: inout [String: JobSource.Module], total: inout Int
  ) {
    guard let (listing, ancestors) = list(join(job, inner), within: ancestors, for: job) else { return }
    for entry in listing.refused {
      report(job, at: join(join(job, inner), entry.displayed), entry.objection)
    }
    for file in listing.files where total <= Self.maximumJobBytes {
      let innerPath = join(inner, file)
      guard innerPath != NameRules.mainFile else { continue }
      let path = join(job, innerPath)
      guard let bytes = read(path, for: job) else { continue }
      total += bytes.count
      let module = JobSource.Module(
        name: moduleName(innerPath, beside: modules), path: folder.displayPath(of: path), bytes: bytes)
      if let other = modules.updateValue(module, forKey: module.name) {
        report(
          job, at: path, "`require \"\(module.name)\"` could also mean \(other.path); rename one of them")
      }
    }
    for folder in listing.folders where total <= Self.maximumJobBytes {
      readModules(of: job, in: join(inner, folder), within: ancestors, into: &modules, total: &total)
    }
  }

  /// `lib/util.lua` is `lib.util`; `lib/init.lua` is `lib`, unless `lib.lua` is, as in Lua's own search.
  private func moduleName(_ path: String, beside modules: [String: JobSource.Module]) -> String {
    let parts = path.dropLast(NameRules.suffix.count).split(separator: "/")
    let full = parts.joined(separator: ".")
    let short = parts.dropLast().joined(separator: ".")
    return parts.count > 1 && parts.last == "init" && modules[short] == nil ? short : full
  }
}
