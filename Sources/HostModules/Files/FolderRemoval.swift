import Files
import Glibc

/// Removes a folder and all that is in it.
///
/// It goes from folder to folder by descriptors, two at a time however deep they lie, and follows no link, not even
/// one that takes a folder's place meanwhile. What others remove meanwhile is gone as well. A file system that is
/// mounted within is left as it is, and with it the folders that hold it.
struct FolderRemoval {
  /// A folder on the way from the top to where the removal is.
  private struct Level {
    /// Its name in the folder above.
    let name: [UInt8]
    let status: stat
    /// The folders in it that are still there.
    var folders: [[UInt8]]
  }

  private let top: JobPath
  private let cancellation: Cancellation
  private var levels: [Level] = []

  /// - Parameter folder: As ``JobPath/entry`` gives it.
  /// - Complexity: O(entries) calls of the system; the names of the folders on the way are in memory, and for a
  ///   moment those of all that is in one of them.
  static func remove(_ folder: JobPath, _ cancellation: Cancellation) throws(Trouble) {
    var removal = FolderRemoval(top: folder, cancellation: cancellation)
    try removal.empty()
    guard folder.withCString({ rmdir($0) }) == 0 else { throw .system("remove", folder) }
  }

  private init(top: JobPath, cancellation: Cancellation) {
    self.top = top
    self.cancellation = cancellation
  }

  private mutating func empty() throws(Trouble) {
    var current = retrying { top.withCString { open($0, Self.openFolder) } }
    guard current >= 0 else { throw trouble() }
    defer { close(current) }
    var above = stat()
    guard fstatat(current, "..", &above, 0) == 0 else { throw trouble() }
    try enter(current, [], above: above)
    while !levels.isEmpty {
      try cancellation.check()
      let last = levels.count - 1
      if let name = levels[last].folders.popLast() {
        let next = try descriptor(of: name, in: current)
        guard next >= 0 else { continue }
        close(current)
        current = next
        try enter(current, name, above: levels[last].status)
      } else {
        let name = levels.removeLast().name
        guard let parent = levels.last?.status else { return }
        let next = try descriptor(of: Array("..".utf8), in: current)
        guard next >= 0 else { throw trouble(name, code: ENOENT) }
        close(current)
        current = next
        var status = stat()
        guard fstat(current, &status) == 0 else { throw trouble() }
        guard Self.isSame(status, parent) else {
          throw Trouble("cannot remove \(shown(name)): it was moved meanwhile")
        }
        try take(name, from: current, AT_REMOVEDIR)
      }
    }
  }

  /// Removes what is in a folder but its folders, which come next.
  private mutating func enter(_ folder: Int32, _ name: [UInt8], above: stat) throws(Trouble) {
    var status = stat()
    guard fstat(folder, &status) == 0 else { throw trouble(name) }
    guard status.st_dev == above.st_dev else {
      throw Trouble("cannot remove \(shown(name)): another file system is mounted there")
    }
    levels.append(Level(name: name, status: status, folders: []))
    let entries: [Folder.Entry]
    do throws(SystemFailure) { entries = try Folder.entries(of: folder) } catch {
      throw trouble(code: error.code)
    }
    for entry in entries {
      try cancellation.check()
      if entry.kind != .folder, try take(entry.bytes, from: folder, 0) { continue }
      levels[levels.count - 1].folders.append(entry.bytes)
    }
  }

  // MARK: - Steps

  /// Takes one name out of a folder.
  ///
  /// - Returns: Whether it is gone; `false` for a folder that was taken for a file.
  @discardableResult
  private func take(_ name: [UInt8], from folder: Int32, _ flags: Int32) throws(Trouble) -> Bool {
    if Self.with(name, { unlinkat(folder, $0, flags) }) == 0 || errno == ENOENT { return true }
    if errno == EISDIR, flags == 0 { return false }
    throw trouble(name)
  }

  /// - Returns: A descriptor; -1 where there is nothing of that name any more.
  private func descriptor(of name: [UInt8], in folder: Int32) throws(Trouble) -> Int32 {
    let descriptor = retrying { Self.with(name) { openat(folder, $0, Self.openFolder) } }
    guard descriptor >= 0 || errno == ENOENT else { throw trouble(name) }
    return descriptor
  }

  private static let openFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

  private static func isSame(_ one: stat, _ other: stat) -> Bool {
    one.st_dev == other.st_dev && one.st_ino == other.st_ino
  }

  /// What a message calls an entry of the folder where the removal is.
  private func shown(_ name: [UInt8]) -> String {
    let names = levels.map(\.name) + [name]
    return names.filter { !$0.isEmpty }.reduce(top) { $0.appending($1) }.given
  }

  private func trouble(_ name: [UInt8] = [], code: Int32 = errno) -> Trouble {
    Trouble("cannot remove \(shown(name)): \(SystemFailure(code: code).reason)")
  }

  private static func with<Result>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (name + [0]).map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { text in
      guard let start = text.baseAddress else { preconditionFailure("an array with a zero has a start") }
      return body(start)
    }
  }
}
