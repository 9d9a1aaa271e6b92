import CLinux
import Files
import FoundationEssentials
import Glibc
import Jobs

/// A folder in the state directory that holds the rocks of one `rocks.txt`.
///
/// | in it | |
/// | --- | --- |
/// | `tree/` | what LuaRocks installed |
/// | `rocks.txt` | there once the tree is whole: what it holds |
/// | `lock` | held by who installs (alone), or uses the tree (together) |
struct RockTree: Hashable, Sendable {
  let path: String

  /// - Parameter folder: that of all trees.
  init(of file: RocksFile, in folder: String) { path = "\(folder)/\(file.digest)" }

  private init(path: String) { self.path = path }

  /// Where Lua finds modules.
  var tree: String { path + "/tree" }
  private var markPath: String { path + "/rocks.txt" }
  private var lockPath: String { path + "/lock" }

  var isWhole: Bool { access(markPath, F_OK) == 0 }

  /// Whether some of its modules are native.
  var hasNativeModules: Bool {
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: tree + "/lib/lua")) ?? []
    return paths.contains { $0.hasSuffix(".so") }
  }

  /// Makes the folder for an installation, without anything that an earlier one left.
  func clear() throws(RunnerError) {
    unlink(markPath)
    try? FileManager.default.removeItem(atPath: tree)
    guard mkdir(tree, 0o755) == 0 else { throw RunnerError("cannot make \(tree): \(SystemFailure())") }
  }

  /// Says that the tree is whole, once all of it is on the disk.
  func markWhole(_ file: RocksFile) throws(RunnerError) {
    sync()
    let text = file.rocks.map { $0.text + "\n" }.joined()
    do throws(SystemFailure) {
      try FileBytes.replace(markPath, with: Array(text.utf8))
    } catch {
      throw RunnerError("cannot write \(markPath): \(error)")
    }
  }

  // MARK: Locks

  /// A hold on a tree; it goes with this, with the process, and with whoever inherited the descriptor.
  final class Lock: Sendable {
    let descriptor: Int32

    fileprivate init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Others may use the tree too from now on.
    func share() { _ = clinux_lock_shared(descriptor) }
  }

  /// Takes the tree, alone or together with others who use it; `nil` if it is held otherwise. Does not wait.
  func lock(alone: Bool) throws(RunnerError) -> Lock? {
    if alone { try makeFolder() }
    while true {
      let descriptor = open(lockPath, (alone ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else {
        if errno == ENOENT { return nil }
        throw RunnerError("cannot open \(lockPath): \(SystemFailure())")
      }
      let lock = Lock(descriptor)
      let answer = alone ? clinux_lock(descriptor) : clinux_lock_shared(descriptor)
      guard answer >= 0 else { throw RunnerError("cannot lock \(lockPath): \(SystemFailure(code: -answer))") }
      guard answer > 0 else { return nil }
      // It may have been removed, and perhaps made again, since it was opened.
      var (held, there) = (stat(), stat())
      guard fstat(descriptor, &held) == 0, stat(lockPath, &there) != 0 || held.st_ino != there.st_ino else {
        return lock
      }
      if alone { try makeFolder() }
    }
  }

  private func makeFolder() throws(RunnerError) {
    do throws(SystemFailure) { try Folder.make(path, mode: 0o700) } catch {
      throw RunnerError("cannot make the folder \(path): \(error)")
    }
  }

  /// Removes the trees that nobody holds, but for those of `kept`.
  static func sweep(_ folder: String, keeping kept: Set<RockTree>) {
    for name in (try? Folder.names(in: folder)) ?? [] {
      let tree = RockTree(path: "\(folder)/\(name)")
      guard !kept.contains(tree), let lock = try? tree.lock(alone: true) else { continue }
      // The mark goes first: what is half removed is not whole.
      unlink(tree.markPath)
      withExtendedLifetime(lock) { try? FileManager.default.removeItem(atPath: tree.path) }
    }
  }
}
