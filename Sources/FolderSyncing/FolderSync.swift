import Files
import Glibc
import Values

/// A folder some of whose files are kept by a program: they change together or not at all, and what somebody else
/// has made or edited is left alone.
///
/// What it needs to know is in `.almanac-sync` in the folder:
///
/// | | |
/// | --- | --- |
/// | `manifest.json` | the files that were made here, with their digests; replacing it commits a change |
/// | `journal.json` | there only while a change goes on: what it does, enough to undo it |
/// | `new/`, `old/` | the files that are on their way in, and copies of those on their way out |
/// | `lock` | held by who changes the folder |
///
/// As long as there is a journal, readers (``state(of:)``) keep what they have read before.
public struct FolderSync: Sendable {
  public static let hiddenFolder = ".almanac-sync"

  public let folder: String

  public init(folder: String) { self.folder = folder }

  var hidden: String { folder + "/" + Self.hiddenFolder }
  var manifestPath: String { hidden + "/manifest.json" }
  var journalPath: String { hidden + "/journal.json" }

  // MARK: - Looking

  public enum State: Sendable, Equatable {
    case settled
    /// Somebody changes it at this moment.
    case changing
    /// Whoever was changing it was stopped in the middle.
    case interrupted
  }

  /// Whether the folder is whole. Costs one look at a name where it is.
  public static func state(of folder: String) -> State {
    let hidden = folder + "/" + hiddenFolder
    guard access(hidden + "/journal.json", F_OK) == 0 else { return .settled }
    let lock = open(hidden + "/lock", O_RDONLY | O_CLOEXEC)
    guard lock >= 0 else { return .interrupted }
    defer { close(lock) }
    return flock(lock, LOCK_SH | LOCK_NB) == 0 ? .interrupted : .changing
  }

  /// A mark that differs before and after a change; readers that take a while compare it.
  public static func mark(of folder: String) -> [Int] {
    var status = stat()
    guard stat(folder + "/" + hiddenFolder + "/manifest.json", &status) == 0 else { return [] }
    return [Int(status.st_ino), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
  }

  /// Whether something of that name is there.
  public static func hasFile(_ path: String) -> Bool { DiskFile.exists(path) }

  /// What would have to be done.
  ///
  /// - Parameters:
  ///   - wanted: What files are to hold, by their names.
  ///   - unwanted: Files to delete. Nil: all that were made here and are not wanted.
  public func plan(_ wanted: [String: String], unwanted: Set<String>? = nil) throws(FolderSyncError)
    -> FolderPlan
  {
    let manifest = try readManifest()
    var plan = FolderPlan(changes: [], conflicts: [])
    let leaving = unwanted ?? Set(manifest.files.keys.filter { wanted[$0] == nil })
    for file in Set(wanted.keys).union(leaving).sorted() {
      let after = wanted[file]
      let path = folder + "/" + file
      if after != nil, file.hasSuffix(".lua"), DiskFile.exists(path.dropLast(4) + "/main.lua") {
        plan.conflicts.append(
          .init(
            file: file,
            reason: "\(path.dropLast(4))/main.lua is a job of this name already; rename one of the two",
            yieldsToForce: false))
        continue
      }
      guard let bytes = try DiskFile.read(path) else {
        if let after { plan.changes.append(.init(kind: .create, file: file, before: nil, after: after)) }
        continue
      }
      let before = String(decoding: bytes, as: UTF8.self)
      if let after, Array(after.utf8) == bytes { continue }
      if let digest = manifest.files[file] {
        if digest != DiskFile.digest(bytes) {
          plan.conflicts.append(
            .init(file: file, reason: "\(path) has been edited since it was made", yieldsToForce: true))
        }
      } else {
        plan.conflicts.append(
          .init(file: file, reason: "\(path) was not made by this program", yieldsToForce: true))
      }
      plan.changes.append(
        .init(kind: after == nil ? .delete : .update, file: file, before: before, after: after))
    }
    return plan
  }

  func readManifest() throws(FolderSyncError) -> Manifest {
    guard let bytes = try DiskFile.read(manifestPath) else { return .empty }
    guard let value = try? DataValue(json: bytes), let manifest = Manifest(value) else {
      throw FolderSyncError(
        "\(manifestPath) is damaged; remove it, and the files beside it count as made by somebody else")
    }
    return manifest
  }

  // MARK: - Changing

  /// Makes the files what they should be: all of them, or, where an error is thrown or the program is killed, none.
  ///
  /// - Parameters:
  ///   - force: Also files that were edited, or made by somebody else.
  ///   - approve: Is shown the plan before anything is done; false leaves it at that.
  /// - Returns: The plan.
  @discardableResult
  public func change(
    _ wanted: [String: String], unwanted: Set<String>? = nil, force: Bool = false,
    approve: (FolderPlan) throws -> Bool = { _ in true }
  ) throws -> FolderPlan {
    let isNew = !DiskFile.exists(folder)
    if isNew, wanted.isEmpty {
      let plan = FolderPlan(changes: [], conflicts: [])
      _ = try approve(plan)
      return plan
    }
    let isInterrupted = Self.state(of: folder) == .interrupted
    // Nothing is made on disk, not even a lock, before the plan has been approved.
    let early = isInterrupted ? nil : try plan(wanted, unwanted: unwanted)
    if let early {
      try refuse(early, force)
      guard try approve(early) else { return early }
      if early.changes.isEmpty, try isKnown(wanted) { return early }
    }
    try DiskFile.makeFolder(hidden)
    let lock = try takeLock()
    defer { close(lock) }
    try undoInterrupted()
    let plan = try plan(wanted, unwanted: unwanted)
    // Another one than before where a change was undone, or somebody else's has ended meanwhile.
    if plan != early {
      try refuse(plan, force)
      guard try approve(plan) else { return plan }
    }
    try apply(plan, wanted, unwanted)
    return plan
  }

  /// Whether the manifest already has all of these files.
  private func isKnown(_ wanted: [String: String]) throws(FolderSyncError) -> Bool {
    let manifest = try readManifest()
    return wanted.allSatisfy { manifest.files[$0.key] == DiskFile.digest(Array($0.value.utf8)) }
  }

  private func refuse(_ plan: FolderPlan, _ force: Bool) throws(FolderSyncError) {
    let conflicts = plan.conflicts.filter { !force || !$0.yieldsToForce }
    guard !conflicts.isEmpty else { return }
    let reasons = conflicts.map(\.reason).joined(separator: "\n")
    let advice = conflicts.contains(where: \.yieldsToForce) ? "; --force overrules that" : ""
    throw FolderSyncError("\(reasons)\nso that nothing was changed\(advice)")
  }

  func takeLock() throws(FolderSyncError) -> Int32 {
    let path = hidden + "/lock"
    let lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard lock >= 0 else {
      throw FolderSyncError("cannot write \(path): \(SystemFailure())")
    }
    // Readers hold it for a moment too.
    for _ in 0..<40 {
      if flock(lock, LOCK_EX | LOCK_NB) == 0 { return lock }
      usleep(25_000)
    }
    close(lock)
    throw FolderSyncError("somebody else changes \(folder) at this moment; try again")
  }

  private func apply(
    _ plan: FolderPlan, _ wanted: [String: String], _ unwanted: Set<String>?
  ) throws(FolderSyncError) {
    let transaction = String(UInt64.random(in: .min ... .max), radix: 16)
    let manifest = try readManifest()
    let (new, old) = (hidden + "/new", hidden + "/old")
    do throws(FolderSyncError) {
      try DiskFile.makeFolder(new)
      try DiskFile.makeFolder(old)
      for change in plan.changes {
        if let after = change.after { try DiskFile.write(Array(after.utf8), to: new + "/" + change.file) }
        if change.before != nil { try DiskFile.link(folder + "/" + change.file, as: old + "/" + change.file) }
      }
      Folder.settle(new)
      Folder.settle(old)
      try DiskFile.replace(
        journalPath,
        with: Journal(
          transaction: transaction, created: plan.changes.filter { $0.before == nil }.map(\.file),
          kept: plan.changes.filter { $0.before != nil }.map(\.file)
        ).value)
      Folder.settle(hidden)
      for change in plan.changes {
        let path = folder + "/" + change.file
        if change.after == nil {
          try DiskFile.remove(path)
        } else {
          try DiskFile.move(new + "/" + change.file, to: path)
        }
      }
      Folder.settle(folder)
      var files = unwanted.map { names in manifest.files.filter { !names.contains($0.key) } } ?? [:]
      for (file, text) in wanted { files[file] = DiskFile.digest(Array(text.utf8)) }
      try DiskFile.replace(manifestPath, with: Manifest(transaction: transaction, files: files).value)
      Folder.settle(hidden)
    } catch {
      // What cannot be undone now, the next call undoes.
      _ = try? undoInterrupted()
      throw error
    }
    finish()
  }
}
